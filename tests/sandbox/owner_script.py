"""Opens a box, says what it is, and waits in a command until it is killed. A program for test_owner_dies.py."""

from __future__ import annotations

import asyncio
import sys

from sandbox.protocol import BoxSpec
from sandbox.registry import load


async def main(name: str, busy: str) -> None:
    box = await load(name).open(BoxSpec(run="orphan", memory_mb=128, disk_mb=8))
    if busy == "idle":
        print(box.id, flush=True)
        await asyncio.sleep(60)
    script = "(setsid sleep 987654 &) ; sleep 987654"
    task = asyncio.create_task(box.run(["sh", "-c", script], timeout_s=60))
    await asyncio.sleep(0.8)
    print(box.id, flush=True)
    await task


asyncio.run(main(*sys.argv[1:]))
