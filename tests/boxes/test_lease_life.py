"""From when to when a lease is held: by the box, by its command that may outlive us, and until the box is closed."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.boxes.job import Job
from orchestrator.boxes.lending import Lending, Terms
from orchestrator.core.plan import Resources
from orchestrator.journal.journal import Journal
from sandbox.endings import to_the_end
from sandbox.leases.demand import Capacity
from sandbox.leases.ledger import Leases
from sandbox.process.backend import ProcessBox, ProcessSandbox
from sandbox.protocol import BoxSpec

ROOT = Path(__file__).parents[2]
ONE_CORE = Capacity(cores=(0,), memory_mb=1024)


class Keeping:
    """Process boxes under the name of a sandbox whose boxes may outlive their owner."""

    def __init__(self, closing_s: float = 0.0) -> None:
        self._real = ProcessSandbox()
        self.closing_s = closing_s
        self.closed = False
        self.keeps = True

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    async def open(self, spec: BoxSpec) -> ProcessBox:
        box = await self._real.open(spec)
        really = box.close

        async def close() -> None:
            await asyncio.sleep(self.closing_s)
            await really()
            self.closed = True

        box.close = close  # type: ignore[method-assign]
        return box


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "journal.jsonl", "run")
    yield journal
    journal.close()


def lending(tmp_path: Path, journal: Journal, sandbox: Keeping) -> Lending:
    leases = Leases(ONE_CORE, tmp_path / "leases")
    runtime = ROOT / "skills" / "runtime"
    return Lending(sandbox, Path(sys.prefix), runtime, "run", journal, Terms(), leases=leases)  # type: ignore[arg-type]


def train(tmp_path: Path) -> Job:
    small = Resources(memory_mb=256, disk_mb=16, timeout_s=30.0)
    return Job(verb="work", step="train", agent="a", key="k", destination=tmp_path / "out", resources=small)


async def test_a_lease_outlives_us_from_the_start_of_the_command_on(tmp_path: Path, journal: Journal) -> None:
    ledger = Leases(ONE_CORE, tmp_path / "leases")
    async with lending(tmp_path, journal, Keeping()).lend(train(tmp_path)) as lent:
        [before] = await ledger.held()
        lent.keep()
        [after] = await ledger.held()
    assert before.keep_until == 0.0
    assert after.keep_until > time.time() + 30.0
    assert await ledger.held() == ()


async def test_a_lease_is_held_until_the_box_is_closed_however_often_we_are_cancelled(
    tmp_path: Path, journal: Journal
) -> None:
    sandbox = Keeping(closing_s=0.5)
    ledger = Leases(ONE_CORE, tmp_path / "leases")
    inside = asyncio.Event()

    async def use() -> None:
        async with lending(tmp_path, journal, sandbox).lend(train(tmp_path)):
            inside.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(use())
    await inside.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0.05)
        assert not sandbox.closed
        assert len(await ledger.held()) == 1
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sandbox.closed
    assert await ledger.held() == ()


async def test_what_must_end_ends_before_the_cancellation_goes_on() -> None:
    ended: list[str] = []

    async def work() -> str:
        await asyncio.sleep(0.2)
        ended.append("work")
        return "done"

    assert await to_the_end(work()) == "done"
    task = asyncio.create_task(to_the_end(work()))
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["work", "work"]


async def test_an_error_of_what_must_end_is_raised() -> None:
    async def work() -> None:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        await to_the_end(work())
