"""The laws of a problem as a file: written before a model exists, read when one is verified."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from skills.physics.spec import Spec
from skills.runtime.job import UserMistake, write_json
from skills.runtime.laws import Law, derive
from skills.runtime.problem import Problem

FILE = "constraints.json"
# How far a solution with a relative error of 1 may miss what is asked of it everywhere. A heuristic: derivatives
# amplify an error, and sharp fronts more than this.
STATED = {"residual": 100.0, "initial_error": 10.0, "boundary_error": 10.0}


class Entry(BaseModel):
    """One law as the file holds it, with the bound that it is tested at."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    law: Law
    bound: float = Field(ge=0)

    @model_validator(mode="after")
    def _whole(self) -> Entry:
        if self.law.applies != bool(self.law.statement):
            raise ValueError(f"law {self.law.name!r} must either apply or say why not")
        return self


class Constraints(BaseModel):
    """What every solution of `problem` obeys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    problem: Problem
    tolerance: float = Field(gt=0)
    laws: tuple[Entry, ...]

    @model_validator(mode="after")
    def _all_laws(self) -> Constraints:
        wanted = sorted((*STATED, *(law.name for law in derive(self.problem))))
        if sorted(entry.law.name for entry in self.laws) != wanted:
            raise ValueError(f"exactly one of each law is wanted: {', '.join(wanted)}")
        return self

    def entry(self, name: str) -> Entry:
        return next(entry for entry in self.laws if entry.law.name == name)


def derived(problem: Problem, tolerance: float) -> Constraints:
    """From the statement of the problem alone."""
    laws = (*_stated(problem), *derive(problem))
    entries = tuple(Entry(law=law, bound=law.factor * tolerance) for law in laws)
    return Constraints(problem=problem, tolerance=tolerance, laws=entries)


def write(constraints: Constraints, folder: Path) -> None:
    write_json(folder / FILE, constraints.model_dump(mode="json"))


def read(folder: Path, spec: Spec) -> Constraints:
    """What a `constraints` step left in its out folder. Raises UserMistake for another problem or a file beyond use."""
    try:
        found = Constraints.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError) as error:
        raise UserMistake(f"{FILE} cannot be used: {error}", "need a step of mode 'constraints'") from error
    if found.problem != spec.problem:
        raise UserMistake(f"{FILE} was derived for another problem", "give both steps the same problem")
    return found


def _stated(problem: Problem) -> tuple[Law, ...]:
    """Equations and conditions themselves."""
    told = {"residual": " and ".join(f"{text} = 0" for text in problem.equations)}
    for name, held in (("initial_error", True), ("boundary_error", False)):
        places = [one for one in problem.conditions if ("t" in one.at and one.at["t"] == problem.axis("t").low) is held]
        parts = [f"{text} = 0 at {', '.join(f'{letter} = {value:g}' for letter, value in one.at.items())}"
                 for one in places for text in one.equations]  # fmt: skip
        parts += [f"{letter} is periodic" for letter in problem.periodic if not held]
        told[name] = "; ".join(parts)
    return tuple(
        Law(name=name, statement=text, factor=STATED[name], reason="" if text else "there are no such conditions")
        for name, text in told.items()
    )
