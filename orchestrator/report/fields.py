"""Fields over two axes: prediction, reference and error of every output; slices of what has three axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.report.grids import Axis, Grid, Grids

Floats = NDArray[np.float64]
ERROR = "Absolute error"
FINEST = 201  # rows or columns drawn of a field; a page need not hold more
MOST = 4  # outputs of which fields are drawn


@dataclass(frozen=True)
class Field:
    """Values (n_vertical, n_horizontal) over two axes; `name` says what they are, `where` at which slice."""

    title: str
    name: str
    unit: str
    horizontal: Axis
    vertical: Axis
    values: Floats
    where: str = ""


@dataclass(frozen=True)
class Stack:
    """One output at one slice: its prediction, and where there is a reference, that and the error."""

    name: str
    where: str
    fields: tuple[Field, ...]

    @property
    def limits(self) -> tuple[float, float]:
        """The scale that prediction and reference share, so that what looks equal is equal."""
        shared = np.concatenate([field.values.ravel() for field in self.fields if field.title != ERROR])
        finite = shared[np.isfinite(shared)]
        return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)


def stacks(grids: Grids) -> tuple[Stack, ...]:
    """The fields to draw: all of a plane, the first and the last time (or place) of a volume; none of a line."""
    subject = grids.subject
    if subject is None or len(subject.axes) not in (2, 3):
        return ()
    names = list(subject.outputs)[:MOST]
    if len(subject.axes) == 2:
        return tuple(_stack(grids, name, None) for name in names)
    count = len(subject.axes[2].values)
    return tuple(_stack(grids, name, place) for name in names for place in (count // 2, count - 1))


def _stack(grids: Grids, name: str, place: int | None) -> Stack:
    assert grids.subject is not None
    own = _field(grids.subject, name, place, "Prediction")
    fields = [own]
    if grids.reference and name in grids.reference.outputs:
        truth = _field(grids.reference, name, place, "Reference")
        difference = np.abs(own.values - truth.values)
        error = Field(ERROR, f"|{name} − reference|", own.unit, own.horizontal, own.vertical, difference, own.where)
        fields += [truth, error]
    return Stack(name, own.where, tuple(fields))


def _field(grid: Grid, name: str, place: int | None, title: str) -> Field:
    first, second = grid.axes[:2]
    values, where = grid.outputs[name], ""
    if place is not None:
        third = grid.axes[2]
        values = values[:, :, place]
        where = f"{third.name} = {third.values[place]:.4g}{' ' + third.unit if third.unit else ''}"
    columns, rows = _thin(len(first.values)), _thin(len(second.values))
    return Field(
        title,
        name,
        grid.units.get(name, ""),
        Axis(first.name, first.values[columns], first.unit),
        Axis(second.name, second.values[rows], second.unit),
        values.T[np.ix_(rows, columns)],
        where,
    )


def _thin(count: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, FINEST)).round().astype(np.int64))
