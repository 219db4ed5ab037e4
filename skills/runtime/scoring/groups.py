"""How a model does on groups of people: metrics of every group, and the gaps between them, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import RESAMPLES, resampled
from skills.runtime.scoring.gaps import Gap, Measure, difference, ratio
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import Classified, Regressed, weighted
from skills.runtime.scoring.tables import Labels, Unmatched, read_labels, read_subject, score_metric

Array = NDArray[np.float64]
Subject = Regressed | Classified

LEAST_ROWS = 20  # of a group; a smaller one is told and not compared (a heuristic)
LEAST_OF_RATE = 10  # rows of the class that a rate speaks of (a heuristic)
NOT_TOLD = "not told"
MOST_NAMED = 12
RATES = ("selection_rate", "true_positive_rate", "false_positive_rate")
# Gaps of classes by the rates that they compare; with more than two classes each against the rest, the worst counts.
OF_CLASSES = {
    "demographic_parity": ("selection_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
    "equal_opportunity": ("true_positive_rate",),
    "false_positive_rate": ("false_positive_rate",),
}
SHARES = frozenset({"accuracy"})  # metrics that are the share of rows without an error


@dataclass(frozen=True)
class Groups:
    """The groups of one column: names and rows of those that are compared, sizes of those that are too small."""

    column: str
    names: tuple[str, ...]
    rows: tuple[NDArray[np.int64], ...]
    small: dict[str, int]


def groups(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """`params["metrics"]` and rates of every group of every column in the file `groups`; gaps and their intervals.

    Scores: `group.METRIC` for "COLUMN = GROUP", `gap.NAME_difference` and `gap.NAME_ratio` for COLUMN, and
    `groups.measured`, how many groups were compared. Tables: `groups of COLUMN`. The values of groups are fairlearn's
    (MetricFrame); the resamples are those of the other scorers.
    """
    told = str(params.get("subject", ""))
    labels = read_labels(files["labels"])
    try:
        subject = read_subject(files["predictions"], labels, params)
        columns = [_of_column(name, cells) for name, cells in _read(files["groups"], labels)]
    except Unmatched as wrong:
        return unmeasured("groups.measured", str(wrong), subject=told)
    found = [_column(one, subject, labels, params) for one in columns]
    return Scored(
        tuple(score for scored in found for score in scored.scores),
        {name: table for scored in found for name, table in scored.tables.items()},
    )


def _read(path: Path, labels: Labels) -> list[tuple[str, NDArray[np.str_]]]:
    """(column, group of every row in the labels' order). Raises: Unmatched where a row is missing."""
    with np.load(path, allow_pickle=False) as held:
        ids, names, cells = held["row_ids"], held["names"], held["groups"]
    if not np.array_equal(np.sort(ids), np.sort(labels.row_ids)):
        raise Unmatched("the groups are not those of the test rows")
    order = np.argsort(ids)
    place = order[np.searchsorted(ids[order], labels.row_ids)]
    return [(str(name), row[place]) for name, row in zip(names, cells, strict=True)]


def _of_column(column: str, cells: NDArray[np.str_]) -> Groups:
    counted = {str(name): np.flatnonzero(cells == name) for name in np.unique(cells)}
    large = {name: rows for name, rows in counted.items() if len(rows) >= LEAST_ROWS and name != NOT_TOLD}
    small = {name: len(rows) for name, rows in counted.items() if name not in large}
    return Groups(column, tuple(large), tuple(large.values()), small)


def _column(one: Groups, subject: Subject, labels: Labels, params: Mapping[str, Any]) -> Scored:
    metrics = tuple(map(str, params["metrics"]))
    scores = [_small(one)] if one.small else []
    parts = [(_rows_of(subject, rows), _labels_of(labels, rows)) for rows in one.rows]
    per_group: dict[str, list[Score]] = {}
    for metric in metrics:
        per_group[metric] = [
            replace(
                score_metric(metric, part, own, {**params, "subject": f"{one.column} = {name}"}), name=f"group.{metric}"
            )
            for name, (part, own) in zip(one.names, parts, strict=True)
        ]
        scores += per_group[metric]
    values = _values(subject, one, metrics) if one.names else {}
    scores.append(Score("groups.measured", float(len(one.names)), n=sum(map(len, one.rows)), subject=one.column))
    scores += _gaps(one, subject, labels, metrics, values, params)
    return Scored(tuple(scores), {f"groups of {one.column}": _table(one, per_group[metrics[0]], metrics[0], values)})


def _small(one: Groups) -> Score:
    """The groups that are not compared, named with their sizes."""
    named = [f"{name} ({n})" for name, n in list(one.small.items())[:MOST_NAMED]]
    more = f" and {len(one.small) - MOST_NAMED} more" if len(one.small) > MOST_NAMED else ""
    text = f"not compared, with fewer than {LEAST_ROWS} rows or without a value: {', '.join(named)}{more}"
    return Score("groups.small", float(len(one.small)), n=sum(one.small.values()), subject=one.column, text=text)


def _rows_of(subject: Subject, rows: NDArray[np.int64]) -> Subject:
    if isinstance(subject, Regressed):
        return Regressed(subject.truth[rows], subject.predicted[rows])
    return replace(subject, truth=subject.truth[rows], probability=subject.probability[rows])


def _labels_of(labels: Labels, rows: NDArray[np.int64]) -> Labels:
    units = np.unique(labels.units[rows], return_inverse=True)[1].astype(np.int64)
    return Labels(labels.row_ids[rows], labels.values[rows], units, labels.drawn)


def _classes(subject: Classified) -> list[int]:
    """The classes whose rates are compared: the positive one of two, else each."""
    return [subject.positive] if subject.binary else list(range(len(subject.classes)))


def _values(subject: Subject, one: Groups, metrics: tuple[str, ...]) -> dict[str, Array]:
    """The numbers of every group by fairlearn's MetricFrame; NaN where a group has too few rows of a class."""
    from fairlearn.metrics import MetricFrame, false_positive_rate, selection_rate, true_positive_rate

    rows = np.concatenate(one.rows)
    members = np.concatenate([np.full(len(own), place) for place, own in enumerate(one.rows)])

    def frame(functions: dict[str, Any], truth: Any, predicted: Any) -> dict[str, Array]:
        made = MetricFrame(metrics=functions, y_true=truth, y_pred=predicted, sensitive_features=members).by_group
        return {name: np.asarray(made[name], dtype=np.float64) for name in functions}

    by_rows = {
        name: lambda _, picked, name=name: weighted(name, _rows_of(subject, picked), np.ones((1, len(picked))))[0]
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


def _measures(
    one: Groups, subject: Subject, labels: Labels, metrics: tuple[str, ...], values: dict[str, Array],
    params: Mapping[str, Any],
) -> dict[str, Measure]:  # fmt: skip
    """Every measure with its resamples, by the names of `values`."""
    member = np.zeros((len(one.rows), len(subject.truth)))
    for place, rows in enumerate(one.rows):
        member[place, rows] = 1.0
    counted = {name: _counted(name, subject) for name in values if name not in metrics}
    parts = [_rows_of(subject, rows) for rows in one.rows]

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
    found = {}
    for place, (name, own) in enumerate(values.items()):
        of = counted[name][1] if name in counted else np.ones(len(subject.truth))
        rests = np.array([len(np.unique(labels.units[rows[of[rows] > 0]])) for rows in one.rows], dtype=np.int64)
        drawn = draws[:, place] if draws is not None else np.full((1, len(own)), np.nan)
        found[name] = Measure(name, own, drawn, rests, share=name.startswith(RATES) or name in SHARES)
    return found


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


def _gaps(
    one: Groups, subject: Subject, labels: Labels, metrics: tuple[str, ...], values: dict[str, Array],
    params: Mapping[str, Any],
) -> list[Score]:  # fmt: skip
    if len(one.names) < 2:
        why = f"{len(one.names)} of its groups has {LEAST_ROWS} rows or more; two are needed to compare"
        return [Score(f"gap.{metrics[0]}_difference", None, subject=one.column, text=why)]
    measures = _measures(one, subject, labels, metrics, values, params)
    families = {metric: (measures[metric],) for metric in metrics}
    if isinstance(subject, Classified):
        of_rate = {rate: tuple(m for name, m in measures.items() if name.startswith(f"{rate}:")) for rate in RATES}
        families |= {gap: tuple(m for rate in rates for m in of_rate[rate]) for gap, rates in OF_CLASSES.items()}
    else:
        families["mean_error"] = (measures["mean_error"],)
    scores = []
    for name, family in families.items():
        unit = str(params.get("unit", "")) if isinstance(subject, Regressed) and name != "r2" else ""
        scores.append(_score(f"gap.{name}_difference", difference(family), one, subject, unit))
        if name not in ("mean_error", "r2"):
            scores.append(_score(f"gap.{name}_ratio", ratio(family), one, subject, ""))
    return scores


def _score(name: str, gap: Gap | None, one: Groups, subject: Subject, unit: str) -> Score:
    if gap is None:
        why = f"fewer than two groups of {one.column} have {LEAST_OF_RATE} rows of the class that it speaks of"
        return Score(name, None, subject=one.column, text=why)
    rate, _, place = gap.measure.partition(":")
    of = f" of {subject.classes[int(place)]!r}" if place and isinstance(subject, Classified) else ""
    n = len(one.rows[gap.high]) + len(one.rows[gap.low])
    low, high = gap.interval or (None, None)
    text = f"{rate.replace('_', ' ')}{of}, {one.names[gap.high]} against {one.names[gap.low]}"
    held = "95 % for all pairs of groups at once" if gap.interval else "no interval: too few resamples show it"
    return Score(name, gap.value, unit, low, high, n, one.column, f"{text}; {held}")


def _table(one: Groups, scores: list[Score], metric: str, values: dict[str, Array]) -> dict[str, list[Any]]:
    """A line a group: n, the metric with its interval, and the rates (of two classes) or the mean error."""
    more = [name for name in values if name.partition(":")[0] in (*RATES, "mean_error")]
    more = more if len(more) <= len(RATES) else []
    rows: list[list[Any]] = [
        [name, len(own), score.value, score.low, score.high, *(_plain(values[other][place]) for other in more)]
        for place, (name, own, score) in enumerate(zip(one.names, one.rows, scores, strict=True))
    ]
    rows += [[name, n, None, None, None, *(None for _ in more)] for name, n in one.small.items()]
    heads = [name.partition(":")[0].replace("_", " ") for name in more]
    return {"columns": [one.column, "n", metric, "low", "high", *heads], "rows": rows}


def _plain(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


SCORERS: dict[str, Scorer] = {"groups": groups}
