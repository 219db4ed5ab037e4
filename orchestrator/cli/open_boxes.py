"""`mlexpert boxes`: what is open on this machine, and the removal of what nobody owns any more."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue

from orchestrator.cli.options import Place
from orchestrator.cli.output import only_results
from orchestrator.core.errors import BadInput, MlexpertError
from orchestrator.report.numbers import spell_seconds
from sandbox import registry
from sandbox.docker.engine import socket_path
from sandbox.leases.capacity import measure_capacity
from sandbox.leases.ledger import Leases
from sandbox.protocol import BoxInfo, Sandbox

T = TypeVar("T")
OWNERS = {True: "owner lives", False: "owner is gone"}


def list_open(place: Place) -> int:
    """Every open box, the oldest first. A sandbox that cannot be asked is named on stderr."""
    listed, _ = asyncio.run(_each(lambda sandbox: sandbox.boxes()))
    found = sorted((info for infos in listed.values() for info in infos), key=lambda info: info.since)
    rows: list[JsonValue] = [info.model_dump(mode="json") for info in found]
    text = "\n".join(map(_row, found)) or "no box is open"
    with only_results(place.format) as output:
        output.value({"boxes": rows}, text + "\n")
    return 0


def reap(place: Place, run: str) -> int:
    """Remove the boxes of one run, or of every dead owner."""
    removed, whole = asyncio.run(_reap(run))
    text = "".join(f"{name}: removed {count}\n" for name, count in removed.items() if count)
    with only_results(place.format) as output:
        output.value({"removed": dict(removed)}, text or "nothing to remove\n")
    return 0 if whole else 1


async def _reap(run: str) -> tuple[dict[str, int], bool]:
    """What was removed, and whether every sandbox did its part: only then are the leases of dead owners free."""
    if run:
        await _check_run(run)
    removed, whole = await _each(lambda sandbox: sandbox.reap(run or None, kept=True))
    if whole:
        await Leases(measure_capacity()).drop_dead(run)
    return removed, whole


async def _check_run(run: str) -> None:
    """Raises BadInput where no box is of that run, or one of them still has its owner."""
    listed, _ = await _each(lambda sandbox: sandbox.boxes())
    found = [info for infos in listed.values() for info in infos if info.run == run]
    if not found:
        raise BadInput(f"no open box belongs to a run {run!r}", remedy="`mlexpert boxes` shows what is open")
    if any(info.owner_alive for info in found):
        raise BadInput(f"the run {run!r} is still driven: its boxes have an owner", remedy="stop it first (Ctrl-C)")


async def _each(ask: Callable[[Sandbox], Awaitable[T]]) -> tuple[dict[str, T], bool]:
    """What every sandbox says, by name, and whether all of them could be asked. No engine at all holds no boxes."""
    said: dict[str, T] = {}
    whole = True
    for entry in registry.known():
        try:
            said[entry.name] = await ask(registry.load(entry.name))
        except MlexpertError as error:
            if entry.name == "docker" and not Path(socket_path()).exists():
                continue
            whole = False
            sys.stderr.write(f"note: {entry.name}: {error.message}\n")
    return said, whole


def _row(info: BoxInfo) -> str:
    work = "/".join(part for part in (info.run, info.step) if part) or "-"
    age = spell_seconds(max(0.0, time.time() - info.since))
    return f"{info.id:24} {info.sandbox:10} {info.state:8} {age:>8}  {OWNERS[info.owner_alive]:14} {work}"
