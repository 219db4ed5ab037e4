"""Boxes one after the other: whatever they hold on this machine and in this process, nothing of it grows."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import pytest
from every_sandbox import MAKE, NAMES, left, working

from benchmarks import record
from sandbox.protocol import BoxSpec, IntakeLimits, Sandbox

BOXES, WARM_UP, GROWTH_MB = 200, 20, 10.0


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "boxes"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


async def one(sandbox: Sandbox, number: int, destination: Path) -> None:
    """A whole life: opened, written, run, read, taken from, closed; every tenth command is killed by its deadline."""
    box = await sandbox.open(BoxSpec(run="soak", step=f"s{number}", memory_mb=128, disk_mb=8, pids=32))
    try:
        await box.write("in.txt", b"rows\n" * 1000)
        script = "mkdir out; cp in.txt out/; wc -c < in.txt"
        done = await box.run(["sh", "-c", script], timeout_s=60)
        assert (done.exit_code, done.output.strip()) == (0, "5000"), done
        if number % 10 == 0:  # a tree that is killed, and one that is left
            assert (await box.run(["sleep", "60"], timeout_s=0.3)).ended == "timeout"
            assert (await box.run(["sh", "-c", "(sleep 60 &)"], timeout_s=60)).ended == "exit"
        assert len(await box.read("out/in.txt")) == 5000
        assert len(await box.collect("out", destination / str(number), IntakeLimits())) == 1
    finally:
        await box.close()


def engine_counts() -> dict[str, int]:
    """Containers, volumes and networks of our boxes; those of others on this machine come and go."""
    counts = {}
    for what, command in {
        "containers": ["docker", "ps", "--all", "--quiet", "--filter", "label=mlexpert.run=soak"],
        "volumes": ["docker", "volume", "ls", "--quiet", "--filter", "label=mlexpert.run=soak"],
        "networks": ["docker", "network", "ls", "--quiet", "--filter", "label=mlexpert.run=soak"],
    }.items():
        counts[what] = len(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    return counts


def counts(name: str, place: Path) -> dict[str, int]:
    """Whole numbers that must be the same after one box and after two hundred."""
    gc.collect()
    handles = []
    for handle in Path("/proc/self/fd").iterdir():
        try:
            handles.append(str(handle.readlink()))
        except OSError:
            continue  # the one that lists
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return {
        "open files": len(handles),
        "sockets": sum(target.startswith("socket:") for target in handles),
        "threads": threading.active_count(),
        "children": len(children.read_text().split()) if children.exists() else 0,
        "left": len(left(name, place)),
        "folders": len(list(place.iterdir())),
        **(engine_counts() if name == "docker" else {}),
    }


def memory_mb() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def sequence(name: str, boxes: int, warm_up: int, destination: Path, place: Path) -> dict[str, object]:
    """Runs them; the counts and the memory after the warm-up and at the end."""
    sandbox = await working(name)
    started = time.monotonic()
    for number in range(warm_up):
        await one(sandbox, number, destination)
    before, mb_before = await settled(name, place), memory_mb()
    for number in range(warm_up, boxes):
        await one(sandbox, number, destination)
    after, mb_after = await settled(name, place), memory_mb()
    # A pool of threads fills up to its fixed size; how far it had come after the warm-up is chance.
    most = min(32, (os.cpu_count() or 1) + 4)
    for found in (before, after):
        assert found["threads"] <= most + 1, found
    assert {**after, "threads": 0} == {**before, "threads": 0}
    assert mb_after - mb_before < GROWTH_MB, f"{mb_before:.1f} MB before, {mb_after:.1f} MB after"
    return {
        "boxes": boxes, "before": before, "after": after, "memory_mb_before": round(mb_before, 1),
        "memory_mb_after": round(mb_after, 1), "s_per_box": round((time.monotonic() - started) / boxes, 2),
    }  # fmt: skip


async def settled(name: str, place: Path) -> dict[str, int]:
    """The counts once they stand still: an engine closes its end of a connection a moment after ours."""
    found = counts(name, place)
    for _ in range(20):
        await asyncio.sleep(0.1)
        last, found = found, counts(name, place)
        if last == found:
            break
    return found


@pytest.mark.parametrize("name", NAMES)
async def test_a_few_boxes_one_after_the_other_leave_no_trace(name: str, tmp_path: Path, place: Path) -> None:
    told = await sequence(name, 8, 3, tmp_path / "out", place)
    assert {told["before"]["left"], told["before"]["folders"]} == {0}  # type: ignore[index]


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(MAKE))
async def test_two_hundred_boxes_one_after_the_other_leave_no_trace(name: str, tmp_path: Path, place: Path) -> None:
    told = await sequence(name, BOXES, WARM_UP, tmp_path / "out", place)
    record.write(f"soak_boxes_{name}", told)
