"""`mlexpert boxes`: what is open on this machine, and the removal of what nobody owns any more."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pydantic import JsonValue

from orchestrator.cli.options import Place
from orchestrator.cli.output import only_results
from orchestrator.core.errors import MlexpertError
from orchestrator.report.numbers import spell_seconds
from sandbox import registry
from sandbox.leases.capacity import measure_capacity
from sandbox.leases.ledger import Leases
from sandbox.protocol import BoxInfo, Sandbox

T = TypeVar("T")
OWNERS = {True: "owner lives", False: "owner is gone"}


def list_open(place: Place) -> int:
    """Every open box, the oldest first. A sandbox that cannot be asked is named on stderr."""
    listed = asyncio.run(_each(lambda sandbox: sandbox.boxes()))
    found = sorted((info for infos in listed.values() for info in infos), key=lambda info: info.since)
    rows: list[JsonValue] = [info.model_dump(mode="json") for info in found]
    text = "\n".join(map(_row, found)) or "no box is open"
    with only_results(place.format) as output:
        output.value({"boxes": rows}, text + "\n")
    return 0


def reap(place: Place, run: str) -> int:
    """Remove the boxes of one run, or of every dead owner."""
    removed = asyncio.run(_reap(run))
    text = "".join(f"{name}: removed {count}\n" for name, count in removed.items() if count)
    with only_results(place.format) as output:
        output.value({"removed": dict(removed)}, text or "nothing to remove\n")
    return 0


async def _reap(run: str) -> dict[str, int]:
    removed = await _each(lambda sandbox: sandbox.reap(run or None, kept=True))
    await Leases(measure_capacity()).drop_dead(run)  # no box is left for them
    return removed


async def _each(ask: Callable[[Sandbox], Awaitable[T]]) -> dict[str, T]:
    """What every sandbox that can be asked here says, by name."""
    said: dict[str, T] = {}
    for entry in registry.known():
        try:
            said[entry.name] = await ask(registry.load(entry.name))
        except MlexpertError as error:
            sys.stderr.write(f"note: {entry.name}: {error.message}\n")
    return said


def _row(info: BoxInfo) -> str:
    work = "/".join(part for part in (info.run, info.step) if part) or "-"
    age = spell_seconds(max(0.0, time.time() - info.since))
    return f"{info.id:24} {info.sandbox:10} {info.state:8} {age:>8}  {OWNERS[info.owner_alive]:14} {work}"
