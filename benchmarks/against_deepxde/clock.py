"""CPU and wall seconds of a run, without the pauses in which it is only measured."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """Starts when made. Children's CPU seconds are not counted: neither side starts any."""

    def __init__(self) -> None:
        self._start = (time.process_time(), time.perf_counter())
        self._paused = (0.0, 0.0)

    @property
    def seconds(self) -> tuple[float, float]:
        """CPU and wall seconds so far."""
        now = (time.process_time(), time.perf_counter())
        cpu, wall = (now[i] - self._start[i] - self._paused[i] for i in (0, 1))
        return cpu, wall

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Leave out what happens inside."""
        before = self.seconds
        yield
        after = self.seconds
        self._paused = (self._paused[0] + after[0] - before[0], self._paused[1] + after[1] - before[1])
