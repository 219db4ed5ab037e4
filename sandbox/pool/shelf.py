"""The idle boxes of a pool, within its bounds: how many, and how much memory they may claim together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

from sandbox.pool.seam import Reusable
from sandbox.pool.stage import Stage
from sandbox.protocol import Trust


@final
@dataclass(eq=False)
class Member:
    """A box of the pool, idle or lent. `key` says for which jobs it may be used again."""

    key: str
    agent: str
    trust: Trust
    memory_mb: int
    box: Reusable
    stage: Stage
    until: float = field(default=0.0)  # an idle box is closed then, in the loop's own time


@final
class Shelf:
    """Least recently used first."""

    def __init__(self, size: int, memory_mb: int) -> None:
        self._size = size
        self._memory_mb = memory_mb
        self._idle: list[Member] = []

    def __len__(self) -> int:
        return len(self._idle)

    @property
    def memory_mb(self) -> int:
        """What the idle boxes may use: their limits, not what they use at this moment."""
        return sum(member.memory_mb for member in self._idle)

    def put(self, member: Member) -> list[Member]:
        """Adds one; what has to go for it, which is the box itself where it is larger than the whole shelf."""
        if self._size < 1 or member.memory_mb > self._memory_mb:
            return [member]
        self._idle.append(member)
        gone = []
        while len(self._idle) > self._size or self.memory_mb > self._memory_mb:
            gone.append(self._idle.pop(0))
        return gone

    def take(self, key: str) -> Member | None:
        """The box of that key that was used last, which is then no longer on the shelf."""
        found = next((member for member in reversed(self._idle) if member.key == key), None)
        if found is not None:
            self._idle.remove(found)
        return found

    def holds(self, key: str) -> bool:
        return any(member.key == key for member in self._idle)

    def drop(self, unwanted: Callable[[Member], bool]) -> list[Member]:
        gone = [member for member in self._idle if unwanted(member)]
        self._idle = [member for member in self._idle if member not in gone]
        return gone

    def next_end(self) -> float | None:
        """When the first of them is to be closed."""
        return min((member.until for member in self._idle), default=None)
