"""One place in the line for a lease: taken on arrival, given up when it is served or given up."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import final

from orchestrator.core.errors import LimitReached
from sandbox.leases import folder as files
from sandbox.leases.demand import Ask, Capacity, Grant
from sandbox.leases.fit import grant
from sandbox.leases.folder import HELD, WAITING, Entry, Held, Record

POLL_S = 0.05
LEDGER_S = 30.0  # for the ledger's own lock, where nothing else is waited for
NAMED = 5
OnWait = Callable[[str], None]


@final
class Turn:
    """Waits for its record's demand. Whoever dies here leaves a file that the next one removes."""

    def __init__(self, folder: Path, capacity: Capacity, record: Record, reason: str) -> None:
        self._folder = folder
        self._capacity = capacity
        self._record = record
        self._reason = reason
        self._place: Held | None = None
        self._came = time.monotonic()

    async def come(self, deadline: float, wait_s: float, on_wait: OnWait | None, *, settle: bool) -> tuple[Held, Grant]:
        """The locked lease and what it grants. With `settle`, GPUs that are not free in time are done without.

        Raises LimitReached past the deadline (monotonic).
        """
        try:
            while True:
                late = time.monotonic() >= deadline
                async with files.ledger(self._folder, deadline + LEDGER_S):
                    found = self._others()
                    served = self._serve(found)
                    if served is None and late and settle and self._record.ask.gpus:
                        self._do_without_gpu(found, wait_s)
                        served = self._serve(found)
                    first = self._place is None
                    if served is None and first:
                        self._place = files.create(self._folder, _next_place(found), self._record)
                if served is not None:
                    return served
                if late:
                    raise self._too_late(found, wait_s)
                if first and on_wait is not None:
                    on_wait(f"{self._record.what} waits for {asked(self._record.ask)}: {blockers(found)}")
                pause = POLL_S * random.uniform(0.6, 1.4)  # noqa: S311
                await asyncio.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        finally:
            if self._place is not None:
                self._place.remove()

    def _others(self) -> list[Entry]:
        """The leases, and the waiters that came earlier."""
        mine = self._place.path.name if self._place else "~"
        return [
            entry for entry in files.entries(self._folder) if entry.path.name.startswith(HELD) or entry.path.name < mine
        ]

    def _serve(self, found: Sequence[Entry]) -> tuple[Held, Grant] | None:
        held = [entry.record.grant for entry in found if entry.record.grant is not None]
        earlier = [entry.record.ask for entry in found if entry.record.grant is None]
        granted = grant(self._record.ask, self._capacity, held, earlier)
        if granted is None:
            return None
        granted = granted.model_copy(update={"reason": self._reason})
        keep = self._record.keep_until
        until = keep + time.monotonic() - self._came if keep else 0.0
        record = self._record.model_copy(update={"grant": granted, "keep_until": until})
        return files.create(self._folder, HELD, record), granted

    def _do_without_gpu(self, found: Sequence[Entry], wait_s: float) -> None:
        self._reason = f"{asked(self._record.ask)} not free in {wait_s:g} s: {blockers(found)}"[:1000]
        self._record = self._record.model_copy(update={"ask": self._record.ask.model_copy(update={"gpus": 0})})

    def _too_late(self, found: Sequence[Entry], wait_s: float) -> LimitReached:
        return LimitReached(
            f"{self._record.what!r} was not granted {asked(self._record.ask)} in {wait_s:g} s: {blockers(found)}",
            remedy="wait for those to end, or free what a killed run left: `mlexpert boxes` lists it, "
            "`mlexpert boxes reap RUN` removes it, `mlexpert run --resume RUN` goes on with it",
        )


def asked(ask: Ask) -> str:
    words = [f"{ask.cpus} core{'s' * (ask.cpus > 1)}", f"{ask.memory_mb} MiB"]
    words += [f"{ask.gpus} GPU{'s' * (ask.gpus > 1)}"] if ask.gpus else []
    return ", ".join(words)


def blockers(found: Sequence[Entry]) -> str:
    """Who holds what, and who waits before."""
    held = [entry.record for entry in found if entry.record.grant is not None]
    waiting = [entry.record.what for entry in found if entry.record.grant is None]
    texts = [f"{record.what!r} ({asked(record.ask)})" for record in held]
    said = f"held by {_some(texts)}" if texts else "nothing is held"
    return f"{said}; before it {_some([repr(what) for what in waiting])}" if waiting else said


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
    return ", ".join(texts[:NAMED]) + more


def _next_place(found: Sequence[Entry]) -> str:
    """A name behind those of everyone who waits."""
    places = [int(entry.path.name.split("-")[1]) for entry in found if entry.path.name.startswith(WAITING)]
    return f"{WAITING}{max(places, default=0) + 1:012d}-"
