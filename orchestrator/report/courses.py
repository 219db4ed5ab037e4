"""Outputs over one axis, such as the solution of a system in time, and phase portraits of pairs of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from orchestrator.report.grids import TIME, Axis, Grids

Floats = NDArray[np.float64]
MOST_PORTRAITS = 3
FINEST = 2000  # points drawn of a line


@dataclass(frozen=True)
class Course:
    """One output over the axis; the reference is None where there is none."""

    name: str
    unit: str
    axis: Axis
    values: Floats
    reference: Floats | None

    @property
    def label(self) -> str:
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True)
class Portrait:
    """Two outputs against each other."""

    across: Course
    up: Course


def courses(grids: Grids) -> tuple[Course, ...]:
    """Every output of a grid with one axis; none of any other."""
    subject, reference = grids.subject, grids.reference
    if subject is None or len(subject.axes) != 1:
        return ()
    (axis,) = subject.axes
    kept = np.unique(np.linspace(0, len(axis.values) - 1, min(len(axis.values), FINEST)).round().astype(np.int64))
    thinned = Axis(axis.name, axis.values[kept], axis.unit)
    truth = reference.outputs if reference else {}
    return tuple(
        Course(name, subject.units.get(name, ""), thinned, values[kept], truth[name][kept] if name in truth else None)
        for name, values in subject.outputs.items()
    )


def portraits(found: tuple[Course, ...]) -> tuple[Portrait, ...]:
    """Phase portraits of a system in time: every pair of its first outputs."""
    if len(found) < 2 or found[0].axis.name != TIME:
        return ()
    pairs = list(combinations(found, 2))[:MOST_PORTRAITS]
    return tuple(Portrait(across, up) for across, up in pairs)
