"""Weights of classes, where the metric counts rare classes as much as common ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.tabular.spec import Spec

COUNTS_CLASSES = ("balanced_accuracy", "f1", "recall")
IMBALANCED = 2.0  # the commonest class is so many times the rarest


@dataclass(frozen=True)
class Weighing:
    """Whether classes are weighed alike, why, and how many times the rows of the rarest the commonest class has."""

    used: bool
    why: str
    ratio: float | None = None


def settled(spec: Spec, target: NDArray[Any]) -> tuple[Spec, Weighing]:
    """The spec with `class_weights` decided on all training rows, and why.

    Weighted training moves the threshold to where every class counts alike, and spoils probabilities for it. So
    metrics of ranking and of probability (ROC AUC, log loss) go without, unless the spec names weights.
    """
    if spec.task == "regression":
        found = Weighing(False, "a number has no classes")
    else:
        counts = np.unique(target, return_counts=True)[1]
        found = _weighing(spec, float(counts.max() / counts.min()))
    return spec.model_copy(update={"class_weights": "balanced" if found.used else "none"}), found


def _weighing(spec: Spec, ratio: float) -> Weighing:
    told = f"the commonest class has {ratio:.3g} times the rows of the rarest"
    if spec.class_weights != "auto":
        return Weighing(spec.class_weights == "balanced", f"named in the request; {told}", ratio)
    if spec.metric not in COUNTS_CLASSES:
        return Weighing(False, f"{spec.metric} wants the classes as they come; {told}", ratio)
    if ratio < IMBALANCED:
        return Weighing(False, f"{told}: balanced enough", ratio)
    return Weighing(True, f"{told}, and {spec.metric} counts rare ones in full", ratio)


def row_weights(spec: Spec, target: NDArray[Any]) -> NDArray[np.float64] | None:
    """One weight a row (mean 1), such that every class weighs alike; None where classes are not weighted."""
    if spec.class_weights != "balanced":
        return None
    _, codes, counts = np.unique(target, return_inverse=True, return_counts=True)
    return np.asarray(len(target) / (len(counts) * counts[codes]), dtype=np.float64)
