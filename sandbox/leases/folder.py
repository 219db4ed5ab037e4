"""The ledger on disk: one file for each lease and each waiter, locked by its holder for as long as it lives.

A lock (flock) frees itself when its holder dies, so a file whose lock can be taken belongs to the dead. Every change
is made under `ledger.lock`, which is held for microseconds and never while anything is waited for. The folder belongs
to one user, and to one boot of one machine: core numbers mean nothing elsewhere.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from pydantic import ConfigDict, ValidationError

from orchestrator.core.errors import BadInput, LimitReached, RunBroken
from orchestrator.core.values import Value
from sandbox.leases.demand import Ask, Grant
from sandbox.owner import this_process

HELD, WAITING = "held-", "wait-"
RECORD_BYTES = 16384  # a record is written whole, in one piece, over the one before
TURN_S = 0.003


class Record(Value):
    """What a file says. `what` names the work for people, `key` for the process that takes the lease over.

    `keep_until` (seconds since 1970): a lease counts as held until then, though its holder is dead.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")  # another release's process may write more

    what: str
    owner: str
    key: str = ""
    keep_until: float = 0.0
    ask: Ask
    grant: Grant | None = None


class Entry(Value):
    """A file of the ledger. `alive` is true while its holder is."""

    path: Path
    record: Record
    alive: bool


class Held:
    """An open, locked file of the ledger. Removing it twice does nothing; a child process does not inherit it."""

    def __init__(self, path: Path, descriptor: int, record: Record) -> None:
        self.path = path
        self.record = record
        self._descriptor = descriptor

    def write(self, record: Record) -> None:
        """Over the old record, in place: the lock is on this very file."""
        data = record.model_dump_json().encode()
        if len(data) > RECORD_BYTES:
            raise BadInput(
                f"a lease's record has {len(data)} bytes, more than {RECORD_BYTES}", remedy="shorten what and key"
            )
        os.pwrite(self._descriptor, data.ljust(RECORD_BYTES), 0)
        self.record = record

    def remove(self) -> None:
        """From now on nobody counts it; closing alone would not free it where a forked child holds a copy."""
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        try:
            self.path.unlink(missing_ok=True)
        finally:
            os.close(descriptor)

    @property
    def open(self) -> bool:
        return self._descriptor >= 0


@asynccontextmanager
async def ledger(folder: Path, deadline: float) -> AsyncIterator[None]:
    """Holds the ledger's own lock. Nothing may be awaited inside. Raises LimitReached past the deadline (monotonic)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / "ledger.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _locked(descriptor):
            if time.monotonic() > deadline:
                raise LimitReached(
                    f"the ledger of leases {str(folder)!r} stayed locked",
                    remedy="look for a stopped mlexpert process, and let it go on or kill it",
                )
            await asyncio.sleep(TURN_S * random.uniform(0.5, 1.5))  # noqa: S311
        yield
    finally:
        os.close(descriptor)


def create(folder: Path, name: str, record: Record) -> Held:
    """A new locked file. Under the ledger's lock, so that nobody sees it before it is whole."""
    path = folder / f"{name}{uuid.uuid4().hex[:12]}.json"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    held = Held(path, descriptor, record)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.write(record)
    except BaseException:
        held.remove()
        raise
    return held


def entries(folder: Path) -> tuple[Entry, ...]:
    """Every lease and waiter that counts, waiters in order of arrival. Under the ledger's lock: it removes the dead."""
    return tuple(entry for path in sorted(folder.glob("*.json")) if (entry := _entry(path)))


def take_over(entry: Entry) -> Held | None:
    """The file of a dead holder, now this process's own; None where it is held again or gone. Under the lock."""
    with _opened(entry.path) as descriptor:
        if descriptor is None or not _locked(descriptor):
            return None
        return Held(entry.path, os.dup(descriptor), entry.record)  # a copy, which outlives the block, with its lock


def mark(what: str, ask: Ask, **more: object) -> Record:
    return Record.model_validate({"what": what, "owner": this_process(), "ask": ask, **more})


def _entry(path: Path) -> Entry | None:
    with _opened(path) as descriptor:
        if descriptor is None:
            return None
        alive = not _locked(descriptor)
        try:
            record = Record.model_validate_json(os.pread(descriptor, RECORD_BYTES, 0).strip())
        except ValidationError:
            record = None  # its writer died before it was whole, or it is of another release
        if record is None and alive:
            raise RunBroken(
                f"the lease file {str(path)!r} cannot be read, and its holder lives",
                remedy="wait for mlexpert processes of another release to end",
            )
        kept = record is not None and path.name.startswith(HELD) and record.keep_until > time.time()
        if record is not None and (alive or kept):
            return Entry(path=path, record=record, alive=alive)
        if not alive:
            path.unlink(missing_ok=True)
        return None


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    """A descriptor of the file, None where it has just been removed."""
    descriptor: int | None = None
    with suppress(FileNotFoundError):
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
