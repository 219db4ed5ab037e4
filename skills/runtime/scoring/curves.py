"""ROC and precision-recall curves on the sealed rows, each class against the rest, with areas and bands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import LEVEL, RESAMPLES, draw, ends, resampled
from skills.runtime.scoring.ranking import average_precision, roc_area
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import Classified, Regressed
from skills.runtime.scoring.tables import Labels, Unmatched, read_labels, read_subject, resamples_of, without_miss
from skills.runtime.scoring.weights import Given, Weights

Array = NDArray[np.float64]

MOST_CLASSES = 6  # more curves than these cannot be told apart
MOST_CELLS, LEAST_RESAMPLES = 20_000_000, 200  # rows times resamples
MOST_POINTS = 160  # of one curve; the others lie between


def curves(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """Curves of the positive class of two, or of the commonest classes of more, each against the rest.

    Tables `roc-SUBJECT` and `pr-SUBJECT` with a line a threshold, for two classes with the 95 % interval of the height
    at that place (Fawcett 2006, doi:10.1016/j.patrec.2005.10.010), and `areas-SUBJECT`. Of more than two classes also
    the scores `class.roc_auc` and `class.pr_auc` of each class that is drawn.
    """
    told = str(params.get("subject", ""))
    labels = read_labels(files["labels"])
    try:
        found = read_subject(files["predictions"], labels, params)
    except (Unmatched, ValueError) as wrong:
        return unmeasured("curves", str(wrong), subject=told)
    if isinstance(found, Regressed):
        return unmeasured("curves", "the labels are numbers, not classes", subject=told)
    drawn = _drawn(found)
    if not drawn:
        return unmeasured("curves", "the test rows hold one class only", subject=told)
    areas = [score for place in drawn for score in _areas(found, place, labels, params)]
    tables: dict[str, dict[str, list[Any]]] = {f"areas-{told}": _area_table(found, drawn, areas)}
    for name, columns, curve in (
        ("roc", ["class", "false_positive_rate", "true_positive_rate"], _roc),
        ("pr", ["class", "recall", "precision"], _precision_recall),
    ):
        rows = [row for place in drawn for row in _lines(found, place, labels, params, curve)]
        tables[f"{name}-{told}"] = {"columns": [*columns, "low", "high", "threshold"], "rows": rows}
    return Scored(() if found.binary else tuple(areas), tables)


def steps(truth: Array, score: Array, weights: Array) -> tuple[Array, Array]:
    """Cumulated weights of positives and negatives at every distinct score, highest first, (b, m) each."""
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) != 0])
    ordered = weights[:, order]
    positives = np.add.reduceat(ordered * truth[order], starts, axis=1).cumsum(axis=1)
    negatives = np.add.reduceat(ordered * (1 - truth[order]), starts, axis=1).cumsum(axis=1)
    return positives, negatives


def _resamples(params: Mapping[str, Any], rows: int) -> int:
    """As many as the other scorers draw; fewer of so many rows that they would take minutes."""
    return min(int(params.get("resamples", RESAMPLES)), max(LEAST_RESAMPLES, MOST_CELLS // rows))


def _drawn(subject: Classified) -> list[int]:
    """Places of the classes that are drawn: those with rows of their own and others beside them."""
    counts = np.bincount(subject.truth, minlength=len(subject.classes))
    shown = [k for k in range(len(counts)) if 0 < counts[k] < len(subject.truth)]
    if subject.binary:
        return [subject.positive] if subject.positive in shown else []
    return sorted(sorted(shown, key=lambda k: -counts[k])[:MOST_CLASSES])


def _areas(subject: Classified, place: int, labels: Labels, params: Mapping[str, Any]) -> list[Score]:
    truth, score = (subject.truth == place).astype(float), subject.probability[:, place]
    seed, found = int(params.get("seed", 0)), []
    for name, area in (("roc_auc", roc_area), ("pr_auc", average_precision)):

        def of(weights: Weights, area: Any = area) -> Array:
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(area(truth, score, weights), dtype=np.float64)

        drawn = draw(labels.units, seed=seed, resamples=resamples_of(name, subject, params))
        between = None if drawn is None else ends(of(drawn))
        value = float(of(Given(np.ones((1, len(truth)))))[0])
        text = f"this class against the rest, {int(truth.sum())} rows of it"
        if value == 1 and between == (1, 1):  # every resample is perfect too: the bound of a rate without a miss
            sides = [len(np.unique(labels.units[truth == side])) for side in (0, 1)]
            between = without_miss(min(sides)), 1.0
        name = f"class.{name}"
        found.append(Score(name, value, "", *(between or (None, None)), len(truth), subject.classes[place], text))
    return found


def _area_table(subject: Classified, drawn: list[int], areas: list[Score]) -> dict[str, list[Any]]:
    rows = []
    for at, place in enumerate(drawn):
        own = int((subject.truth == place).sum())
        roc, precision = areas[2 * at : 2 * at + 2]
        rows.append([subject.classes[place], own, own / len(subject.truth),
                     roc.value, roc.low, roc.high, precision.value, precision.low, precision.high])  # fmt: skip
    ends = ["roc_auc", "roc_auc low", "roc_auc high", "pr_auc", "pr_auc low", "pr_auc high"]
    return {"columns": ["class", "rows", "prevalence", *ends], "rows": rows}


def _roc(positives: Array, negatives: Array) -> tuple[Array, Array]:
    """(false, true) positive rates at every threshold, from (0, 0) on."""
    start = np.zeros((len(positives), 1))
    return np.c_[start, negatives / negatives[:, -1:]], np.c_[start, positives / positives[:, -1:]]


def _precision_recall(positives: Array, negatives: Array) -> tuple[Array, Array]:
    """(recall, precision) at every threshold."""
    return positives / positives[:, -1:], positives / (positives + negatives)


def _until_all_found(x: Array) -> int:
    """How many thresholds there are until every row of the class is found; lower ones only lose precision."""
    return int(np.argmax(x >= 1)) + 1


def _lines(subject: Classified, place: int, labels: Labels, params: Mapping[str, Any], curve: Any) -> list[list[Any]]:
    """A line for each kept threshold; `low` and `high` only where there are two classes."""
    truth, score = (subject.truth == place).astype(float), subject.probability[:, place]
    x, y = (of[0] for of in curve(*steps(truth, score, np.ones((1, len(truth))))))
    thresholds = np.unique(score)[::-1]
    at = np.r_[np.inf, thresholds] if len(x) > len(thresholds) else thresholds
    end = len(x) if curve is _roc else _until_all_found(x)
    kept = _kept(x[:end], y[:end])
    ends: Any = [(None, None)] * len(kept)
    if subject.binary:
        ends = _band(truth, score, x[kept], labels, params, curve) or ends
    return [
        [subject.classes[place], float(x[k]), float(y[k]), low, high, float(at[k]) if np.isfinite(at[k]) else None]
        for k, (low, high) in zip(kept, ends, strict=True)
    ]


def _kept(x: Array, y: Array) -> NDArray[np.int64]:
    """Places on a curve without those in the midst of a straight line along an axis; at most MOST_POINTS."""
    same = np.zeros(len(x), dtype=bool)
    same[1:-1] = ((np.diff(x)[:-1] == 0) & (np.diff(x)[1:] == 0)) | ((np.diff(y)[:-1] == 0) & (np.diff(y)[1:] == 0))
    corners = np.flatnonzero(~same)
    if len(corners) <= MOST_POINTS:
        return corners
    return corners[np.unique(np.linspace(0, len(corners) - 1, MOST_POINTS).round().astype(int))]


def _band(
    truth: Array, score: Array, places: Array, labels: Labels, params: Mapping[str, Any], curve: Any
) -> list[tuple[float, float]] | None:
    """The interval of a curve's height at each place: of a ROC curve up to there, of a recall that is reached."""
    roc = curve is _roc

    def heights(weights: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            x, y = curve(*steps(truth, score, weights))
        found = np.full((len(weights), len(places)), np.nan)
        for line, (across, up) in enumerate(zip(x, y, strict=True)):
            if np.isfinite(across).all() and roc:
                found[line] = up[np.searchsorted(across, places + 1e-12, side="right") - 1]
            elif np.isfinite(across).all():
                found[line] = up[np.minimum(np.searchsorted(across, places - 1e-12), len(up) - 1)]
        return found

    drawn = resampled(heights, labels.units, seed=int(params.get("seed", 0)), resamples=_resamples(params, len(truth)))
    if drawn is None or np.isnan(drawn).all(axis=0).any():
        return None
    low, high = np.nanquantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [(float(a), float(b)) for a, b in zip(low, high, strict=True)]


SCORERS: dict[str, Scorer] = {"curves": curves}
