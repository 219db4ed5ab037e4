"""By how much one candidate scored better than another, with the interval that belongs to the test of the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from skills.tabular.compare import Choice

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Gain:
    """`better` has the better mean score than `over`; the interval allows for so many rivals, None where none is known.

    `p` is the choice's own, corrected for the rivals.
    """

    better: str
    over: str
    value: float
    low: float | None
    high: float | None
    p: float
    rivals: int


def gain_of(
    choice: Choice, scores: Mapping[str, Scores], share: float | None, *, higher: bool, alpha: float
) -> Gain | None:  # fmt: skip
    """The gain of the best candidate over the delivered one; where that is the best itself, over the simpler candidate
    that is beaten least surely; None where nothing simpler was tried.

    `share` is test rows over training rows of a fold, as the corrected resampled t-test wants it; None for other tests,
    which give no interval of the scores.
    """
    lines = {line.model: line for line in choice.lines}
    simpler = [line for line in choice.lines[: list(lines).index(choice.best)] if line.p is not None]
    if choice.delivered != choice.best:
        better, over = choice.best, lines[choice.delivered]
    elif simpler:
        better, over = choice.best, max(simpler, key=lambda line: line.p or 0.0)
    else:
        return None
    differences = (1 if higher else -1) * (scores[better] - scores[over.model])
    value, rivals = float(differences.mean()), len(scores) - 1
    low = high = None
    if share is not None:
        reach = float(stats.t.isf(alpha / (2 * rivals), df=len(differences) - 1)) * error_of(differences, share)
        low, high = value - reach, value + reach
    return Gain(better, over.model, value, low, high, over.p or 0.0, rivals)


def error_of(scores: Scores, share: float) -> float:
    """The standard error of a mean over folds that share training rows (Nadeau and Bengio 2003)."""
    return float(np.sqrt((1 / len(scores) + share) * scores.var(ddof=1)))
