"""The residual of the equations at the judge's random points, as the scorers left it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Residuals:
    """One equation's relative residual (n,) at points (n, d)."""

    name: str
    names: tuple[str, ...]
    points: Floats
    values: Floats


def read_residuals(measured: Path) -> tuple[Residuals, ...]:
    """The residual map of each equation; none where the run has none or the file is damaged."""
    found = []
    for path in sorted(measured.glob("**/residual.npz")):
        try:
            with np.load(path, allow_pickle=False) as held:
                points, values = held["inputs"].astype(float), held["outputs"].astype(float)
                names = tuple(str(name) for name in held["input_names"])
                labels = [str(name) for name in held["output_names"].ravel()]
        except (OSError, ValueError, KeyError):
            continue  # the evidence table still names the residual
        if points.ndim == 2 and values.ndim == 2 and points.shape == (len(values), len(names)):
            for label, column in zip(labels, values.T, strict=False):
                found.append(Residuals(label, names, points, np.abs(column)))
    return tuple(found)
