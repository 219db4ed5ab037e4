"""Drives a search in a process of its own, so that a test can kill it: RUNS_DIR [RUN_ID]."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from road import ScriptedPlanner, context_of, plan_of
from searched import SCORE, SPACE, after, searching

from orchestrator.core.search import Search
from orchestrator.driver import drive_run


def main(runs: Path, run_id: str | None) -> None:
    search = Search(space=SPACE, objectives=(SCORE,), trials=8, batch=2)
    plan = plan_of(*after(searching(search, pause_s=0.05)))
    context = context_of(runs, ScriptedPlanner(plan), run_id=run_id)
    print(context.run.run_id, flush=True)
    print(asyncio.run(drive_run(context)).status, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] or None)
