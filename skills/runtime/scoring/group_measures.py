"""What is measured of each group of people: numbers by fairlearn's MetricFrame, and the same over resamples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import LEAST_SHARE, RESAMPLES, resampled
from skills.runtime.scoring.gaps import Measure, wilson
from skills.runtime.scoring.scored import Score
from skills.runtime.scoring.table_metrics import Classified, Regressed, weighted
from skills.runtime.scoring.tables import Labels

Array = NDArray[np.float64]
Subject = Regressed | Classified

LEAST_OF_RATE = 10  # rows of the class that a rate speaks of (a heuristic)
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")
SHARES = frozenset({"accuracy"})  # metrics that are the share of rows without an error


@dataclass(frozen=True)
class Groups:
    """The groups of one column: names and rows of those that are compared, sizes of those that are too small."""

    column: str
    names: tuple[str, ...]
    rows: tuple[NDArray[np.int64], ...]
    small: dict[str, int]


def rows_of(subject: Subject, rows: NDArray[np.int64]) -> Subject:
    if isinstance(subject, Regressed):
        return Regressed(subject.truth[rows], subject.predicted[rows])
    return replace(subject, truth=subject.truth[rows], probability=subject.probability[rows])


def _classes(subject: Classified) -> list[int]:
    """The classes whose rates are compared: the positive one of two, else each."""
    return [subject.positive] if subject.binary else list(range(len(subject.classes)))


def values_of(subject: Subject, one: Groups, metrics: tuple[str, ...]) -> dict[str, Array]:
    """The numbers of every group by fairlearn's MetricFrame; NaN where a group has too few rows of a class."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate

    rows = np.concatenate(one.rows)
    members = np.concatenate([np.full(len(own), place) for place, own in enumerate(one.rows)])

    def frame(functions: dict[str, Any], truth: Any, predicted: Any) -> dict[str, Array]:
        made = MetricFrame(metrics=functions, y_true=truth, y_pred=predicted, sensitive_features=members).by_group
        return {name: np.asarray(made[name], dtype=np.float64) for name in functions}

    by_rows = {
        name: lambda _, picked, name=name: weighted(name, rows_of(subject, picked), np.ones((1, len(picked))))[0]
        for name in metrics
    }
    found = frame(by_rows, rows, rows)
    if isinstance(subject, Regressed):
        mean = {"mean_error": lambda truth, predicted: float(np.mean(np.subtract(predicted, truth)))}
        return found | frame(mean, subject.truth[rows], subject.predicted[rows])
    rates = dict(zip(RATES, (selection_rate, true_positive_rate, false_positive_rate), strict=True))
    for k in _classes(subject):
        truth, predicted = (subject.truth[rows] == k).astype(int), (subject.predicted[rows] == k).astype(int)
        positives = np.bincount(members, weights=truth, minlength=len(one.rows))
        negatives = np.bincount(members, weights=1 - truth, minlength=len(one.rows))
        rests = dict(zip(RATES, (positives + negatives, positives, negatives), strict=True))
        for name, values in frame(rates, truth, predicted).items():
            found[f"{name}:{k}"] = np.where(rests[name] >= LEAST_OF_RATE, values, np.nan)
    return found


def measures_of(
    one: Groups, subject: Subject, labels: Labels, scores: list[Score], values: dict[str, Array],
    params: Mapping[str, Any],
) -> dict[str, Measure]:  # fmt: skip
    """Every measure with its resamples, by the names of `values`. `scores` hold every group's metrics."""
    metrics = tuple(map(str, params["metrics"]))
    member = np.zeros((len(one.rows), len(subject.truth)))
    for place, rows in enumerate(one.rows):
        member[place, rows] = 1.0
    counted = {name: _counted(name, subject) for name in values if name not in metrics}
    parts = [rows_of(subject, rows) for rows in one.rows]

    def statistic(weights: Array) -> Array:
        told = [
            np.stack(
                [weighted(name, part, weights[:, rows]) for part, rows in zip(parts, one.rows, strict=True)], axis=1
            )
            if name in metrics
            else _quotient(weights, member, *counted[name])
            for name in values
        ]
        return np.stack(told, axis=1)

    draws = resampled(
        statistic, labels.units, seed=int(params.get("seed", 0)), resamples=int(params.get("resamples", RESAMPLES))
    )
    nothing = np.full((1, len(values), len(one.rows)), np.nan)
    drawn = nothing if draws is None else draws
    found = {}
    for place, (name, own) in enumerate(values.items()):
        ends = np.full((len(own), 2), np.nan)
        if name in metrics:
            ends = _own_ends(name, scores)
        elif name.startswith(RATES):
            ends = wilson(own, _drawn_units(counted[name][1], one, labels))
        shown = np.isfinite(drawn[:, place]).mean(axis=0) >= LEAST_SHARE
        share = name.startswith(RATES) or name in SHARES
        found[name] = Measure(name, np.where(shown, own, np.nan), drawn[:, place], ends, share)
    return found


def _own_ends(metric: str, scores: list[Score]) -> Array:
    """(g, 2): every group's own interval of a metric, NaN where it has none."""
    ends = [(score.low, score.high) for score in scores if score.name == f"group.{metric}"]
    return np.array([[np.nan if end is None else end for end in both] for both in ends])


def _drawn_units(of: Array, one: Groups, labels: Labels) -> Array:
    """(g,): the units with rows that a rate is a share of."""
    return np.array([len(np.unique(labels.units[rows[of[rows] > 0]])) for rows in one.rows], dtype=np.float64)


def _quotient(weights: Array, member: Array, hits: Array, of: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        return (weights @ (member * hits).T) / (weights @ (member * of).T)


def _counted(name: str, subject: Subject) -> tuple[Array, Array]:
    """(what is summed, what it is divided by), of every row."""
    if isinstance(subject, Regressed):
        return subject.error, np.ones(len(subject.truth))
    rate, _, place = name.partition(":")
    truth, predicted = subject.truth == int(place), subject.predicted == int(place)
    of = {"selection_rate": np.ones(len(truth), dtype=bool), "true_positive_rate": truth, "false_positive_rate": ~truth}
    return (predicted & of[rate]).astype(np.float64), of[rate].astype(np.float64)
