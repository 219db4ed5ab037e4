"""What the physics skill is told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from skills.runtime.problem import Problem


class Spec(BaseModel):
    """`constraints`: what every solution of the problem obeys. `verify`: whether the model of step `subject` does.

    `tolerance` is the relative error that the solution may have, from which each law's own bound follows; `seed`
    chooses the points at which equations and conditions are looked at.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Literal["constraints", "verify"]
    problem: Problem
    subject: str = "train"
    tolerance: float = Field(default=1e-4, gt=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**32)
