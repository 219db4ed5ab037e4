"""What the host reads out of a step's files by itself: how training ended, which hyperparameters were used."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, JsonValue, ValidationError

from orchestrator.measure.evidence import EvidenceBook

SETTLED = ("tolerance", "plateau", "early_stopping", "closed_form", "converged", "cross_validation")


class Stopped(BaseModel):
    reason: str
    at: float
    limit: float


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
    try:
        history = History.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        book.add("training.stopped", None, path, step, text=f"no readable history: {type(error).__name__}")
        book.add("training.loss_ratio", None, path, step, text="no readable history")
        return
    stop = history.stopped
    settled = stop.reason in SETTLED and bool(history.schedule)
    words = f"{history.schedule or 'no schedule named'}; stopped by {stop.reason} at {stop.at:g} of {stop.limit:g}"
    book.add("training.stopped", float(settled), path, step, n=int(stop.at), text=words)
    name, curve = next(iter(history.series.items()), ("", []))
    finite = [value for _, value in curve if value is not None]
    whole = len(finite) == len(curve) and len(finite) >= 2 and finite[0] > 0
    ratio = finite[-1] / finite[0] if whole else None
    book.add("training.loss_ratio", ratio, path, step, n=len(curve), text=f"last / first of the series {name!r}")


def record_hyperparameters(book: EvidenceBook, out: Path, spec: dict[str, JsonValue], step: str) -> None:
    """Evidence `hyperparameters.differences`: keys in which the box's spec differs from the plan's."""
    path = out / "hyperparameters.json"
    try:
        used = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        book.add("hyperparameters.differences", None, path, step, text=f"not recorded: {type(error).__name__}")
        return
    known = used if isinstance(used, dict) else {}
    keys = sorted(key for key in {*spec, *known} if spec.get(key) != known.get(key))
    text = f"differs in {', '.join(keys)}" if keys else f"all {len(known)} equal to the plan"
    book.add("hyperparameters.differences", float(len(keys)), path, step, n=len(known), text=text)
