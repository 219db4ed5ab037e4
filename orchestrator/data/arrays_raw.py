"""What a reader of array data gives: arrays as they stand in the file, and its labels as text or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair
from orchestrator.data.columns import class_name

MOST_CLASSES = 1000


@dataclass(frozen=True)
class Raw:
    """`inputs` (n, …) and `labels` (n,), the arrays' own names, and what was changed while they were read."""

    inputs: NDArray[np.generic]
    labels: NDArray[np.generic]
    name: str
    target: str
    groups: NDArray[np.str_] | None = None
    repairs: tuple[Repair, ...] = ()


Settled = tuple[NDArray[np.generic], tuple[Repair, ...]]


def settled_labels(path: Path, labels: NDArray[np.generic], name: str) -> Settled:
    """Labels as text (n,) where they name classes (text, booleans, whole numbers), else as float64.

    Rows of zeros and a single one are one-hot codes, which become the place of the one.
    Raises: BadInput for labels of any other shape or type.
    """
    repairs: tuple[Repair, ...] = ()
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and labels.dtype.kind in "buif" and _one_hot(labels):
        reason = f"{name!r} holds one-hot codes of {labels.shape[1]} classes; the place of the one is the class"
        repairs = (Repair(kind="one_hot", columns=(name,), rows=len(labels), reason=reason),)
        labels = np.argmax(labels, axis=1)
    if labels.ndim != 1:
        raise BadInput(
            f"the labels {name!r} of {str(path)!r} have the shape {labels.shape}; (n,) is wanted",
            remedy="give one label a sample",
        )
    if labels.dtype.kind == "S":
        labels = np.char.decode(labels.astype(np.bytes_), "utf-8", "replace")
    if labels.dtype.kind == "U":
        return np.char.strip(labels.astype(np.str_)), repairs
    if labels.dtype.kind == "b":
        return labels.astype(np.int64).astype(np.str_), repairs
    if labels.dtype.kind not in "uif":
        raise BadInput(
            f"the labels {name!r} of {str(path)!r} hold {labels.dtype}; text or numbers are wanted",
            remedy="save them as numbers or text",
        )
    return _classes_or_numbers(labels), repairs


def _classes_or_numbers(labels: NDArray[np.generic]) -> NDArray[np.generic]:
    """Whole numbers that repeat are classes; a missing one among them is the empty text."""
    values = np.asarray(labels, dtype=np.float64)
    present = values[np.isfinite(values)]
    different = len(np.unique(present))
    if not len(present) or (present != np.round(present)).any() or different > min(MOST_CLASSES, len(present) / 2):
        return values
    return np.array([class_name(int(value)) if np.isfinite(value) else "" for value in values], dtype=np.str_)


def _one_hot(labels: NDArray[np.generic]) -> bool:
    values = np.asarray(labels, dtype=np.float64)
    return bool(np.isin(values, (0.0, 1.0)).all() and (values.sum(axis=1) == 1).all())
