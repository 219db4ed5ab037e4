"""What is fitted on the validation rows: a threshold, a recalibration, a width of intervals, a size of sets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from skills.evaluate.spec import Bound, OperatingPoint

Floats = NDArray[np.float64]
TINY = 1e-6
ISOTONIC_ROWS = 1000  # validation rows from which isotonic regression is taken, as its authors advise
ISOTONIC_CLASS = 100  # of the rarer class among them
TEMPERATURES = np.geomspace(0.05, 20.0, 241)


def conformal_rank(scores: Floats, coverage: float) -> float:
    """The score that holds `coverage` of new rows: the ceil((n + 1) coverage)-th smallest, the largest of few.

    Split-conformal prediction: Lei et al. (2018), doi:10.1080/01621459.2017.1307116. It assumes exchangeable rows.
    """
    rank = min(int(np.ceil((len(scores) + 1) * coverage)), len(scores))
    return float(np.sort(scores)[rank - 1])


def class_set_limit(probability: Floats, truth: NDArray[np.int64], coverage: float) -> float:
    """The least probability of a class in a set, so that sets hold the truth in `coverage` of new rows.

    Least ambiguous sets: Sadinle, Lei and Wasserman (2019), doi:10.1080/01621459.2017.1395341.
    """
    return 1.0 - conformal_rank(1.0 - probability[np.arange(len(truth)), truth], coverage)


def choose_threshold(score: Floats, positive: NDArray[np.bool_], point: OperatingPoint) -> dict[str, Any]:
    """The threshold (a row is positive at or above it) with the best value that keeps to the bound.

    Where none keeps to it, the one that comes nearest, with `met` false.
    """
    levels = np.unique(score)[::-1]
    above = score[:, None] >= levels[None, :] if len(score) * len(levels) <= 4_000_000 else None
    if above is None:
        levels = np.unique(np.quantile(score, np.linspace(0, 1, 1001)))[::-1]
        above = score[:, None] >= levels[None, :]
    hits, alarms = (above & positive[:, None]).sum(axis=0), (above & ~positive[:, None]).sum(axis=0)
    rates = _rates(hits.astype(float), alarms.astype(float), float(positive.sum()), float((~positive).sum()))
    found = rates[point.maximize]
    allowed = np.ones(len(levels), dtype=np.bool_) if point.bound is None else _kept(rates, point.bound)
    if allowed.any():
        best = int(np.argmax(np.where(allowed, found, -np.inf)))
    else:
        assert point.bound is not None
        best = int(np.argmin(_missed_by(rates, point.bound)))
    told = {name: float(values[best]) for name, values in rates.items()}
    return {"threshold": float(levels[best]), "met": bool(allowed.any()), "validation": told, "rows": len(score)}


def fit_recalibration(probability: Floats, truth: NDArray[np.int64]) -> dict[str, Any]:
    """A map to probabilities that match the shares seen.

    Two classes: isotonic regression from many rows (Zadrozny and Elkan 2002, doi:10.1145/775047.775151), else Platt's
    logistic map of the log odds. More classes: one temperature (Guo et al. 2017, arXiv:1706.04599).
    """
    classes = probability.shape[1]
    if classes > 2:
        losses = [_log_loss(_tempered(probability, one), truth) for one in TEMPERATURES]
        return {"method": "temperature", "temperature": float(TEMPERATURES[int(np.argmin(losses))]), "rows": len(truth)}
    positive = probability[:, 1]
    if len(truth) >= ISOTONIC_ROWS and min(np.bincount(truth, minlength=2)) >= ISOTONIC_CLASS:
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(positive, truth)
        steps = {"x": fitted.X_thresholds_.tolist(), "y": fitted.y_thresholds_.tolist()}
        return {"method": "isotonic", **steps, "rows": len(truth)}
    fitted = LogisticRegression(C=1e6, max_iter=1000).fit(_log_odds(positive)[:, None], truth)
    return {
        "method": "platt", "slope": float(fitted.coef_[0, 0]), "shift": float(fitted.intercept_[0]), "rows": len(truth)
    }  # fmt: skip


def recalibrated(probability: Floats, told: dict[str, Any]) -> Floats:
    """The probabilities through a fitted map."""
    if told["method"] == "temperature":
        return _tempered(probability, told["temperature"])
    if told["method"] == "isotonic":
        positive = np.interp(probability[:, 1], told["x"], told["y"])
    else:
        positive = 1.0 / (1.0 + np.exp(-(told["slope"] * _log_odds(probability[:, 1]) + told["shift"])))
    return np.stack([1.0 - positive, positive], axis=1)


def _rates(hits: Floats, alarms: Floats, positives: float, negatives: float) -> dict[str, Floats]:
    recall, false = hits / max(positives, 1.0), alarms / max(negatives, 1.0)
    return {
        "recall": recall,
        "false_positive_rate": false,
        "precision": hits / np.maximum(hits + alarms, 1.0),
        "f1": 2 * hits / (hits + alarms + positives),
        "accuracy": (hits + negatives - alarms) / (positives + negatives),
        "balanced_accuracy": (recall + 1.0 - false) / 2,
    }


def _kept(rates: dict[str, Floats], bound: Bound) -> NDArray[np.bool_]:
    return _missed_by(rates, bound) <= 0


def _missed_by(rates: dict[str, Floats], bound: Bound) -> Floats:
    found = rates[bound.metric]
    return bound.at_least - found if bound.at_least is not None else found - (bound.at_most or 0.0)


def _log_odds(probability: Floats) -> Floats:
    inside = np.clip(probability, TINY, 1 - TINY)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)


def _tempered(probability: Floats, temperature: float) -> Floats:
    powers = np.clip(probability, TINY, 1.0) ** (1.0 / temperature)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)


def _log_loss(probability: Floats, truth: NDArray[np.int64]) -> float:
    return float(-np.log(np.clip(probability[np.arange(len(truth)), truth], 1e-12, 1.0)).mean())
