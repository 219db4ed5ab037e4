"""Drives three steps at once in real Docker boxes, so that a test can kill it: RUNS_DIR [RUN_ID] SECONDS."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from road import ScriptedPlanner, context_of, plan_of, toy

from orchestrator.boxes.door import WorkshopDoor
from orchestrator.driver import drive_run

STEPS = ("a", "b", "c")


async def drive(runs: Path, run_id: str | None, seconds: float) -> str:
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
