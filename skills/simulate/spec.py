"""What the simulate skill is told."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from skills.runtime.problem import Problem

Mode = Literal["reference", "baseline", "dataset", "collect", "fit"]


class Spec(BaseModel):
    """A problem, what to do with it, and how exactly.

    `reference` solves on finer and finer grids until the estimated relative L2 error is below `tolerance`; `resolution`
    is the number of cells of the coarsest of the first three grids (spectral grids start from an eighth of it), and
    `time_steps` fixes the number of equal time steps where it is not 0. `baseline` solves by a textbook method in the
    CPU seconds that the step `equal_to` took; unknown coefficients get the values that the step `fitted_by` found,
    whose time is not counted. `dataset` solves part `part` (number, of how many) of `samples` problems
    whose parameters are drawn from `ranges`; `collect` merges the parts. `fit` finds the unknown coefficients from the
    input `observations`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    problem: Problem
    mode: Mode = "reference"
    resolution: int = Field(default=64, ge=8, le=8192)
    time_steps: int = Field(default=0, ge=0, le=10_000)
    tolerance: float = Field(default=1e-6, gt=0, le=1)
    equal_to: str = ""
    fitted_by: str = ""
    ranges: dict[str, tuple[float, float]] = {}
    samples: int = Field(default=32, ge=1, le=100_000)
    part: tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=1)]] = (0, 1)
    grid: int = Field(default=33, ge=2, le=257)
    seed: int = Field(default=0, ge=0, lt=2**32)

    @model_validator(mode="after")
    def is_complete(self) -> Self:
        """Refuse a mode without what it needs."""
        if self.mode == "baseline" and not self.equal_to:
            raise ValueError("a baseline needs `equal_to`, the step whose CPU seconds it may spend")
        if self.mode == "baseline" and self.problem.inverse and not self.fitted_by:
            raise ValueError("a baseline with unknown coefficients needs `fitted_by`, the step that found their values")
        if self.mode == "fit" and not self.problem.inverse:
            raise ValueError("a fit needs a problem with unknown coefficients")
        if self.mode in ("dataset", "collect"):
            self._has_ranges()
        return self

    def _has_ranges(self) -> None:
        if not self.ranges:
            raise ValueError("a dataset needs `ranges`, a low and a high value for each varied parameter")
        for name, (low, high) in self.ranges.items():
            if name not in self.problem.parameters:
                raise ValueError(f"{name!r} is no parameter; known are {', '.join(self.problem.parameters) or 'none'}")
            if not low < high:
                raise ValueError(f"{name} runs from {low} to {high}; the second number must be larger")
        if self.part[0] >= self.part[1]:
            raise ValueError(f"part {self.part[0]} of {self.part[1]}: parts are counted from 0")
