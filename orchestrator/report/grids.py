"""A model's outputs on a tensor grid, read from a predictions file of a run; what is no grid is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestrator.core.plan import Plan
from orchestrator.core.schedule import holds

Floats = NDArray[np.float64]
REFERENCE_SKILL = "simulate"
SOLVERS = {REFERENCE_SKILL, "physics"}
TIME = "t"
LARGEST = 4_000_000  # values that a page is ready to look at


@dataclass(frozen=True)
class Axis:
    name: str
    values: Floats
    unit: str = ""

    @property
    def label(self) -> str:
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True)
class Grid:
    """Outputs by name, each an array with one dimension an axis; space first, time last."""

    axes: tuple[Axis, ...]
    outputs: dict[str, Floats]
    units: dict[str, str]


@dataclass(frozen=True)
class Grids:
    """What the report compares: the subject's grid, and the reference's where it lies on the same axes."""

    subject: Grid | None
    reference: Grid | None


def read_grids(measured: Path, plan: Plan | None) -> Grids:
    """The subject's and the reference's grids of a run; a solver alone is the subject."""
    units = _units(plan)
    found = []
    for path in sorted(measured.glob("grid/*/predictions.npz")):
        step = path.parent.name
        if (plan is None or holds(plan, step)) and (grid := read_grid(path, units)):
            found.append((step, grid))
    reference = next((grid for step, grid in found if _is_reference(step, plan)), None)
    subject = next((grid for step, grid in reversed(found) if _is_subject(step, plan)), None)
    if subject and reference and not _same_axes(subject, reference):
        reference = None
    return Grids(subject, reference) if subject else Grids(reference, None)


def read_grid(path: Path, units: dict[str, str]) -> Grid | None:
    """A predictions file as a grid; None where its points are no tensor grid or the file is damaged."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            if not {"inputs", "outputs", "input_names", "output_names"} <= set(stored.files):
                return None
            inputs, outputs = stored["inputs"].astype(float), stored["outputs"].astype(float)
            names = [str(name) for name in stored["input_names"]]
            fields = [str(name) for name in stored["output_names"].ravel()]
    except (OSError, ValueError):
        return None  # a damaged file is no field; the evidence table still names it
    if inputs.ndim != 2 or inputs.shape[1] != len(names) or len(inputs) != len(outputs) or outputs.size > LARGEST:
        return None
    return _structured(inputs, outputs.reshape(len(outputs), -1), names, fields, units)


def _structured(
    inputs: Floats, outputs: Floats, names: list[str], fields: list[str], units: dict[str, str]
) -> Grid | None:
    order = sorted(range(len(names)), key=lambda place: names[place] == TIME)
    columns = [np.unique(inputs[:, place]) for place in order]
    shape = tuple(len(values) for values in columns)
    if int(np.prod(shape)) != len(outputs) or min(shape) < 2 or len(fields) > outputs.shape[1]:
        return None
    rows = np.lexsort(tuple(inputs[:, place] for place in reversed(order)))
    axes = tuple(
        Axis(names[place], values, units.get(names[place], "")) for place, values in zip(order, columns, strict=True)
    )
    held = {name: outputs[rows, column].reshape(shape) for column, name in enumerate(fields)}
    return Grid(axes, held, units)


def _same_axes(one: Grid, other: Grid) -> bool:
    return len(one.axes) == len(other.axes) and all(
        mine.name == its.name and mine.values.shape == its.values.shape and np.allclose(mine.values, its.values)
        for mine, its in zip(one.axes, other.axes, strict=True)
    )


def _skill(step: str, plan: Plan) -> str:
    return {inner.id: inner.skill_name for top in plan.steps for inner in (top, *top.body)}.get(step, "")


def _is_reference(step: str, plan: Plan | None) -> bool:
    """A solver's field is the reference where the plan also trains something; alone it is the result."""
    if plan is None:
        return step == "reference"
    skills = {inner.skill_name for top in plan.steps for inner in (top, *top.body) if inner.kind != "loop"}
    return not skills <= SOLVERS and _skill(step, plan) == REFERENCE_SKILL and step != "classical"


def _is_subject(step: str, plan: Plan | None) -> bool:
    """Neither the reference nor a classical opponent."""
    return not _is_reference(step, plan) and step != "classical"


def _units(plan: Plan | None) -> dict[str, str]:
    units = (plan.problem or {}).get("units") if plan else None
    return {str(name): str(unit) for name, unit in units.items()} if isinstance(units, dict) else {}
