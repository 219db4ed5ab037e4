"""Weights of classes, where the metric counts rare classes as much as common ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.tabular.spec import Spec

COUNTS_CLASSES = ("balanced_accuracy", "f1", "recall")
IMBALANCED = 2.0  # the commonest class is so many times the rarest


def settled(spec: Spec, target: NDArray[Any]) -> tuple[Spec, str]:
    """The spec with `class_weights` decided on all training rows, and why.

    Weighted training moves the threshold to where every class counts alike, and spoils probabilities for it. So
    metrics of ranking and of probability (ROC AUC, log loss) go without.
    """
    if spec.task == "regression":
        return spec.model_copy(update={"class_weights": "none"}), "a number has no classes"
    if spec.class_weights != "auto":
        return spec, "named in the spec"
    counts = np.unique(target, return_counts=True)[1]
    ratio = float(counts.max() / counts.min())
    told = f"the commonest class has {ratio:.3g} times the rows of the rarest"
    if spec.metric not in COUNTS_CLASSES:
        return spec.model_copy(
            update={"class_weights": "none"}
        ), f"{spec.metric} wants the classes as they come; {told}"
    if ratio < IMBALANCED:
        return spec.model_copy(update={"class_weights": "none"}), f"{told}: balanced enough"
    return spec.model_copy(update={"class_weights": "balanced"}), f"{told}, and {spec.metric} counts rare ones in full"


def row_weights(spec: Spec, target: NDArray[Any]) -> NDArray[np.float64] | None:
    """One weight a row (mean 1), such that every class weighs alike; None where classes are not weighted."""
    if spec.class_weights != "balanced":
        return None
    _, codes, counts = np.unique(target, return_inverse=True, return_counts=True)
    return np.asarray(len(target) / (len(counts) * counts[codes]), dtype=np.float64)
