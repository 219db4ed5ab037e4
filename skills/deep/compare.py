"""Which candidate to deliver: the simplest one that the best does not beat on the same held-out rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import interval
from skills.runtime.scoring.table_metrics import Classified, Regressed, gain, value, weighted

Subject = Regressed | Classified


@dataclass(frozen=True)
class Line:
    """One candidate. `behind` is by how much the best is better than it, with its 95 % interval; None for the best.

    A `score` of None is that of a candidate that gave no numbers.
    """

    model: str
    score: float | None
    behind: float | None
    low: float | None
    high: float | None
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """The delivered candidate, the best by its score, and why."""

    delivered: str
    best: str
    reason: str
    lines: tuple[Line, ...]


def choose(
    subjects: Mapping[str, Subject], units: NDArray[np.int64], *, metric: str, higher: bool, seed: int
) -> Choice:
    """`subjects` holds the predictions of every candidate for the same held-out rows, simplest candidate first.

    Each simpler candidate is compared with the best by a paired bootstrap over rows (or over groups, `units`): only
    where the whole 95 % interval of the gain is above zero is the best better. The test knows how much the score varies
    over rows, not how much over training sets and initial weights.
    Efron, B. & Tibshirani, R. (1993) An Introduction to the Bootstrap, ch. 16.
    """
    scores = {name: value(metric, subject) for name, subject in subjects.items()}
    shown = {name: score for name, score in scores.items() if np.isfinite(score)}
    best = max(shown, key=lambda name: shown[name] if higher else -shown[name])
    gains = {name: _gain(metric, subjects[best], subjects[name], units, seed) for name in shown if name != best}
    simpler = [name for name in shown if list(subjects).index(name) < list(subjects).index(best)]
    delivered = next((name for name in simpler if not _beaten(gains[name])), best)
    lines = tuple(
        Line(name, shown.get(name), *(gains.get(name) or (None, None, None)), chosen=name == delivered)
        for name in subjects
    )
    return Choice(delivered, best, _reason(delivered, best, simpler, gains, shown, metric), lines)


Gain = tuple[float, float | None, float | None]


def _gain(metric: str, best: Subject, other: Subject, units: NDArray[np.int64], seed: int) -> Gain:
    """(by how much the best is better, the ends of its interval)."""
    found = float(gain(metric, value(metric, best), value(metric, other)))
    between = interval(
        lambda weights: gain(metric, weighted(metric, best, weights), weighted(metric, other, weights)),
        units,
        seed=seed,
    )
    return (found, *(between or (None, None)))


def _beaten(found: Gain) -> bool:
    return found[1] is not None and found[1] > 0


def _reason(
    delivered: str,
    best: str,
    simpler: list[str],
    gains: Mapping[str, Gain],
    scores: Mapping[str, float],
    metric: str,
) -> str:
    if delivered != best:
        found, low, high = gains[delivered]
        between = f"[{low:.3g}, {high:.3g}]" if low is not None and high is not None else "no interval"
        return (
            f"{best} has the best held-out {metric} ({scores[best]:.6g}), but {delivered} ({scores[delivered]:.6g}) is "
            f"simpler and not shown to be worse: gain {found:.3g}, 95 % interval {between}, over the same rows"
        )
    if not simpler:
        return f"{best} has the best held-out {metric} ({scores[best]:.6g}) and nothing simpler is as good"
    least = min(simpler, key=lambda name: gains[name][1] or 0.0)
    found, low, high = gains[least]
    return (
        f"{best} has the best held-out {metric} ({scores[best]:.6g}); over every simpler candidate its gain is above "
        f"zero on the same rows (least clear over {least}: {found:.3g}, 95 % interval [{low:.3g}, {high:.3g}])"
    )
