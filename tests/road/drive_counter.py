"""Drives a run of one step that counts, in a process of its own, so that a test can kill it: RUNS_DIR [RUN_ID]."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from road import ScriptedPlanner, context_of, plan_of, toy

from orchestrator.driver import drive_run

COUNTS = 40


def main(runs: Path, run_id: str | None) -> None:
    count = toy("count", counts=COUNTS, pause_s=0.1, checkpoint_s=1.0).model_copy(update={"worker": "counter"})
    context = context_of(runs, ScriptedPlanner(plan_of(count)), run_id=run_id)
    print(context.run.run_id, flush=True)
    print(asyncio.run(drive_run(context)).status, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] or None)
