"""Which candidate to deliver: the simplest one that is not significantly worse than the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One candidate of the comparison. `behind` is how much worse than the best it is on average (0 or more)."""

    model: str
    mean: float
    sd: float
    behind: float
    p: float | None  # None for the best itself
    chosen: bool


@dataclass(frozen=True)
class Choice:
    """The delivered candidate, the best by mean score, and why."""

    delivered: str
    best: str
    reason: str
    lines: tuple[Line, ...]


def choose(scores: Mapping[str, Scores], share: float, *, metric: str, higher: bool, alpha: float) -> Choice:
    """`scores` holds one value a fold for every candidate, simplest candidate first.

    `share` is test rows over training rows of a fold, which the test's variance needs.
    """
    means = {name: float(values.mean()) for name, values in scores.items()}
    best = max(means, key=lambda name: means[name] if higher else -means[name])
    gains = {name: (scores[best] - values) * (1 if higher else -1) for name, values in scores.items()}
    tests = {name: corrected_t(gain, share) for name, gain in gains.items() if name != best}
    simpler = list(scores)[: list(scores).index(best)]
    delivered = next((name for name in simpler if tests[name] >= alpha), best)
    lines = tuple(
        Line(
            model=name,
            mean=means[name],
            sd=float(values.std(ddof=1)),
            behind=float(gains[name].mean()),
            p=tests.get(name),
            chosen=name == delivered,
        )
        for name, values in scores.items()
    )
    return Choice(delivered, best, _reason(delivered, best, simpler, tests, means, metric, alpha), lines)


def corrected_t(differences: Scores, share: float) -> float:
    """Two-sided p-value of the mean difference over k resampled folds.

    The folds share training rows, so the naive variance s²/k is too small; it becomes (1/k + share) s² with
    share = test rows / training rows. Nadeau, C. & Bengio, Y. (2003) Inference for the generalization error,
    Machine Learning 52, 239–281, doi:10.1023/A:1024068626366.
    """
    k = len(differences)
    mean, variance = float(differences.mean()), float(differences.var(ddof=1))
    if variance <= 0:
        return 1.0 if mean == 0 else 0.0
    return float(2 * stats.t.sf(abs(mean) / np.sqrt((1 / k + share) * variance), df=k - 1))


def _reason(
    delivered: str,
    best: str,
    simpler: list[str],
    tests: Mapping[str, float],
    means: Mapping[str, float],
    metric: str,
    alpha: float,
) -> str:
    if delivered != best:
        return (
            f"{best} has the best mean {metric} ({means[best]:.6g}), but {delivered} ({means[delivered]:.6g}) is "
            f"simpler and the difference is not significant (p = {tests[delivered]:.3g}, alpha = {alpha:g})"
        )
    if not simpler:
        return f"{best} has the best mean {metric} ({means[best]:.6g}) and nothing simpler was tried"
    worst_p = max(tests[name] for name in simpler)
    return (
        f"{best} has the best mean {metric} ({means[best]:.6g}), significantly better than every simpler candidate "
        f"(p <= {worst_p:.3g}, alpha = {alpha:g})"
    )
