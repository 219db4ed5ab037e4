"""What the host reads out of a step's files by itself: how training ended, which hyperparameters were used."""

from __future__ import annotations

import math
from pathlib import Path

from pydantic import BaseModel, FiniteFloat, JsonValue, ValidationError

from orchestrator.measure.edge import load_json
from orchestrator.measure.evidence import EvidenceBook

MAX_WORDS = 200  # of a worker's own text that are quoted
SETTLED = ("complete", "tolerance", "plateau", "early_stopping", "closed_form", "converged", "cross_validation")


class Stopped(BaseModel):
    reason: str
    at: FiniteFloat
    limit: FiniteFloat


class History(BaseModel):
    """`history.json` of a training step; series are lists of (x, value)."""

    x: str = "iteration"
    series: dict[str, list[tuple[float, float | None]]]
    stopped: Stopped
    schedule: str = ""


def record_training(book: EvidenceBook, out: Path, step: str) -> None:
    """Evidence `training.stopped` (1 where it settled by itself, 0 where it hit its bound) and `training.loss_ratio`.

    The loss ratio is last / first of the first series. A missing or malformed history gives values of None.
    """
    path = out / "history.json"
    read = load_json(path)
    try:
        history = History.model_validate(read.value)
    except ValidationError as error:
        why = f"no usable history: {read.why or f'{error.error_count()} values are missing or of the wrong kind'}"
        book.add("training.stopped", None, path, step, text=why)
        book.add("training.loss_ratio", None, path, step, text=why)
        return
    stop = history.stopped
    settled = stop.reason in SETTLED and bool(history.schedule)
    named, reason = history.schedule[:MAX_WORDS] or "no schedule named", stop.reason[:MAX_WORDS]
    words = f"{named}; stopped by {reason} at {stop.at:g} of {stop.limit:g}"
    book.add("training.stopped", float(settled), path, step, n=int(stop.at), text=words)
    name, curve = next(iter(history.series.items()), ("", []))
    finite = [value for _, value in curve if value is not None and math.isfinite(value)]
    whole = len(finite) == len(curve) and len(finite) >= 2 and finite[0] > 0
    ratio = finite[-1] / finite[0] if whole else math.inf
    text = f"last / first of the series {name[:MAX_WORDS]!r}"
    if not math.isfinite(ratio):
        text += " has no value: it needs two finite numbers or more, the first above zero"
    book.add("training.loss_ratio", ratio if math.isfinite(ratio) else None, path, step, n=len(curve), text=text)


def record_hyperparameters(book: EvidenceBook, out: Path, spec: dict[str, JsonValue], step: str) -> None:
    """Evidence `hyperparameters.differences`: keys in which the box's spec differs from the plan's."""
    path = out / "hyperparameters.json"
    used = load_json(path)
    known = used.value
    if not isinstance(known, dict):
        why = used.why or f"{path.name} cannot be used: an object is wanted"
        book.add("hyperparameters.differences", None, path, step, text=f"not recorded: {why}")
        return
    keys = sorted(key for key in {*spec, *known} if spec.get(key) != known.get(key))
    text = f"differs in {', '.join(keys)[:MAX_WORDS]}" if keys else f"all {len(known)} equal to the plan"
    book.add("hyperparameters.differences", float(len(keys)), path, step, n=len(known), text=text)
