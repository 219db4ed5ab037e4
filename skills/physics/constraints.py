"""The laws of a problem as a file: written before a model exists, read when one is verified."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from skills.physics.laws import Law, laws
from skills.physics.spec import Spec
from skills.runtime.fields import scale, slope_scale
from skills.runtime.job import UserMistake, write_json
from skills.runtime.parabolic import Parabolic as Problem

FILE = "constraints.json"
SAMPLES = 101

# How far a solution with a relative error of 1 may miss each law. Derivatives amplify an error; sharp fronts need more.
FACTORS = {
    "residual": 100.0,
    "initial_error": 10.0,
    "boundary_error": 10.0,
    "maximum_principle": 10.0,
    "mass": 10.0,
    "energy": 10.0,
}
NUMBERS = {
    "maximum_principle": {"lower_bound", "upper_bound"},
    "mass": {"initial_mass", "mass_rate"},
    "energy": {"energy_rate"},
}
Name = Literal["residual", "initial_error", "boundary_error", "maximum_principle", "mass", "energy"]


class Entry(BaseModel):
    """One law as the file holds it, with the tolerance that it is tested at."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    name: Name
    applies: bool
    expected: str = ""
    reason: str = ""
    tolerance: float = Field(gt=0)
    numbers: dict[str, float] = {}

    @model_validator(mode="after")
    def _whole(self) -> Entry:
        if self.applies == bool(self.reason):
            raise ValueError(f"law {self.name!r} must either apply or say why not")
        if self.applies and (missing := NUMBERS.get(self.name, set()) - self.numbers.keys()):
            raise ValueError(f"law {self.name!r} predicts no {' and no '.join(sorted(missing))}")
        return self

    @property
    def law(self) -> Law:
        return Law(self.name, self.expected, self.reason, self.numbers)


class Constraints(BaseModel):
    """What every solution of `problem` obeys, and the sizes that make it dimensionless."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    problem: Problem
    scales: dict[str, float]
    laws: tuple[Entry, ...]

    @model_validator(mode="after")
    def _all_laws(self) -> Constraints:
        if sorted(entry.name for entry in self.laws) != sorted(FACTORS):
            raise ValueError(f"exactly one of each law is wanted: {', '.join(FACTORS)}")
        return self

    def entry(self, name: str) -> Entry:
        return next(entry for entry in self.laws if entry.name == name)


def derived(spec: Spec) -> Constraints:
    """From the statement of the problem alone."""
    entries = tuple(
        Entry(
            name=law.name, applies=law.applies, expected=law.expected, reason=law.reason,
            tolerance=FACTORS[law.name] * spec.tolerance, numbers=law.numbers,
        )
        for law in laws(spec.problem)
    )  # fmt: skip
    return Constraints(problem=spec.problem, scales=_scales(spec.problem), laws=entries)


def write(constraints: Constraints, folder: Path) -> None:
    write_json(folder / FILE, constraints.model_dump(mode="json"))


def read(folder: Path, problem: Problem) -> Constraints:
    """What a `constraints` step left in its out folder. Raises UserMistake for another problem or a file beyond use."""
    try:
        found = Constraints.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise UserMistake(f"{FILE} cannot be used: {error}", "need a step of mode 'constraints'") from error
    if found.problem != problem:
        raise UserMistake(f"{FILE} was derived for another problem", "give both steps the same problem")
    return found


def _scales(problem: Problem) -> dict[str, float]:
    """The sizes that make the problem dimensionless; péclet compares advection with diffusion over the whole length."""
    x, t = (part.ravel() for part in np.meshgrid(problem.grid("x", SAMPLES), problem.grid("t", SAMPLES)))
    diffusion = float(problem.coefficient("diffusion", x, t).max())
    drift = float(np.abs(problem.coefficient("advection", x, t)).max())
    length = problem.x[1] - problem.x[0]
    return {
        "scale_u": scale(problem),
        "scale_slope": slope_scale(problem),
        "diffusion_time": length**2 / (np.pi**2 * diffusion),
        "peclet": drift * length / diffusion,
    }
