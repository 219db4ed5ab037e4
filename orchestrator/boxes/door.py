"""Opens the workshop when the first box is needed: `plan` and replies in words never get here."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orchestrator.boxes.workshop import Workshop
from orchestrator.config.builtin import builtin_root
from orchestrator.config.settings import Settings
from orchestrator.core.request import Request
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import RunDirectory
from sandbox import registry
from sandbox.images.environments import environment_for, own_environment


class WorkshopDoor:
    """Chooses the sandbox and readies its box environment, once a run."""

    def __init__(
        self, settings: Settings, request: Request, run: RunDirectory, journal: Journal, *, resumed: bool
    ) -> None:
        self.settings = settings
        self.request = request
        self.run = run
        self.journal = journal
        self.resumed = resumed
        self._lock = asyncio.Lock()
        self._workshop: Workshop | None = None

    async def enter(self) -> Workshop:
        """The run's workshop.

        Raises:
            BadConfig, BadInput, NotAvailable: the sandbox that was asked for does not work here.
            RunError: the box environment could not be built.
        """
        async with self._lock:
            if self._workshop is None:
                self._workshop = await self._open()
            return self._workshop

    async def _open(self) -> Workshop:
        wish = self.settings.sandbox.kind if self.request.sandbox == "auto" else self.request.sandbox
        sandbox, said = await registry.choose(wish, self.settings.sandbox.image)
        if said:
            self.journal.tell("note", text=said)
        if self.resumed:
            await sandbox.reap(self.run.run_id)
        return Workshop(
            sandbox,
            await self._environment(sandbox.name),
            builtin_root() / "skills" / "runtime",
            self.run.run_id,
            self.journal,
            parallel=self.settings.sandbox.parallel,
            trust_code=self.request.trust_code,
        )

    async def _environment(self, sandbox: str) -> Path:
        own = self.settings.sandbox.python
        if own is not None:
            return (await own_environment(own, sandbox)).path
        lock = builtin_root() / "locks" / "box.txt"
        return await environment_for(lock, sandbox, self._progress, image=self.settings.sandbox.image)

    def _progress(self, line: str) -> None:
        self.journal.tell("note", text=line)
