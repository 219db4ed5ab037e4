"""Sixteen boxes at once on the cores that there are: none fails, none is left, leases of one core never overlap."""

from __future__ import annotations

import asyncio
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import pytest
from every_sandbox import NAMES, left, working

from sandbox.leases.demand import Capacity, Demand
from sandbox.leases.ledger import Leases
from sandbox.protocol import BoxSpec, IntakeLimits, Sandbox

BOXES = 16
WORK = """
mkdir out
i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done
head -c 300000 /dev/zero | tr '\\0' x > out/$1
wc -c < out/$1
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "boxes"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def one(sandbox: Sandbox, number: int, destination: Path, cores: tuple[int, ...] = ()) -> tuple[str, list[str]]:
    spec = BoxSpec(run="many", step=f"s{number}", memory_mb=128, disk_mb=16, pids=32, cores=cores)
    box = await sandbox.open(spec)
    try:
        done = await box.run(["sh", "-c", WORK, "sh", str(number)], timeout_s=120)
        assert (done.exit_code, done.ended) == (0, "exit"), done
        taken = await box.collect("out", destination / str(number), IntakeLimits())
        return done.output.strip(), [file.path for file in taken]
    finally:
        await box.close()


@pytest.mark.parametrize("name", NAMES)
async def test_sixteen_boxes_at_once_all_do_their_work_and_none_is_left(name: str, tmp_path: Path, place: Path) -> None:
    sandbox = await working(name)
    seen: set[str] = set()
    work = asyncio.gather(*(one(sandbox, i, tmp_path / "out") for i in range(BOXES)))
    while not work.done():
        seen |= left(name, place)
        await asyncio.sleep(0.1)
    assert await work == [("300000", [str(i)]) for i in range(BOXES)]
    assert len(seen) >= BOXES, "they were there"
    assert left(name, place) == set()
    assert all((tmp_path / "out" / str(i) / str(i)).stat().st_size == 300_000 for i in range(BOXES))


@pytest.mark.parametrize("name", NAMES)
async def test_boxes_under_leases_of_one_core_never_share_it(name: str, tmp_path: Path, place: Path) -> None:
    sandbox = await working(name)
    leases = Leases(Capacity(cores=(0, 1), memory_mb=1000), tmp_path / "leases")
    spans: dict[int, list[tuple[float, float]]] = {0: [], 1: []}

    async def leased(number: int) -> None:
        demand = Demand(cpus=1, memory_mb=200)
        async with await leases.acquire(demand, wait_s=300, what=f"run many, step s{number}") as lease:
            (core,) = lease.grant.cores
            start = time.monotonic()
            await one(sandbox, number, tmp_path / "out", lease.grant.cores)
            spans[core].append((start, time.monotonic()))

    await asyncio.gather(*(leased(i) for i in range(BOXES)))
    assert sum(map(len, spans.values())) == BOXES
    for core, used in spans.items():
        used.sort()
        for (_, end), (start, _) in pairwise(used):
            assert end <= start, f"core {core} was leased twice at once"
    assert len(spans[0]) >= 1 and len(spans[1]) >= 1, "both cores were used"
    assert left(name, place) == set()
