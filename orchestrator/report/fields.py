"""Fields on the judge's dense grid, read from the predictions of a run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestrator.core.plan import Plan

Floats = NDArray[np.float64]
REFERENCE_SKILL = "simulate"
ERROR = "Absolute error"
FINEST = 201  # rows or columns drawn of a field; a page need not hold more


@dataclass(frozen=True)
class Axis:
    name: str
    values: Floats
    unit: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True)
class Field:
    """Values (n_vertical, n_horizontal) over two axes; `name` says what they are."""

    title: str
    name: str
    unit: str
    horizontal: Axis
    vertical: Axis
    values: Floats

    def minus(self, other: Field) -> Field | None:
        """The absolute difference, where both lie on the same grid."""
        same = self.values.shape == other.values.shape and all(
            np.allclose(mine.values, its.values)
            for mine, its in ((self.horizontal, other.horizontal), (self.vertical, other.vertical))
        )
        if not same:
            return None
        difference = np.abs(self.values - other.values)
        name = f"|{self.name} − reference|"
        return Field(ERROR, name, self.unit, self.horizontal, self.vertical, difference)


def read_fields(measured: Path, plan: Plan | None) -> tuple[Field, ...]:
    """Prediction, reference and absolute error, as far as the run has them on one grid."""
    found = _grids(measured, plan)
    reference = next((field for step, field in found if _is_reference(step, plan)), None)
    subject = next((field for step, field in reversed(found) if not _is_reference(step, plan)), None)
    shown = [field for field in (subject, reference) if field]
    if subject and reference and (error := subject.minus(reference)):
        shown.append(error)
    return tuple(shown)


def _grids(measured: Path, plan: Plan | None) -> list[tuple[str, Field]]:
    units = _units(plan)
    found = []
    for path in sorted(measured.glob("grid/*/predictions.npz")):
        step = path.parent.name
        title = "Reference" if _is_reference(step, plan) else "Prediction"
        field = read_grid(path, title, units)
        if field:
            found.append((step, field))
    return found


def read_grid(path: Path, title: str, units: dict[str, str]) -> Field | None:
    """A predictions file as a field over its two inputs; None where it is no structured grid."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            if not {"inputs", "outputs", "input_names", "output_names"} <= set(stored.files):
                return None
            inputs, outputs = stored["inputs"].astype(float), stored["outputs"].astype(float)
            names = [str(name) for name in stored["input_names"]]
            output = str(stored["output_names"].ravel()[0])
    except (OSError, ValueError):
        return None  # a damaged file is no field; the evidence table still names it
    if inputs.ndim != 2 or inputs.shape[1] != 2 or len(inputs) != len(outputs):
        return None
    return _structured(inputs, outputs.reshape(len(outputs), -1)[:, 0], names, output, title, units)


def _structured(
    inputs: Floats, values: Floats, names: list[str], output: str, title: str, units: dict[str, str]
) -> Field | None:
    first, second = (np.unique(inputs[:, column]) for column in (0, 1))
    if len(first) * len(second) != len(values) or min(len(first), len(second)) < 2:
        return None
    order = np.lexsort((inputs[:, 0], inputs[:, 1]))  # rows of constant second input, first input ascending
    grid = values[order].reshape(len(second), len(first))
    if names[0] == "t":  # time runs upwards whichever way the file has it
        first, second, grid, names = second, first, grid.T, [names[1], names[0]]
    horizontal, columns = _thin(first)
    vertical, rows = _thin(second)
    return Field(
        title,
        output,
        units.get(output, ""),
        Axis(names[0], horizontal, units.get(names[0], "")),
        Axis(names[1], vertical, units.get(names[1], "")),
        grid[np.ix_(rows, columns)],
    )


def _thin(values: Floats) -> tuple[Floats, NDArray[np.int64]]:
    kept = np.unique(np.linspace(0, len(values) - 1, min(len(values), FINEST)).round().astype(np.int64))
    return values[kept], kept


def _is_reference(step: str, plan: Plan | None) -> bool:
    """A solver's field is the reference where the plan also trains something; alone it is the result."""
    if plan is None:
        return step == "reference"
    skills = {inner.id: inner.skill_name for top in plan.steps for inner in (top, *top.body)}
    only_solver = all(skill in {REFERENCE_SKILL, "physics"} for skill in skills.values())
    return not only_solver and skills.get(step, "") == REFERENCE_SKILL


def _units(plan: Plan | None) -> dict[str, str]:
    units = (plan.problem or {}).get("units") if plan else None
    return {str(name): str(unit) for name, unit in units.items()} if isinstance(units, dict) else {}
