"""Explains a finished step's model: which columns or cells its predictions rest on, and how far that can be told."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd

from skills.interpret.arrays import attention, gradients
from skills.interpret.ask import ROW_ID, asker
from skills.interpret.blocks import Block, block_importance
from skills.interpret.permutation import Importance, permutation_importance
from skills.interpret.shapley import Shares, sampled
from skills.interpret.spec import Spec
from skills.runtime.job import Job, UserMistake, write_json


def work(job: Job) -> None:
    """Each method writes its own file; explanation.json says what was done and how."""
    spec: Spec = job.spec
    if spec.model not in job.models:
        raise UserMistake(
            f"there is no model {spec.model!r} here, only {sorted(job.models)}", "name a step that this step needs"
        )
    told = {name: _METHODS[name](job) for name in spec.methods}
    write_json(job.out / "explanation.json", {"model": spec.model, "methods": told})
    job.artifact("explanation.json", "table")


def _permutation(job: Job) -> dict[str, object]:
    started = time.process_time()
    model, frame = job.models[job.spec.model], pd.read_parquet(job.inputs["train"])
    blocks: tuple[Block, ...] = ()
    if job.spec.kind == "arrays":
        found, blocks = block_importance(job, model, frame)
    else:
        found = permutation_importance(job, model, frame)
    places = {block.name: {"place": [list(ends) for ends in block.place]} for block in blocks}
    write_json(
        job.out / "importance.json",
        {
            "metric": job.spec.metric,
            "intact": found.intact,
            "rows": found.rows,
            "folds": found.folds,
            "repeats": job.spec.repeats,
            "columns": [{**_line(one), **places.get(one.name, {})} for one in found.columns],
            "noise": _line(found.noise),
        },
    )
    job.artifact("importance.json", "table")
    job.claim("permutation_cpu_s", time.process_time() - started, "s")
    return {"rows": found.rows, "folds": found.folds, "where": "training rows set aside from twins of the model"}


def _line(one: Importance) -> dict[str, object]:
    return {"name": one.name, "value": one.value, "low": one.low, "high": one.high}


def _shap(job: Job) -> dict[str, object]:
    """Rows and background are drawn from the training rows; no box holds others with their labels."""
    spec: Spec = job.spec
    started = time.process_time()
    frame = pd.read_parquet(job.inputs["train"])
    order = np.random.default_rng([spec.seed, 1]).permutation(len(frame))
    behind = frame.iloc[np.sort(order[: min(spec.background, len(frame) // 2)])]
    shown = frame.iloc[np.sort(order[len(behind) : len(behind) + spec.rows])]
    found: Shares = sampled(asker(job.model(spec.model)), shown[spec.features], behind[spec.features], spec.seed)
    np.savez(
        job.out / "shap.npz",
        values=found.values,
        errors=found.errors,
        base=found.base,
        outputs=found.outputs,
        output_names=np.array(found.names, dtype=np.str_),
        features=np.array(spec.features, dtype=np.str_),
        row_ids=shown[ROW_ID].to_numpy(dtype=np.int64),
        background_ids=behind[ROW_ID].to_numpy(dtype=np.int64),
    )
    job.artifact("shap.npz", "table")
    job.claim("shap_cpu_s", time.process_time() - started, "s")
    return {"explainer": found.explainer, "rows": len(shown), "background": len(behind), "where": "training rows"}


_METHODS = {"permutation": _permutation, "shap": _shap, "integrated_gradients": gradients, "attention": attention}
