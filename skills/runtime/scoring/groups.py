"""How a model does on groups of people: metrics of every group, and the gaps between them, with intervals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.gaps import Gap, Measure, differences, ratios
from skills.runtime.scoring.group_measures import RATES, Groups, Subject, measures_of, rows_of, values_of
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import Classified, Regressed
from skills.runtime.scoring.tables import Labels, Unmatched, read_labels, read_subject, score_metric

Array = NDArray[np.float64]

LEAST_ROWS = 20  # of a group; a smaller one is told and not compared (a heuristic)
NOT_TOLD = "not told"
MOST_NAMED = 12
# Gaps of classes by the rates that they compare; with more than two classes each against the rest, the worst counts.
OF_CLASSES = {
    "demographic_parity": ("selection_rate",),
    "equalized_odds": ("true_positive_rate", "false_positive_rate"),
    "equal_opportunity": ("true_positive_rate",),
    "false_positive_rate": ("false_positive_rate",),
}


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
    metrics = tuple(map(str, params["metrics"]))
    scores: list[Score] = []
    tables: dict[str, dict[str, list[Any]]] = {}
    families: dict[tuple[str, str], tuple[Measure, ...]] = {}
    for one in columns:
        values = values_of(subject, one, metrics) if one.names else {}
        own = _scores(one, subject, labels, metrics, params)
        scores += own
        tables[f"groups of {one.column}"] = _table(one, own, metrics[0], values)
        if len(one.names) > 1:
            measures = measures_of(one, subject, labels, own, values, params)
            families |= {(one.column, name): family for name, family in _families(measures, subject, metrics).items()}
    by_column = {one.column: one for one in columns}
    for suffix, gaps in (("difference", differences(families)), ("ratio", ratios(_with_ratio(families)))):
        unit = str(params.get("unit", "")) if suffix == "difference" and isinstance(subject, Regressed) else ""
        for (column, name), gap in gaps.items():
            scores.append(
                _gap(
                    f"gap.{name}_{suffix}",
                    gap,
                    by_column[column],
                    subject,
                    "" if name == "r2" else unit,
                    families[column, name],
                )
            )
    return Scored(tuple(scores), tables)


def _with_ratio(families: Mapping[tuple[str, str], tuple[Measure, ...]]) -> dict[tuple[str, str], tuple[Measure, ...]]:
    """Those whose values are never below 0, so that a quotient of two of them says something."""
    return {key: family for key, family in families.items() if key[1] not in ("mean_error", "r2")}


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
    counted = {name: np.flatnonzero(cells == name) for name in sorted(map(str, np.unique(cells)), key=_place)}
    large = {name: rows for name, rows in counted.items() if len(rows) >= LEAST_ROWS and name != NOT_TOLD}
    small = {name: len(rows) for name, rows in counted.items() if name not in large}
    return Groups(column, tuple(large), tuple(large.values()), small)


def _place(name: str) -> tuple[bool, float, str]:
    """Ranges of numbers from the lowest up, then everything else by its name."""
    if name.startswith("below "):
        return False, -np.inf, name
    match = re.match(r"(-?[\d.]+(?:e[+-]?\d+)?)(?: to | or more|$)", name)
    return (True, 0.0, name) if match is None else (False, float(match[1]), name)


def _scores(
    one: Groups, subject: Subject, labels: Labels, metrics: tuple[str, ...], params: Mapping[str, Any]
) -> list[Score]:
    """How many groups are compared, which are too small, and every metric of every group with its interval."""
    scores = [Score("groups.measured", float(len(one.names)), n=sum(map(len, one.rows)), subject=one.column)]
    if one.small:
        scores.append(_small(one))
    for metric in metrics:
        for name, rows in zip(one.names, one.rows, strict=True):
            told = {**params, "subject": f"{one.column} = {name}"}
            score = score_metric(metric, rows_of(subject, rows), _labels_of(labels, rows), told)
            scores.append(replace(score, name=f"group.{metric}"))
    return scores


def _small(one: Groups) -> Score:
    """The groups that are not compared, named with their sizes."""
    named = [f"{name} ({n})" for name, n in list(one.small.items())[:MOST_NAMED]]
    more = f" and {len(one.small) - MOST_NAMED} more" if len(one.small) > MOST_NAMED else ""
    text = f"not compared, with fewer than {LEAST_ROWS} rows or without a value: {', '.join(named)}{more}"
    return Score("groups.small", float(len(one.small)), n=sum(one.small.values()), subject=one.column, text=text)


def _labels_of(labels: Labels, rows: NDArray[np.int64]) -> Labels:
    units = np.unique(labels.units[rows], return_inverse=True)[1].astype(np.int64)
    return Labels(labels.row_ids[rows], labels.values[rows], units, labels.drawn)


def _families(
    measures: Mapping[str, Measure], subject: Subject, metrics: tuple[str, ...]
) -> dict[str, tuple[Measure, ...]]:
    """The measures that each gap compares, by the gap's name."""
    families = {metric: (measures[metric],) for metric in metrics}
    if isinstance(subject, Regressed):
        return families | {"mean_error": (measures["mean_error"],)}
    of_rate = {rate: tuple(m for name, m in measures.items() if name.startswith(f"{rate}:")) for rate in RATES}
    return families | {gap: tuple(m for rate in rates for m in of_rate[rate]) for gap, rates in OF_CLASSES.items()}


def _gap(name: str, gap: Gap | None, one: Groups, subject: Subject, unit: str, family: tuple[Measure, ...]) -> Score:
    """A gap as a score; its text names what is compared in which groups, and the surest pair where it is another."""
    if gap is None:
        why = f"fewer than two groups of {one.column} have rows enough of the class that it speaks of"
        return Score(name, None, subject=one.column, text=why)
    own = (gap.measure, gap.high, gap.low)
    text = _compared(own, one, subject, family)
    if gap.interval is None:
        text += "; no interval: too few resamples show it"
    elif gap.interval[0] > 0 and gap.sure is not None and gap.sure != own:
        text += f"; surest: {_compared(gap.sure, one, subject, family)}"
    n = len(one.rows[gap.high]) + len(one.rows[gap.low])
    return Score(name, gap.value, unit, *(gap.interval or (None, None)), n, one.column, text)


def _compared(pair: tuple[str, int, int], one: Groups, subject: Subject, family: tuple[Measure, ...]) -> str:
    """ "true positive rate of 'yes', women 0.62 against men 0.09"."""
    name, *places = pair
    rate, _, place = name.partition(":")
    of = f" of {subject.classes[int(place)]!r}, " if place and isinstance(subject, Classified) else ""
    values = next(measure.values for measure in family if measure.name == name)
    high, low = (f"{one.names[at]} {values[at]:.3g}" for at in places)
    return f"{rate.replace('_', ' ') if place else ''}{of}{high} against {low}"


def _table(one: Groups, scores: list[Score], metric: str, values: dict[str, Array]) -> dict[str, list[Any]]:
    """A line a group: n, the metric with its interval, and the rates (of two classes) or the mean error."""
    scores = [score for score in scores if score.name == f"group.{metric}"]
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
