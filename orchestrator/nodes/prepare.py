"""Sets the test rows aside before any worker sees the table: split by the host, labels sealed outside the run."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orchestrator.core.errors import RunBroken
from orchestrator.core.plan import Plan
from orchestrator.core.values import canonical_json, sha256_file, sha256_text
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


def verify_split(context: Context) -> None:
    """Before anything is scored: the rows and the sealed labels are what the host wrote.

    Raises:
        RunBroken: a file of the split is missing or was altered.
    """
    if not context.run.split.is_file():
        return
    record = read_model(context.run.split, SplitRecord)
    files = (
        (record.train, record.train_sha256),
        (record.test_inputs, record.test_inputs_sha256),
        (record.labels, record.labels_sha256),
    )
    for name, sha256 in files:
        if not Path(name).is_file() or sha256_file(Path(name)) != sha256:
            raise RunBroken(
                f"{name!r} is missing or was altered since the split",
                remedy="start the request anew with `mlexpert run`",
            )
