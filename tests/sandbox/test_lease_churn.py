"""Many processes, many leases, holders killed at random: no core, device or memory is ever given twice."""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path

from lease_tools import MACHINE, kill, start

from sandbox.leases.demand import Demand
from sandbox.leases.ledger import Leases


def overlaps(log: Path, killed: dict[int, float]) -> list[str]:
    """Leases that had a core or a device at one time, or too much memory together. A killed one ends with the kill."""
    spans: list[tuple[float, float, dict[str, object]]] = []
    started: dict[int, dict[str, object]] = {}
    for line in map(json.loads, log.read_text().splitlines()):
        if "start" in line:
            started[line["pid"]] = line
        else:
            one = started.pop(line["pid"])
            spans.append((float(str(one["start"])), line["stop"], one))
    spans += [(float(str(one["start"])), killed[pid], one) for pid, one in started.items()]
    found = []
    for i, (start_, stop, one) in enumerate(spans):
        there = [other for begin, end, other in spans if begin <= start_ < end]
        for begin, end, other in spans[i + 1 :]:
            for what in ("cores", "gpus"):
                if begin < stop and start_ < end and set(one[what]) & set(other[what]):  # type: ignore[call-overload]
                    found.append(f"{what}: {one} {other}")
        if sum(int(str(other["memory_mb"])) for other in there) > MACHINE.memory_mb:
            found.append(f"memory: {there}")
    return found


async def test_eight_processes_never_overlap_though_holders_are_killed(tmp_path: Path) -> None:
    folder = tmp_path / "leases"
    log = tmp_path / "log"
    log.touch()
    killed: dict[int, float] = {}
    living = [start("churn", folder, log, 1000) for _ in range(8)]
    try:
        async with asyncio.timeout(300):
            for leases_seen in range(10, 250, 15):  # whoever is slow on a busy machine is not killed before it began
                while log.read_text().count("start") < leases_seen:
                    await asyncio.sleep(0.02 * random.random())
                victim = living.pop(random.randrange(len(living)))
                killed[victim.pid] = time.monotonic()
                kill(victim)
                living.append(start("churn", folder, log, 1000))
    finally:
        for process in living:
            killed[process.pid] = time.monotonic()
            kill(process)
    assert overlaps(log, killed) == []
    whole = Demand(cpus=2, memory_mb=MACHINE.memory_mb, gpu="require", gpus=3)
    (await Leases(MACHINE, folder).acquire(whole, wait_s=0, what="all")).release()
    assert [path.name for path in folder.iterdir()] == ["ledger.lock"]
