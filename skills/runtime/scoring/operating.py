"""Scorers of decisions: a chosen threshold, and sets of classes, on the sealed rows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import RESAMPLES, draw, ends
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import Classified, Regressed, weighted
from skills.runtime.scoring.tables import Labels, Unmatched, read_labels, read_predictions, read_subject
from skills.runtime.scoring.weights import Given, Weights

Array = NDArray[np.float64]
OF_A_THRESHOLD = ("recall", "precision", "f1", "accuracy", "balanced_accuracy")


def operating_point(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """Recall, precision, F1, accuracies and `false_positive_rate` of hard decisions, ones and zeros of two classes."""
    subject, labels = str(params.get("subject", "")), read_labels(files["labels"])
    try:
        found = _hard(files["predictions"], labels, params)
    except (Unmatched, ValueError) as wrong:
        return unmeasured("recall", str(wrong), subject=subject)

    def false_positives(weights: Weights) -> Array:
        negative = (found.truth != found.positive).astype(float)
        alarms, negatives = weights.sums(np.c_[negative * (found.predicted == found.positive), negative]).T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(alarms / negatives, dtype=np.float64)

    functions = {name: (lambda weights, name=name: weighted(name, found, weights)) for name in OF_A_THRESHOLD}
    told = f"positive class {found.classes[found.positive]!r}"
    return Scored(
        tuple(
            _score(name, function, labels, params, told)
            for name, function in {**functions, "false_positive_rate": false_positives}.items()
        )
    )


def set_coverage(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """The share of sets that hold the true class, with Wilson's interval at 95 %, and `set_size`, their mean size."""
    subject, labels = str(params.get("subject", "")), read_labels(files["labels"])
    try:
        outputs, names = read_predictions(files["predictions"], labels)
    except Unmatched as wrong:
        return unmeasured("set_coverage", str(wrong), subject=subject)
    if not np.isin(outputs, (0.0, 1.0)).all():
        return unmeasured("set_coverage", "the sets are not ones and zeros", subject=subject)
    place = {name: at for at, name in enumerate(names)}
    held = np.asarray([name in place and outputs[row, place[name]] == 1 for row, name in enumerate(labels.values)])
    n, share, z = len(held), float(held.mean()), 1.959964
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    promised = float(params.get("nominal", 0.9))
    text = f"{int(held.sum())} of {n} sets hold the true class; {promised:g} at least was promised"
    size = Score("set_size", float(outputs.sum(axis=1).mean()), n=n, subject=subject)
    return Scored((Score("set_coverage", share, "", centre - half, centre + half, n, subject, text), size))


def _of_classes(path: Path, labels: Labels, params: Mapping[str, Any]) -> Classified:
    found = read_subject(path, labels, params)
    if isinstance(found, Regressed):
        raise Unmatched("the labels are numbers, not classes")
    return found


def _hard(path: Path, labels: Labels, params: Mapping[str, Any]) -> Classified:
    found = _of_classes(path, labels, params)
    if not found.binary or not np.isin(found.probability, (0.0, 1.0)).all():
        raise Unmatched("the decisions are not ones and zeros of two classes")
    return found


def _score(name: str, function: Any, labels: Labels, params: Mapping[str, Any], told: str) -> Score:
    subject, n = str(params.get("subject", "")), len(labels.row_ids)
    found = float(function(Given(np.ones((1, n))))[0])
    if not np.isfinite(found):
        return Score(name, None, n=n, subject=subject, text="the test rows do not hold what it needs")
    seed, resamples = int(params.get("seed", 0)), int(params.get("resamples", RESAMPLES))
    drawn = draw(labels.units, seed=seed, resamples=resamples)
    low, high = (drawn and ends(function(drawn))) or (None, None)
    return Score(name, found, "", low, high, n, subject, f"{told}; 95 % bootstrap interval over {labels.drawn}")


SCORERS: dict[str, Scorer] = {
    "operating_point": operating_point,
    "set_coverage": set_coverage,
}
