"""Drives a scripted run in a process of its own, so that a test can kill it: RUNS_DIR [RUN_ID] SECONDS."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from road import ScriptedPlanner, context_of, plan_of, toy

from orchestrator.driver import drive_run


def main(runs: Path, run_id: str | None, seconds: float) -> None:
    plan = plan_of(toy("quick"), toy("slow", seconds=seconds), toy("last", "quick", "slow"))
    context = context_of(runs, ScriptedPlanner(plan), run_id=run_id)
    print(context.run.run_id, flush=True)
    answer = asyncio.run(drive_run(context))
    print(answer.status, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] or None, float(sys.argv[3]))
