"""What the physics skill is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from skills.runtime.parabolic import Parabolic as Problem

Count = Annotated[int, Field(ge=9, le=1001)]


class Spec(BaseModel):
    """`constraints`: what every solution of the problem obeys. `verify`: whether the model of step `subject` does.

    `grid` is the number of times and of places at which the model is looked at; `tolerance` the relative error that
    the solution may have, from which each law's own tolerance follows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["constraints", "verify"]
    problem: Problem
    grid: tuple[Count, Count] = (101, 101)
    subject: str = "train"
    tolerance: float = Field(default=1e-4, gt=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**32)
