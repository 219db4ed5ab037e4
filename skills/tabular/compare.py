"""Which candidate to deliver: the simplest one that no other beats significantly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One candidate of the comparison. `behind` is how much worse than the best it is on average (0 or more).

    `rival` is the candidate of a better mean that beats it most surely, and `p` how surely, corrected for the number of
    rivals that might have; None for the best itself.
    """

    model: str
    mean: float
    sd: float
    behind: float
    p: float | None
    rival: str | None
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

    `share` is test rows over training rows of a fold, which the test's variance needs. Every candidate is tested
    against every one of a better mean: the best by mean need not be the one that beats it most surely. The smallest of
    several p-values is small by chance more often than one, so it is multiplied by their number (Bonferroni).
    """
    sign = 1 if higher else -1
    means = {name: float(values.mean()) for name, values in scores.items()}
    best = max(means, key=lambda name: sign * means[name])
    rivals = {name: _rival(name, scores, means, sign, share) for name in scores}
    delivered = next(name for name, (_, p) in rivals.items() if p is None or p >= alpha)
    lines = tuple(
        Line(
            model=name,
            mean=means[name],
            sd=float(values.std(ddof=1)),
            behind=sign * (means[best] - means[name]),
            p=rivals[name][1],
            rival=rivals[name][0],
            chosen=name == delivered,
        )
        for name, values in scores.items()
    )
    return Choice(delivered, best, _reason(delivered, best, lines, metric, alpha), lines)


def _rival(
    name: str, scores: Mapping[str, Scores], means: Mapping[str, float], sign: int, share: float
) -> tuple[str | None, float | None]:
    """Who of a better mean beats it most surely, and the p-value, times the number of all that might have."""
    better = [other for other in scores if sign * (means[other] - means[name]) > 0]
    tests = {other: corrected_t(sign * (scores[other] - scores[name]), share) for other in better}
    if not tests:
        return None, None
    surest = min(tests, key=lambda other: tests[other])
    return surest, min(1.0, tests[surest] * (len(scores) - 1))


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


def _reason(delivered: str, best: str, lines: tuple[Line, ...], metric: str, alpha: float) -> str:
    found = {line.model: line for line in lines}
    of_best = f"{best} has the best mean {metric} ({found[best].mean:.6g})"
    if delivered != best:
        line = found[delivered]
        return (
            f"{of_best}, but {delivered} ({line.mean:.6g}) is simpler and no candidate is significantly better "
            f"(closest to it: {line.rival}, p = {line.p:.3g}, alpha = {alpha:g})"
        )
    simpler = [line for line in lines[: lines.index(found[best])] if line.p is not None]
    if not simpler:
        return f"{of_best} and nothing simpler was tried"
    surest = max(simpler, key=lambda line: line.p or 0.0)
    return f"{of_best}, and every simpler candidate is beaten significantly (p <= {surest.p:.3g}, alpha = {alpha:g})"
