"""What fitting a candidate gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from skills.tabular.rows import Rows


@dataclass(frozen=True)
class Learned:
    """What a forecast learned: the model of what the forecast without a model misses, and the rows it was fitted to."""

    fitted: Fitted
    rows: Rows


@dataclass(frozen=True)
class Fitted:
    """A fitted pipeline with its curve: `series` name -> [[iteration, value], …], and why it stopped where.

    `pipeline` is scikit-learn's, or the forecaster of a series, whose model is then `learned`.
    """

    pipeline: Any
    reason: str
    at: int
    limit: int
    schedule: str
    chosen: dict[str, float] = field(default_factory=dict)
    series: dict[str, list[list[float]]] = field(default_factory=dict)
    learned: Learned | None = None
