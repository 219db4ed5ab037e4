"""The seam of the live progress: it hears events and can be told to be quiet."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from orchestrator.journal.events import Event


class Watch(Protocol):
    """Shows a run while it goes on. Showing never fails a run."""

    def __call__(self, event: Event) -> None: ...

    def quiet(self) -> AbstractContextManager[None]:
        """Leave the terminal alone while the block runs (a question is being asked)."""
        ...
