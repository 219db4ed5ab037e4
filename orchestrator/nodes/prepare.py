"""Sets the test rows aside before any worker sees the table: split by the host, labels sealed outside the run."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orchestrator.core.plan import Plan
from orchestrator.core.values import canonical_json, sha256_text
from orchestrator.data.split import SplitRecord, split_table
from orchestrator.journal.rundir import read_model, write_json
from orchestrator.nodes.context import Context


async def set_aside(context: Context, plan: Plan) -> SplitRecord | None:
    """The split of the plan's table, made once for each data strategy; None where the plan uses no table.

    Raises:
        BadInput: the table cannot be split in the way that the plan says.
    """
    if plan.data is None:
        return None
    strategy = sha256_text(canonical_json(plan.data.model_dump(mode="json")))
    mark = context.run.data / "strategy.sha256"
    if mark.is_file() and mark.read_text(encoding="utf-8") == strategy and context.run.split.is_file():
        return read_model(context.run.split, SplitRecord)
    record = await asyncio.to_thread(
        split_table,
        Path(plan.data.file).expanduser(),
        plan.data,
        seed=context.seed,
        destination=context.run.data,
        sealed=context.run.sealed,
    )
    write_json(context.run.split, record)
    mark.write_text(strategy, encoding="utf-8")
    return record
