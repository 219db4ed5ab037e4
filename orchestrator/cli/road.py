"""What the command line needs of the application: one seam, so that tests drive it with a scripted road."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Protocol

from orchestrator.core.answer import Answer
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request
from orchestrator.journal.events import Event

Listener = Callable[[Event], None]
Approver = Callable[[Plan], Awaitable[bool]]


class Finished(Protocol):
    """A run that has ended, however it ended."""

    @property
    def answer(self) -> Answer: ...


class Road(Protocol):
    """The three verbs of the application that the command line calls, and where it keeps its runs."""

    runs_dir: Path

    async def run(
        self, request: Request, *, on_event: Listener | None = None, approver: Approver | None = None
    ) -> Finished: ...

    async def plan(self, request: Request, *, on_event: Listener | None = None) -> Finished: ...

    async def resume(
        self,
        run_id: str,
        *,
        on_event: Listener | None = None,
        approver: Approver | None = None,
        timeout_s: float | None = None,
    ) -> Finished: ...


class Opener(Protocol):
    def __call__(self, config: Path | None, *, runs_dir: Path | None) -> AbstractAsyncContextManager[Road]: ...


def opener() -> Opener:
    """The application itself."""
    from orchestrator.app import Orchestrator  # loads the engine, which most verbs never need

    return Orchestrator.open
