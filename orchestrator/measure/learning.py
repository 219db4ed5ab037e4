"""The scorer of a learning curve: the delivered model beside itself, fitted to fewer of the training rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pydantic import JsonValue

from orchestrator.core.plan import DataStrategy
from orchestrator.measure.bench import Scorer
from orchestrator.measure.edge import DELIVERED

_PART = re.compile(r"rows-\d+")  # the variant of a model that was fitted to so many rows


def parts_of(variants: Iterable[str]) -> tuple[str, ...]:
    """The variants that a learning curve is made of; they are no candidates for delivery."""
    return tuple(name for name in variants if _PART.fullmatch(name))


def learning_scorers(
    parts: tuple[str, ...], data: DataStrategy, rows: int, shared: Mapping[str, JsonValue]
) -> list[Scorer]:
    """One scorer of all parts and of the delivered model, which was fitted to `rows` rows; none without parts."""
    if not parts:
        return []
    inputs = {"labels": "labels", "predictions": f"p_{DELIVERED}", **{name: f"p_{name}" for name in parts}}
    params: dict[str, JsonValue] = {**shared, "metric": data.metric, "rows": rows, "subject": DELIVERED}
    return [Scorer(name="learning_curve", inputs=inputs, params=params)]
