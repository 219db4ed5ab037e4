"""What a scorer gives back: measured numbers, and tables for the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Score:
    """One measured number with its 95 % interval [low, high]; `value` None means: could not be measured, see `text`.

    `n` is how many points or rows it rests on, `subject` what was measured (the delivered model, a baseline, …),
    `bound` what the value may be at most, where the measurement itself says so.
    """

    name: str
    value: float | None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    n: int = 0
    subject: str = ""
    text: str = ""
    bound: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain JSON; a number that is not finite becomes null, and the text says so."""
        told = asdict(self)
        for key in ("value", "low", "high", "bound"):
            number = told[key]
            told[key] = float(number) if number is not None and np.isfinite(number) else None
        if self.value is not None and told["value"] is None:
            told["text"] = "; ".join(filter(None, (self.text, f"the value is {self.value}")))
        return told


@dataclass(frozen=True)
class Scored:
    """A scorer's result: scores, tables as {name: {"columns": […], "rows": [[…]]}}, and arrays for files NAME.npz."""

    scores: tuple[Score, ...]
    tables: Mapping[str, dict[str, list[Any]]] = field(default_factory=dict)
    arrays: Mapping[str, dict[str, np.ndarray]] = field(default_factory=dict)


Scorer = Callable[[Mapping[str, Path], Mapping[str, Any]], Scored]
"""`(inputs: name -> file, params) -> Scored`."""


def unmeasured(name: str, text: str, *, subject: str = "") -> Scored:
    """One score without a value, and why."""
    return Scored((Score(name, None, subject=subject, text=text),))
