"""What the simulate skill is told."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from skills.runtime.parabolic import Parabolic as Problem


class Spec(BaseModel):
    """A problem and how finely to solve it.

    `resolution` is the number of cells of the coarsest of three grids; the delivered solution has four times as many.
    `time_steps` fixes the number of equal time steps, 0 chooses them by error. `tolerance` is the wanted relative L2
    error; it sets how exactly time is integrated, the grids stay as `resolution` says.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    problem: Problem
    resolution: int = Field(default=64, ge=8, le=8192)
    time_steps: int = Field(default=0, ge=0, le=10_000)
    tolerance: float = Field(default=1e-6, gt=0, le=1)
    seed: int = Field(default=0, ge=0, lt=2**32)
