"""Drives three steps at once in real Docker boxes, so that a test can kill it: RUNS_DIR [RUN_ID] SECONDS."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from road import ScriptedPlanner, context_of, plan_of, toy

from orchestrator.boxes import door as boxes_door
from orchestrator.boxes.door import WorkshopDoor
from orchestrator.boxes.job import Job
from orchestrator.boxes.lending import Lending
from orchestrator.driver import drive_run
from sandbox.leases.demand import Capacity, Grant
from sandbox.leases.ledger import Leases
from sandbox.protocol import BoxSpec

STEPS = ("a", "b", "c")
THREE = Capacity(cores=(0, 1, 2), memory_mb=4096, gpu_reason="there is none")


def ledger(runs: Path) -> Leases:
    """One core for each of the three steps, however few this machine has, in a ledger of the test's own."""
    return Leases(THREE, runs / "leases")


def lend_three_cores(runs: Path) -> None:
    """The steps are in their boxes at once. No box is pinned: the engine refuses a core that does not exist."""
    whole = Lending.spec_of

    async def leases(*_: object, **__: object) -> Leases:
        return ledger(runs)

    def unpinned(self: Lending, job: Job, grant: Grant) -> BoxSpec:
        return whole(self, job, grant).model_copy(update={"cores": ()})

    boxes_door.leases_for = leases
    Lending.spec_of = unpinned  # type: ignore[method-assign]


async def drive(runs: Path, run_id: str | None, seconds: float) -> str:
    lend_three_cores(runs)
    parallel = [toy(name, seconds=seconds * (1 + at / 2), value=at + 1.0) for at, name in enumerate(STEPS)]
    plan = plan_of(*parallel, toy("last", *STEPS))
    context = context_of(runs, ScriptedPlanner(plan), run_id=run_id)
    request = context.request.model_copy(update={"sandbox": "docker"})
    door = WorkshopDoor(context.settings, request, context.run, context.journal, resumed=run_id is not None)
    print(context.run.run_id, flush=True)
    try:
        answer = await drive_run(replace(context, open_workshop=door.enter))
    finally:
        await door.close()
    return answer.status


if __name__ == "__main__":
    print(asyncio.run(drive(Path(sys.argv[1]), sys.argv[2] or None, float(sys.argv[3]))), flush=True)
