"""Which candidate to deliver: the simplest one that no other beats significantly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from skills.runtime.scoring.blocks import block_length, block_resampled

Scores = NDArray[np.float64]
Test = Callable[[str, str], float]  # the two-sided p-value of the difference of two candidates
OF_ABSOLUTE_ERRORS = ("mae", "median_ae", "mape")


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


def choose(
    scores: Mapping[str, Scores], test: Test, *, metric: str, higher: bool, alpha: float, alike: frozenset[str]
) -> Choice:  # fmt: skip
    """`scores` holds one value a fold for every candidate, simplest candidate first; `test` compares two by name.

    Those of `alike` count as equally simple: of them the one of the best mean alone can be delivered.

    Every candidate is tested against every one of a better mean: the best by mean need not be the one that beats it
    most surely. The smallest of several p-values is small by chance more often than one, so it is multiplied by their
    number (Bonferroni).
    """
    sign = 1 if higher else -1
    means = {name: float(values.mean()) for name, values in scores.items()}
    best = max(means, key=lambda name: sign * means[name])
    rivals = {name: _rival(name, means, sign, test) for name in scores}
    first = max((name for name in means if name in alike), key=lambda name: sign * means[name], default=None)
    deliverable = [name for name in scores if name not in alike or name == first]
    delivered = next(name for name in deliverable if (p := rivals[name][1]) is None or p >= alpha)
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


def resampled(scores: Mapping[str, Scores], share: float) -> Test:
    """The corrected t-test on folds' scores; `share` is test rows over training rows of a fold."""
    return lambda name, other: corrected_t(scores[other] - scores[name], share)


def in_blocks(errors: Mapping[str, Scores], metric: str, seed: int) -> Test:
    """A test of the mean difference of two candidates' losses, `errors` (n,) each in the order of time.

    The losses are absolute where the metric is of absolute errors, else squared, as Diebold & Mariano (1995) compare
    forecasts (doi:10.1080/07350015.1995.10524599). Errors of neighbours are alike, so they are drawn in blocks.
    """
    absolute = metric in OF_ABSOLUTE_ERRORS

    def test(name: str, other: str) -> float:
        mine, theirs = (np.abs(errors[which]) if absolute else errors[which] ** 2 for which in (name, other))
        differences = mine - theirs
        steps = np.arange(len(differences))

        def mean(weights: Scores) -> Scores:
            return np.asarray(weights @ differences / len(differences), dtype=np.float64)

        means = block_resampled(mean, steps, block_length(differences), seed=seed)
        away = min(float((means <= 0).mean()), float((means >= 0).mean()))
        return min(1.0, 2 * max(away, 1 / len(means)))

    return test


def _rival(name: str, means: Mapping[str, float], sign: int, test: Test) -> tuple[str | None, float | None]:
    """Who of a better mean beats it most surely, and the p-value, times the number of all that might have."""
    tests = {other: test(name, other) for other in means if sign * (means[other] - means[name]) > 0}
    if not tests:
        return None, None
    surest = min(tests, key=lambda other: tests[other])
    return surest, min(1.0, tests[surest] * (len(means) - 1))


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
