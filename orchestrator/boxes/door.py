"""Opens the workshop when the first box is needed: `plan` and replies in words never get here."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orchestrator.boxes.lending import Terms
from orchestrator.boxes.workshop import Workshop
from orchestrator.config.builtin import builtin_root
from orchestrator.config.settings import Settings
from orchestrator.core.errors import BoxFailed
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import RunDirectory, read_model
from sandbox import registry
from sandbox.images.environments import Accelerator, environment_for, own_environment
from sandbox.leases.ledger import Leases
from sandbox.leases.machine import leases_for
from sandbox.pool.pool import Pool
from sandbox.protocol import Sandbox


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
        self._leases: Leases | None = None
        self._pool: Pool | None = None

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
        await self._sweep(sandbox)
        own = self.settings
        self._leases = await self._measured(sandbox)
        self._pool = Pool(sandbox, size=own.pool.boxes, memory_mb=own.pool.memory_mb)
        return Workshop(
            sandbox,
            await self._environment(sandbox.name, "cuda" if self._leases.capacity.gpus else "cpu"),
            builtin_root() / "skills" / "runtime",
            self.run.run_id,
            self.journal,
            Terms(
                parallel=own.sandbox.parallel,
                wait_s=own.leases.wait_s,
                trust_code=self.request.trust_code,
                resumed=self.resumed,
            ),
            leases=self._leases,
            pool=self._pool,
        )

    async def _sweep(self, sandbox: Sandbox) -> None:
        """Boxes of dead owners that could not end by themselves, a paused one for instance; and this run's own."""
        try:
            await sandbox.reap()
            if self.resumed:
                await sandbox.reap(self.run.run_id)
        except BoxFailed as error:
            self.journal.tell("note", text=f"what a killed run left could not be removed: {error.message}")

    async def _measured(self, sandbox: Sandbox) -> Leases:
        """GPUs are looked for where a step of the plan wishes for one."""
        plan = read_model(self.run.plan, Plan)
        wished = any(inner.resources.gpu != "none" for step in plan.steps for inner in (step, *step.body))
        own = self.settings.leases
        return await leases_for(sandbox, gpu=wished, cpus=own.cpus, memory_mb=own.memory_mb)

    async def close(self) -> None:
        """Ends the warm boxes, and those that outlived the run's last driver and were not picked up after all."""
        if self._pool is not None:
            await self._pool.close()
            for why in sorted(set(self._pool.refused.values())):
                self.journal.tell("note", text=f"a warm box could not load its libraries ahead: {why}")
        if self._workshop is not None and self._leases is not None and self.resumed:
            await self._workshop.sandbox.reap(self.run.run_id, kept=True)
            await self._leases.drop_dead(self.run.run_id)

    async def _environment(self, sandbox: str, accelerator: Accelerator) -> Path:
        own = self.settings.sandbox.python
        if own is not None:
            return (await own_environment(own, sandbox)).path
        lock = builtin_root() / "locks" / "box.txt"
        image = self.settings.sandbox.image
        return await environment_for(lock, sandbox, self._progress, image=image, accelerator=accelerator)

    def _progress(self, line: str) -> None:
        self.journal.tell("note", text=line)
