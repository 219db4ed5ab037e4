"""Evaluates a model that is there already: opens it, fits decisions on validation rows, hands both over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.evaluate.decisions import (
    choose_threshold,
    class_set_limit,
    conformal_rank,
    fit_recalibration,
    recalibrated,
)
from skills.evaluate.rows import Rows, labels_of, read_rows, rows_of
from skills.evaluate.spec import Spec
from skills.evaluate.subjects import ENDS, asked, check_classes, fit_parts, keep
from skills.runtime.job import Inputs, Job, Outputs, UserMistake, write_json
from skills.runtime.opened import Raw

SUBJECT, OTHER = "subject", "other"


def work(job: Job) -> None:
    """Ask every model about the validation rows, fit what the spec asks for, write the models beside decision.json."""
    spec: Spec = job.spec
    rows = read_rows(job.inputs["train"])
    labels = labels_of(rows, spec)
    for name, subject in ((SUBJECT, spec.subject), (OTHER, spec.other)):
        if subject is None:
            continue
        job.progress(message=f"opens {subject.name} and asks it about {len(labels)} validation rows")
        keep(job, name, subject)
        raw = asked(job.model_folder, name, subject, rows, spec)
        check_classes(raw, labels, subject, spec)
        if name == SUBJECT:
            decision = _decided(spec, raw, labels)
    parts = fit_parts(job, spec.subject, SUBJECT) if spec.learning_curve else []
    write_json(job.model_folder / "decision.json", {"spec": spec.model_dump(mode="json"), "parts": parts, **decision})
    job.variants([*spec.variants, *parts])
    job.artifact("model", "model")


def predict(model: Path, inputs: Inputs, variant: str) -> Outputs:
    """The model as it is (`delivered`), the one it is compared with, or the model with what was fitted for it.

    A regression comes with TARGET.low and TARGET.high. `threshold` and `sets` are ones and zeros of the classes;
    `rows-N` is a run's model that was fitted to N of its training rows.
    """
    told = json.loads((model / "decision.json").read_text(encoding="utf-8"))
    spec = Spec.model_validate(told["spec"])
    known = [*spec.variants, *told["parts"]]
    if variant not in known:
        raise UserMistake(f"there is no variant {variant!r}", f"known are {', '.join(known)}")
    rows = rows_of(inputs)
    if variant in told["parts"]:
        return _outputs(asked(model, SUBJECT, spec.subject, rows, spec, variant), rows)
    if variant == OTHER:
        assert spec.other is not None
        return _outputs(asked(model, OTHER, spec.other, rows, spec), rows)
    raw = asked(model, SUBJECT, spec.subject, rows, spec)
    return _outputs(_varied(variant, raw, told, spec), rows)


def _varied(variant: str, raw: Raw, told: dict[str, Any], spec: Spec) -> Raw:
    if variant == "recalibrated":
        return Raw(recalibrated(raw.values, told["recalibration"]), raw.names)
    if variant == "threshold":
        positive = raw.names.index(told["positive"])
        above = (raw.values[:, positive] >= told["threshold"]["threshold"]).astype(float)
        values = np.empty((len(above), 2))
        values[:, positive], values[:, 1 - positive] = above, 1.0 - above
        return Raw(values, raw.names, "labels")
    if variant == "sets":
        likeliest = raw.values == raw.values.max(axis=1, keepdims=True)  # no set is empty
        return Raw(((raw.values >= told["sets"]["least"]) | likeliest).astype(float), raw.names, "sets")
    half = told.get("interval")
    if half is None or len(raw.names) > 1:
        return raw
    number, width = raw.values[:, :1], half["half_width"]
    names = (spec.target, *(f"{spec.target}{end}" for end in ENDS))
    return Raw(np.hstack([number, number - width, number + width]), names, raw.kind)


def _decided(spec: Spec, raw: Raw, labels: NDArray[Any]) -> dict[str, Any]:
    """What was fitted on the validation rows, by name."""
    if spec.task == "regression":
        if len(raw.names) > 1 or not spec.fresh:  # an earlier run's model brings intervals of its own
            return {"kind": raw.kind}
        width = conformal_rank(np.abs(labels - raw.values[:, 0]), spec.coverage)
        told = {"half_width": width, "coverage": spec.coverage, "rows": len(labels)}
        return {"kind": raw.kind, "interval": told}
    truth = np.asarray([raw.names.index(label) for label in labels.tolist()], dtype=np.int64)
    decision: dict[str, Any] = {"kind": raw.kind, "classes": list(raw.names)}
    if spec.recalibrate:
        decision["recalibration"] = fit_recalibration(raw.values, truth)
    if spec.sets:
        least = class_set_limit(raw.values, truth, spec.coverage)
        decision["sets"] = {"least": least, "coverage": spec.coverage, "rows": len(labels)}
    if spec.operating_point is not None:
        positive = spec.positive if spec.positive is not None else _last(raw.names)
        if positive not in raw.names:
            known = ", ".join(map(repr, raw.names))
            raise UserMistake(f"the positive class {positive!r} is none of the model's: {known}", "name one of them")
        score, is_positive = raw.values[:, raw.names.index(positive)], labels == positive
        decision |= {"positive": positive, "threshold": choose_threshold(score, is_positive, spec.operating_point)}
    return decision


def _last(names: tuple[str, ...]) -> str:
    """The class that the metrics take for the positive one: the last in order, numbers before words."""

    def order(name: str) -> tuple[int, float, str]:
        try:
            return 0, float(name), name
        except ValueError:
            return 1, 0.0, name

    return sorted(names, key=order)[-1]


def _outputs(raw: Raw, rows: Rows) -> Outputs:
    return Outputs(raw.values, raw.names, rows.ids)
