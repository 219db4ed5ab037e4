"""The worst slices: conditions on one or two columns under which a model errs more than over all sealed rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import LEAST_SHARE, LEVEL
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.slice_bins import Binned, Slice, binned, slices
from skills.runtime.scoring.table_metrics import Classified, Regressed
from skills.runtime.scoring.tables import Labels, Unmatched, read_labels, read_subject

Array = NDArray[np.float64]

LEAST_ROWS = 30  # of a slice; a smaller one says nothing (a heuristic)
RESAMPLES = 1000
MOST_COLUMNS, MOST_PAIRED = 60, 20
MOST_LISTED, MOST_UNSURE = 8, 4
ALIKE = 0.8  # share of common rows from which on two slices are one
AT_ONCE = 256  # slices


@dataclass(frozen=True, eq=False)
class Measured:
    """Values (m,) of all slices, the overall one, and ends (m,) that hold for all slices at once."""

    values: Array
    overall: float
    low: Array
    high: Array


def worst_slices(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """Score `worst_slice`: the mean loss of the slice that is most surely worse than all rows together.

    The loss of a row is 1 or 0 for a wrong or a right class, or the absolute error. Slices are bins of the features in
    `files["features"]` (Parquet with `row_id`), alone and by twos; the columns that are paired are those the
    predictions vary most with, which no label decides. The interval of every slice is its difference from all rows,
    laid beside the overall value; all of them hold at once (`simultaneous`). Scores `slices.searched`, and
    `slices.worse`, how many lie above the overall value with their whole interval. Table `slices-SUBJECT`.
    """
    told, labels = str(params.get("subject", "")), read_labels(files["labels"])
    try:
        found = read_subject(files["predictions"], labels, params)
        columns = _columns(files["features"], labels, found)
    except (Unmatched, ValueError) as wrong:
        return unmeasured("slices.searched", str(wrong), subject=told)
    searched = slices(columns, columns[:MOST_PAIRED], LEAST_ROWS)
    n = len(labels.row_ids)
    if not searched or len(np.unique(labels.units)) < 2:
        return unmeasured("slices.searched", f"no slice of {n} rows has {LEAST_ROWS} of them", subject=told)
    loss, what, unit = _loss(found, params)
    measured = simultaneous(searched, loss, labels.units, int(params.get("seed", 0)))
    if isinstance(found, Classified):
        measured = Measured(
            measured.values, measured.overall, np.maximum(0.0, measured.low), np.minimum(1.0, measured.high)
        )
    listed = _listed(searched, measured)
    surely = int((measured.low > measured.overall).sum())
    singles = sum(not one.parts for one in searched)
    how = (
        f"{what} of {singles} bins of single columns and {len(searched) - singles} pairs of them with at least "
        f"{LEAST_ROWS} rows each; overall {measured.overall:.4g}; 95 % intervals hold for all of them at once"
    )
    scores = [
        Score("slices.searched", float(len(searched)), n=n, subject=told, text=how),
        Score("slices.worse", float(surely), n=len(searched), subject=told, text="worse than all rows beyond chance"),
    ]
    if listed:
        scores.append(_worst(searched[listed[0]], listed[0], measured, what, unit, told))
    rows = [_row(searched[k].name, int(searched[k].rows.sum()), k, measured) for k in listed]
    rows.append(["all rows", n, measured.overall, None, None])
    return Scored(tuple(scores), {f"slices-{told}": {"columns": ["slice", "rows", what, "low", "high"], "rows": rows}})


def simultaneous(searched: Sequence[Slice], loss: Array, units: NDArray[np.int64], seed: int) -> Measured:
    """Mean losses of slices with intervals of their differences from the overall mean that hold for all at once.

    A difference's interval is d ± q·s, with s its bootstrap's standard error, but not below that of as many rows drawn
    from all, and q the 95 % quantile of the largest |d* − d|/s over all slices (Romano and Wolf 2005,
    doi:10.1198/016214504000000539). Whole units are drawn, so sums over units are all that is needed.
    """
    count = int(units.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=RESAMPLES).astype(np.float32)
    size = np.bincount(units, minlength=count).astype(np.float32)
    total = np.bincount(units, weights=loss, minlength=count).astype(np.float32)
    overall, spread = float(loss.mean()), float(loss.std())
    overall_drawn = (drawn @ total) / (drawn @ size)
    values, errors, largest = [], [], np.zeros(RESAMPLES)
    for start in range(0, len(searched), AT_ONCE):
        part = searched[start : start + AT_ONCE]
        sizes, sums = (
            np.stack([np.bincount(units, weights=w * one.rows, minlength=count) for one in part], axis=1)
            for w in (np.ones(len(loss)), loss)
        )
        own = sums.sum(axis=0) / sizes.sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            means = (drawn @ sums.astype(np.float32)) / (drawn @ sizes.astype(np.float32))
        away = (means - overall_drawn[:, None]) - (own - overall)
        shown = np.isfinite(away)
        away = np.where(shown & (shown.mean(axis=0) >= LEAST_SHARE), away, 0.0)
        held = (sizes > 0).sum(axis=0)
        least = spread * np.sqrt((1 - sizes.sum(axis=0) / len(loss)) / held)
        error = np.maximum(away.std(axis=0), np.maximum(least, np.finfo(np.float32).tiny))
        largest = np.maximum(largest, np.abs(away / error).max(axis=1))
        values.append(own)
        errors.append(error)
    value, reach = np.concatenate(values), float(np.quantile(largest, LEVEL)) * np.concatenate(errors)
    return Measured(value, overall, value - reach, value + reach)


def _columns(path: Path, labels: Labels, found: Regressed | Classified) -> tuple[Binned, ...]:
    """The binned features, those first that the predictions vary most with. Raises: Unmatched where rows are absent."""
    import pandas as pd

    frame = pd.read_parquet(path)
    ids = frame["row_id"].to_numpy(dtype=np.int64)
    if not np.array_equal(np.sort(ids), np.sort(labels.row_ids)):
        raise Unmatched("the features are not those of the test rows")
    order = np.argsort(ids)
    frame = frame.iloc[order[np.searchsorted(ids[order], labels.row_ids)]]
    names = [name for name in frame.columns if name != "row_id"]
    columns = [binned(str(name), frame[name], LEAST_ROWS) for name in names[: 4 * MOST_COLUMNS]]
    columns = [column for column in columns if len(column.names) > 1]
    predicted = found.predicted[:, None] if isinstance(found, Regressed) else found.probability
    return tuple(sorted(columns, key=lambda column: -_explained(column, predicted))[:MOST_COLUMNS])


def _explained(column: Binned, predicted: Array) -> float:
    """The share of the predictions' variance that lies between a column's bins (the correlation ratio, squared)."""
    centred = predicted - predicted.mean(axis=0)
    places = np.unique(column.place)
    between = sum(
        (column.place == k).sum() * (centred[column.place == k].mean(axis=0) ** 2).sum() for k in places if k >= 0
    )
    return float(between / max(float((centred**2).sum()), float(np.finfo(float).tiny)))


def _loss(found: Regressed | Classified, params: Mapping[str, Any]) -> tuple[Array, str, str]:
    if isinstance(found, Regressed):
        return np.abs(found.error), "mean absolute error", str(params.get("unit", ""))
    return (found.predicted != found.truth).astype(float), "share of wrong classes", ""


def _listed(searched: Sequence[Slice], measured: Measured) -> list[int]:
    """The slices above the overall value, the surest first; none that is nearly a listed one, or adds nothing to one.

    A pair adds nothing to its single bins unless it is worse than both.
    """
    kept: list[int] = []
    for k in sorted(range(len(searched)), key=lambda k: (-measured.low[k], -measured.values[k])):
        one = searched[k]
        better = any(measured.values[part] >= measured.values[k] for part in one.parts)
        if measured.values[k] <= measured.overall or better:
            continue
        if all(_common(one.rows, searched[other].rows) < ALIKE for other in kept):
            kept.append(k)
        if len(kept) == MOST_LISTED:
            break
    sure = sum(bool(measured.low[k] > measured.overall) for k in kept)
    return kept[: max(sure, MOST_UNSURE)]


def _common(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float((one & other).sum() / (one | other).sum())


def _row(name: str, n: int, k: int, measured: Measured) -> list[Any]:
    return [name, n, float(measured.values[k]), float(measured.low[k]), float(measured.high[k])]


def _worst(one: Slice, k: int, measured: Measured, what: str, unit: str, subject: str) -> Score:
    value, low, high = (float(of[k]) for of in (measured.values, measured.low, measured.high))
    sure = "" if low > measured.overall else ", which may be chance"
    text = f"{what} where {one.name}, against {measured.overall:.4g} over all rows{sure}"
    return Score("worst_slice", value, unit, low, high, int(one.rows.sum()), subject, text)


SCORERS: dict[str, Scorer] = {"worst_slices": worst_slices}
