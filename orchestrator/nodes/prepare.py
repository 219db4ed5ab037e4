"""Sets test rows aside before any worker sees them: split by the host, labels sealed outside the run."""

from __future__ import annotations

import asyncio
from pathlib import Path

from orchestrator.core.errors import RunBroken
from orchestrator.core.plan import Observations, Plan
from orchestrator.core.values import Value, canonical_json, sha256_file, sha256_text
from orchestrator.data.arrays_split import split_arrays
from orchestrator.data.observations import ObservationsRecord, split_observations
from orchestrator.data.split import SplitRecord, split_table
from orchestrator.journal.rundir import read_model, write_json
from orchestrator.nodes.context import Context
from orchestrator.nodes.evaluated import keep_models, own_split

Record = SplitRecord | ObservationsRecord


async def set_aside(context: Context, plan: Plan) -> Record | None:
    """The split of the plan's table or observations, made once for each strategy; None where the plan uses no data.

    Raises:
        BadInput: the data cannot be split in the way that the plan says.
    """
    if plan.evaluated is not None:
        await asyncio.to_thread(keep_models, plan.evaluated, context.run)
    if plan.data is not None:
        return await _table(context, plan)
    if plan.observations is not None:
        return await _observed(context, plan, plan.observations)
    return None


def verify_split(context: Context) -> None:
    """Before anything is scored: the rows and the sealed labels are what the host wrote.

    Raises:
        RunBroken: a file of a split is missing or was altered.
    """
    records: list[Record] = []
    if context.run.split.is_file():
        records.append(read_model(context.run.split, SplitRecord))
    if context.run.observations.is_file():
        records.append(read_model(context.run.observations, ObservationsRecord))
    for record in records:
        files = (
            (record.train, record.train_sha256),
            (record.test_inputs, record.test_inputs_sha256),
            (record.labels, record.labels_sha256),
        )
        sealed = ((record.groups, record.groups_sha256),) if isinstance(record, SplitRecord) and record.groups else ()
        for name, sha256 in (*files, *sealed):
            if not Path(name).is_file() or sha256_file(Path(name)) != sha256:
                raise RunBroken(
                    f"{name!r} is missing or was altered since the split",
                    remedy="start the request anew with `mlexpert run`",
                )


async def _table(context: Context, plan: Plan) -> SplitRecord:
    assert plan.data is not None
    strategy = _fingerprint(plan.data)
    if _made(context, strategy, context.run.split):
        return read_model(context.run.split, SplitRecord)
    if plan.evaluated is not None and plan.evaluated.own_rows:
        own = await asyncio.to_thread(own_split, plan.evaluated, context.run)
        _keep(context, strategy, context.run.split, own)
        return own
    record = await asyncio.to_thread(
        split_table if plan.data.arrays is None else split_arrays,
        Path(plan.data.file).expanduser(),
        plan.data,
        seed=context.seed,
        destination=context.run.data,
        sealed=context.run.sealed,
    )
    _keep(context, strategy, context.run.split, record)
    return record


async def _observed(context: Context, plan: Plan, told: Observations) -> ObservationsRecord:
    box, fields = box_of(plan), fields_of(plan)
    strategy = sha256_text(f"{_fingerprint(told)} {box} {fields}")
    if _made(context, strategy, context.run.observations):
        return read_model(context.run.observations, ObservationsRecord)
    record = await asyncio.to_thread(
        split_observations,
        told,
        box,
        fields,
        seed=context.seed,
        destination=context.run.data,
        sealed=context.run.sealed,
    )
    _keep(context, strategy, context.run.observations, record)
    return record


def box_of(plan: Plan) -> dict[str, tuple[float, float]]:
    """The range of every coordinate of the plan's problem, in its order."""
    axes = (plan.problem or {}).get("coordinates")
    found = axes if isinstance(axes, list) else []
    return {
        str(axis["name"]): (float(str(axis["low"])), float(str(axis["high"])))
        for axis in found
        if isinstance(axis, dict)
    }


def fields_of(plan: Plan) -> tuple[str, ...]:
    named = (plan.problem or {}).get("fields")
    return tuple(map(str, named)) if isinstance(named, list) else ()


def _fingerprint(strategy: Value) -> str:
    return sha256_text(canonical_json(strategy.model_dump(mode="json")))


def _mark(context: Context) -> Path:
    return context.run.data / "strategy.sha256"


def _made(context: Context, strategy: str, record: Path) -> bool:
    mark = _mark(context)
    return mark.is_file() and mark.read_text(encoding="utf-8") == strategy and record.is_file()


def _keep(context: Context, strategy: str, path: Path, record: Record) -> None:
    write_json(path, record)
    _mark(context).write_text(strategy, encoding="utf-8")
