"""Watches a box's memory where no control group holds it: later than the kernel would, but a sure end.

A heuristic, as in process boxes: a jump faster than the poll gets through, and so does what lies in the box's files.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from sandbox.inbox.line import KeeperLine
from sandbox.process.supervisor import memory_kb, proportional_kb, stat_of

POLL_S: Final = 0.05


@contextlib.asynccontextmanager
async def watched(line: KeeperLine, supervisor: int, memory_mb: int) -> AsyncIterator[asyncio.Event]:
    """Kills the running command when the tree is over its memory; the event tells that it did."""
    over = asyncio.Event()
    watching = asyncio.create_task(_watch(line, supervisor, memory_mb * 1024, over))
    try:
        yield over
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def _watch(line: KeeperLine, supervisor: int, limit_kb: int, over: asyncio.Event) -> None:
    while True:
        pids = below(supervisor)
        if memory_kb(pids) > limit_kb and (proportional_kb(pids) or limit_kb + 1) > limit_kb:
            over.set()
            await line.kill()
            return
        await asyncio.sleep(POLL_S)


def below(pid: int) -> list[int]:
    """Every live descendant of a process of this machine."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := stat_of(int(entry.name))) and fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = [], [pid]
    while queue:
        more = children.get(queue.pop(), [])
        found += more
        queue += more
    return found
