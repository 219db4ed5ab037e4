"""What a box must offer to be used again. A backend whose boxes do not is opened cold for every job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from sandbox.protocol import Box


@runtime_checkable
class Reusable(Box, Protocol):
    """A box that can tell whether it is as good as new, and that may keep libraries loaded."""

    @property
    def spoiled(self) -> bool:
        """Dead, closed or paused, or something in it had to be killed since it was opened."""
        ...

    async def pin(self, cores: Sequence[int]) -> None:
        """From now on everything in the box runs on these processors: the ones leased for its next job."""
        ...

    async def preload(self, python: str, modules: Sequence[str], env: Mapping[str, str]) -> None:
        """From now on a command `[python, "-m", ...]` with these variables is forked from a process that has `modules`.

        Raises BoxFailed where that cannot be; the box then runs commands as before.
        """
        ...


@runtime_checkable
class Reusing(Protocol):
    """What a `Sandbox` shows beside the protocol where its boxes are `Reusable`."""

    reuses: bool
