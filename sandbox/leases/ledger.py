"""Leases of cores, memory and GPUs, shared by every process of this user on this machine."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import final

from orchestrator.core.errors import RunLocked
from sandbox.images.environments import cache_root
from sandbox.leases import folder as files
from sandbox.leases.decision import decide
from sandbox.leases.demand import Capacity, Demand, Grant
from sandbox.leases.folder import HELD, Entry, Held, Record
from sandbox.leases.turn import LEDGER_S, OnWait, Turn
from sandbox.owner import this_process

Clear = Callable[[str], Awaitable[None]]


def default_folder() -> Path:
    """One for each boot of this machine: a cache may lie on a disk that several machines share."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return cache_root() / "leases" / boot[:13]


@final
class Lease:
    """What one box may use, until it is released. `released` is true from then on."""

    def __init__(self, held: Held, granted: Grant) -> None:
        self.grant = granted
        self._held = held

    @property
    def released(self) -> bool:
        return not self._held.open

    def keep(self, until: float) -> None:
        """Hold it on until then (seconds since 1970), though this process may die: for a box that lives on."""
        if not self.released:
            self._held.write(self._held.record.model_copy(update={"keep_until": until}))

    def release(self) -> None:
        """Free it now, also where it was to be kept. A second call does nothing."""
        self._held.remove()

    async def __aenter__(self) -> Lease:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


@final
class Leases:
    """The ledger. `clear(uuid)` removes what a dead owner left on a device before it is granted again."""

    def __init__(self, capacity: Capacity, folder: Path | None = None, *, clear: Clear | None = None) -> None:
        self.capacity = capacity
        self.folder = folder or default_folder()
        self._clear = clear

    async def acquire(
        self,
        demand: Demand,
        *,
        wait_s: float,
        what: str,
        on_wait: OnWait | None = None,
        key: str = "",
        keep_until: float = 0.0,
        adopt: str = "",
    ) -> Lease:
        """All that is demanded, or nothing. Waiters are served in order of arrival; `on_wait` hears once why it waits.

        `what` names the run and step that holds it. A wish (`prefer`) that is not granted in time is granted on the CPU
        if that is free. `keep_until` (see `Lease.keep`) is put off by the time that was waited. `adopt` names the key
        of a lease whose holder died while its box lived on: it is taken over as it is; where there is none, the demand
        is served as usual, under that key.

        Raises:
            NotAvailable: this machine can never serve it.
            LimitReached: it was not served in `wait_s`.
            RunLocked: a living process holds the lease to be adopted.
        """
        deadline = time.monotonic() + wait_s
        if adopt and (lease := await self._adopt(adopt, what, keep_until, deadline)):
            return lease
        decision = decide(demand, self.capacity)
        record = files.mark(what[:300], decision.ask, key=adopt or key, keep_until=keep_until)
        turn = Turn(self.folder, self.capacity, record, decision.reason)
        held, granted = await turn.come(deadline, wait_s, on_wait, settle=demand.gpu == "prefer")
        try:
            for uuid in granted.gpus:
                if self._clear is not None:
                    await self._clear(uuid)
        except BaseException:
            held.remove()
            raise
        return Lease(held, granted)

    async def drop(self, key: str) -> bool:
        """Free the lease kept under that key by a process that died: its box is gone. False where there is none."""
        return bool(await self._drop(lambda record: record.key == key))

    async def drop_dead(self, run: str = "") -> int:
        """The same for every lease of a dead process, or for those of one run's boxes; how many."""
        return await self._drop(lambda record: not run or record.what.startswith(f"{run}/"))

    async def _drop(self, chosen: Callable[[Record], bool]) -> int:
        async with files.ledger(self.folder, time.monotonic() + LEDGER_S):
            found = [entry for entry in self._held() if chosen(entry.record) and not entry.alive]
            for entry in found:
                entry.path.unlink(missing_ok=True)
        return len(found)

    async def held(self) -> tuple[Record, ...]:
        """Every lease that counts now."""
        async with files.ledger(self.folder, time.monotonic() + LEDGER_S):
            return tuple(entry.record for entry in self._held())

    async def _adopt(self, key: str, what: str, keep_until: float, deadline: float) -> Lease | None:
        async with files.ledger(self.folder, deadline + LEDGER_S):
            entry = next((entry for entry in self._held() if entry.record.key == key), None)
            if entry is None or entry.record.grant is None:
                return None
            held = files.take_over(entry)
            if held is None:
                raise RunLocked(
                    f"the lease {key!r} is held by {entry.record.what!r}", remedy="wait for it, or stop that process"
                )
            until = max(keep_until, entry.record.keep_until)
            held.write(
                entry.record.model_copy(update={"what": what[:300], "owner": this_process(), "keep_until": until})
            )
            return Lease(held, entry.record.grant)

    def _held(self) -> list[Entry]:
        return [entry for entry in files.entries(self.folder) if entry.path.name.startswith(HELD)]
