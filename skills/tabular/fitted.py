"""What fitting a candidate gives back."""

from __future__ import annotations

from dataclasses import dataclass, field

from sklearn.pipeline import Pipeline


@dataclass(frozen=True)
class Fitted:
    """A fitted pipeline with its curve: `series` name -> [[iteration, value], …], and why it stopped where."""

    pipeline: Pipeline
    reason: str
    at: int
    limit: int
    schedule: str
    chosen: dict[str, float] = field(default_factory=dict)
    series: dict[str, list[list[float]]] = field(default_factory=dict)
