"""The metrics of tables, each a function of row weights, so that a bootstrap is a few sums over rows.

Weights are b lines of n: one line a resample, saying how often each row was drawn. Plain values have weights of one.
A metric that a resample cannot show (one class only) is NaN there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.ranking import average_precision, roc_area
from skills.runtime.scoring.weights import Given, Weights

Array = NDArray[np.float64]

TINY = float(np.finfo(np.float64).eps)
REGISTRY: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("metrics.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Regressed:
    """Truth and prediction of a number, (n,) each."""

    truth: Array
    predicted: Array

    @property
    def error(self) -> Array:
        return self.predicted - self.truth


@dataclass(frozen=True)
class Classified:
    """Truth as a place in `classes` (n,), and class probabilities (n, k). `positive` is a place in `classes`."""

    truth: NDArray[np.int64]
    probability: Array
    classes: tuple[str, ...]
    positive: int

    @property
    def predicted(self) -> NDArray[np.int64]:
        return np.argmax(self.probability, axis=1)

    @property
    def binary(self) -> bool:
        return len(self.classes) == 2


def classified(
    truth: Sequence[str], probability: Array, names: Sequence[str], positive: str | None = None
) -> Classified:
    """Text labels and probabilities on one list of classes; a class the model does not know has probability 0.

    Of two classes the positive one is `positive`, else the last in order (1 of 0 and 1, yes of no and yes).
    """
    classes = tuple(sorted({*map(str, names), *map(str, truth)}, key=_class_order))
    place = {name: at for at, name in enumerate(classes)}
    spread = np.zeros((len(probability), len(classes)))
    spread[:, [place[str(name)] for name in names]] = probability
    if positive is not None and positive not in place:
        raise ValueError(f"the positive class {positive!r} is none of {classes}")
    return Classified(
        truth=np.asarray([place[str(label)] for label in truth], dtype=np.int64),
        probability=spread,
        classes=classes,
        positive=place[positive] if positive is not None else len(classes) - 1,
    )


def value(name: str, subject: Regressed | Classified) -> float:
    """One metric on all rows; NaN where the rows cannot show it."""
    return float(weighted(name, subject, np.ones((1, len(subject.truth))))[0])


def weighted(name: str, subject: Regressed | Classified, weights: Array | Weights) -> Array:
    """One metric for every line of weights, (b,)."""
    lines = Given(weights) if isinstance(weights, np.ndarray) else weights
    with np.errstate(divide="ignore", invalid="ignore"):
        if isinstance(subject, Regressed):
            return REGRESSION[name](subject, lines)
        return CLASSIFICATION[name](subject, lines)


def gain(name: str, ours: Array | float, other: Array | float) -> Any:
    """How much better `ours` is than `other`, positive where it is better, whatever way the metric runs."""
    return np.subtract(ours, other) if REGISTRY[name]["higher_is_better"] else np.subtract(other, ours)


def _class_order(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def _means(weights: Weights, *columns: Array) -> list[Array]:
    """The weighted mean of every column (n,), (b,) each."""
    *sums, total = weights.sums(np.stack([*columns, np.ones(len(columns[0]))], axis=1)).T
    return [one / total for one in sums]


def _rmse(subject: Regressed, weights: Weights) -> Array:
    return np.sqrt(_means(weights, subject.error**2)[0])


def _r2(subject: Regressed, weights: Weights) -> Array:
    centred = subject.truth - subject.truth.mean()
    squares, mean, errors = _means(weights, centred**2, centred, subject.error**2)
    spread = squares - mean**2
    flat = spread <= TINY * np.mean(centred**2)
    return np.where(flat, np.nan, 1.0 - errors / np.where(flat, 1.0, spread))


def _median_ae(subject: Regressed, weights: Weights) -> Array:
    """The weighted median; the mean of both middle values where the weights halve exactly between them."""
    error = np.abs(subject.error)
    order = np.argsort(error)
    error, medians = error[order], []
    for block in weights.blocks(order):
        for line in np.cumsum(block, axis=1, dtype=np.float64):
            lower, upper = (np.searchsorted(line, line[-1] / 2, side=side) for side in ("left", "right"))
            medians.append((error[lower] + error[upper]) / 2)
    return np.asarray(medians, dtype=np.float64)


def _mae(subject: Regressed, weights: Weights) -> Array:
    return _means(weights, np.abs(subject.error))[0]


def _mape(subject: Regressed, weights: Weights) -> Array:
    zero = np.any(subject.truth == 0)
    relative = np.full(len(subject.truth), np.nan) if zero else np.abs(subject.error / subject.truth)
    return _means(weights, relative)[0]


def _accuracy(subject: Classified, weights: Weights) -> Array:
    return _means(weights, (subject.predicted == subject.truth).astype(float))[0]


def _counts(subject: Classified, weights: Weights) -> tuple[Array, Array, Array]:
    """Weighted true positives, truths and predictions of every class, (b, k) each."""
    columns = np.arange(len(subject.classes))
    truth = (subject.truth[:, None] == columns).astype(float)
    predicted = (subject.predicted[:, None] == columns).astype(float)
    hits, truths, predictions = np.split(weights.sums(np.hstack([truth * predicted, truth, predicted])), 3, axis=1)
    return hits, truths, predictions


def _nanmean(values: Array) -> Array:
    present = ~np.isnan(values)
    return np.where(present, values, 0.0).sum(axis=1) / present.sum(axis=1)


def _over_classes(subject: Classified, per_class: Array) -> Array:
    """The positive class's value where there are two, else the mean over classes that can show it."""
    return per_class[:, subject.positive] if subject.binary else _nanmean(per_class)


def _balanced_accuracy(subject: Classified, weights: Weights) -> Array:
    hits, truths, _ = _counts(subject, weights)
    return _nanmean(hits / truths)


def _recall(subject: Classified, weights: Weights) -> Array:
    hits, truths, _ = _counts(subject, weights)
    return _over_classes(subject, hits / truths)


def _precision(subject: Classified, weights: Weights) -> Array:
    hits, truths, predictions = _counts(subject, weights)
    never = (predictions == 0) & (truths > 0)
    return _over_classes(subject, np.where(never, 0.0, hits / predictions))


def _f1(subject: Classified, weights: Weights) -> Array:
    hits, truths, predictions = _counts(subject, weights)
    return _over_classes(subject, 2 * hits / (truths + predictions))


def _log_loss(subject: Classified, weights: Weights) -> Array:
    total = subject.probability.sum(axis=1)
    of_truth = subject.probability[np.arange(len(subject.truth)), subject.truth] / total
    return _means(weights, -np.log(np.clip(of_truth, TINY, 1.0)))[0]


def _brier(subject: Classified, weights: Weights) -> Array:
    truth = (subject.truth[:, None] == np.arange(len(subject.classes))).astype(float)
    squares = ((subject.probability - truth) ** 2).sum(axis=1)
    return _means(weights, squares / 2 if subject.binary else squares)[0]


def _one_against_rest(subject: Classified, weights: Weights, area: Callable[[Array, Array, Weights], Array]) -> Array:
    places = [subject.positive] if subject.binary else range(len(subject.classes))
    columns = [area((subject.truth == k).astype(float), subject.probability[:, k], weights) for k in places]
    return _nanmean(np.stack(columns, axis=1))


REGRESSION: dict[str, Callable[[Regressed, Weights], Array]] = {
    "rmse": _rmse,
    "mae": _mae,
    "r2": _r2,
    "median_ae": _median_ae,
    "mape": _mape,
}
CLASSIFICATION: dict[str, Callable[[Classified, Weights], Array]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _f1,
    "precision": _precision,
    "recall": _recall,
    "roc_auc": lambda subject, weights: _one_against_rest(subject, weights, roc_area),
    "pr_auc": lambda subject, weights: _one_against_rest(subject, weights, average_precision),
    "log_loss": _log_loss,
    "brier": _brier,
}
