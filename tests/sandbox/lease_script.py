"""Holds leases until it is killed, or takes many and writes down when. A program for test_leases.py."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from sandbox.leases.demand import Capacity, Demand, Gpu
from sandbox.leases.ledger import Leases

CORES, MEMORY, GPUS = (0, 1), 1000, ("GPU-a", "GPU-b", "GPU-c")


def capacity() -> Capacity:
    gpus = tuple(Gpu(uuid=uuid, name="fake", memory_mb=1) for uuid in GPUS)
    return Capacity(cores=CORES, memory_mb=MEMORY, gpus=gpus)


async def hold(folder: Path, key: str, keep_s: float) -> None:
    leases = Leases(capacity(), folder)
    until = time.time() + keep_s if keep_s else 0.0
    await leases.acquire(Demand(cpus=2, memory_mb=600), wait_s=20, what="run r, step s", key=key, keep_until=until)
    subprocess.Popen(["sleep", "20"], close_fds=False, stdout=subprocess.DEVNULL)  # a child that outlives it
    print("held", flush=True)
    await asyncio.sleep(60)


async def churn(folder: Path, log: Path, times: int) -> None:
    """Each line of the log lies within the time of its lease: after the grant, before the release."""
    leases = Leases(capacity(), folder)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for _ in range(times):
        demand = Demand(
            cpus=random.choice((1, 1, 2)), memory_mb=random.choice((100, 500, 900)),
            gpu=random.choice(("none", "require")), gpus=random.choice((1, 1, 2, 3)),
        )  # fmt: skip
        async with await leases.acquire(demand, wait_s=120, what=f"churn {os.getpid()}") as lease:
            told = {"pid": os.getpid(), **lease.grant.model_dump(include={"cores", "gpus", "memory_mb"})}
            os.write(descriptor, json.dumps({**told, "start": time.monotonic()}).encode() + b"\n")
            await asyncio.sleep(random.random() * 0.03)
            os.write(descriptor, json.dumps({"pid": os.getpid(), "stop": time.monotonic()}).encode() + b"\n")


if sys.argv[1] == "hold":
    asyncio.run(hold(Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
else:
    asyncio.run(churn(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
