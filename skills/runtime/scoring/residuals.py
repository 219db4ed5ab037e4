"""How the errors of a regression lie: against its predictions, as a histogram, and inside its intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import RESAMPLES, draw, ends
from skills.runtime.scoring.gaps import wilson
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import Regressed
from skills.runtime.scoring.tables import NO_INTERVAL, Labels, Unmatched, read_labels, read_predictions, read_subject

Array = NDArray[np.float64]

CELLS = 100  # along each side of the picture: labels are sealed, so no error is told to its last digit
MOST_DOTS = 2000
BARS = 30
FIFTHS = 5
LEAST_OF_A_FIFTH = 20


def residuals(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """Score `mean_error`, prediction less truth; tables of prediction less truth against the prediction.

    `residuals-SUBJECT` counts rows in cells of a grid (at most MOST_DOTS of them, drawn at random), `errors-SUBJECT` is
    a histogram, and `intervals-SUBJECT` the share of labels inside the predicted intervals by fifths of the prediction.
    """
    subject, labels = str(params.get("subject", "")), read_labels(files["labels"])
    try:
        found = read_subject(files["predictions"], labels, params)
    except (Unmatched, ValueError) as wrong:
        return unmeasured("mean_error", str(wrong), subject=subject)
    if not isinstance(found, Regressed):
        return unmeasured("mean_error", "the labels are classes, not numbers", subject=subject)
    error, n = found.error, len(found.truth)
    seed, resamples = int(params.get("seed", 0)), int(params.get("resamples", RESAMPLES))

    drawn = draw(labels.units, seed=seed, resamples=resamples)
    sums = None if drawn is None else drawn.sums(np.c_[error, np.ones(n)])
    between = None if sums is None else ends(sums[:, 0] / sums[:, 1])
    how = f"95 % bootstrap interval over {labels.drawn}" if between else NO_INTERVAL
    text = f"prediction less truth, above 0 where it predicts too much; {how}"
    unit = str(params.get("unit", ""))
    score = Score("mean_error", float(error.mean()), unit, *(between or (None, None)), n, subject, text)
    tables = {f"residuals-{subject}": _cells(found, seed), f"errors-{subject}": _histogram(error)}
    covered = _covered(files["predictions"], labels, found, float(params.get("nominal", 0.9)))
    return Scored((score,), tables | ({f"intervals-{subject}": covered} if covered else {}))


def _cells(found: Regressed, seed: int) -> dict[str, list[Any]]:
    """Middles of the cells that hold rows, and how many."""
    x, across = _snapped(found.predicted)
    y, up = _snapped(found.error)
    cells, counts = np.unique(np.stack([x, y], axis=1), axis=0, return_counts=True)
    if len(cells) > MOST_DOTS:
        kept = np.sort(np.random.default_rng(seed).choice(len(cells), MOST_DOTS, replace=False))
        cells, counts = cells[kept], counts[kept]
    rows = [[float(across[i]), float(up[j]), int(count)] for (i, j), count in zip(cells, counts, strict=True)]
    return {"columns": ["predicted", "error", "rows"], "rows": rows}


def _snapped(values: Array) -> tuple[NDArray[np.int64], Array]:
    """(cell of every value, middle of every cell); one cell where all values are equal."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros(len(values), dtype=np.int64), np.array([low])
    edges = np.linspace(low, high, CELLS + 1)
    place = np.clip(np.searchsorted(edges, values, side="right") - 1, 0, CELLS - 1)
    return place.astype(np.int64), (edges[:-1] + edges[1:]) / 2


def _histogram(error: Array) -> dict[str, list[Any]]:
    counts, edges = np.histogram(error, bins=BARS)
    rows = [[float(edges[k]), float(edges[k + 1]), int(counts[k])] for k in range(BARS)]
    return {"columns": ["from", "to", "rows"], "rows": rows}


def _covered(path: Path, labels: Labels, found: Regressed, nominal: float) -> dict[str, list[Any]] | None:
    """Coverage by fifths of the prediction, with Wilson's intervals; None without intervals or with too few rows."""
    outputs, names = read_predictions(path, labels)
    low, high = (_end(outputs, names, end) for end in (".low", ".high"))
    if low is None or high is None or len(found.truth) < FIFTHS * LEAST_OF_A_FIFTH:
        return None
    inside = (found.truth >= low) & (found.truth <= high)
    rows = []
    for own in np.array_split(np.argsort(found.predicted, kind="stable"), FIFTHS):
        units = np.array([len(np.unique(labels.units[own]))], dtype=float)
        share = float(inside[own].mean())
        ends = wilson(np.array([share]), units)[0]
        middle, width = float(np.median(found.predicted[own])), float((high - low)[own].mean())
        rows.append([middle, share, float(ends[0]), float(ends[1]), width, len(own), nominal])
    return {"columns": ["predicted", "inside", "low", "high", "width", "rows", "promised"], "rows": rows}


def _end(outputs: Array, names: tuple[str, ...], end: str) -> Array | None:
    found = [place for place, name in enumerate(names) if name.endswith(end)]
    return outputs[:, found[0]] if len(found) == 1 else None


SCORERS: dict[str, Scorer] = {"residuals": residuals}
