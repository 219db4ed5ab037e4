"""The spec of a physics-informed training."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from skills.runtime.parabolic import Parabolic as Problem


class Spec(BaseModel):
    """How a network is trained on a problem's equation, initial and boundary conditions."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    problem: Problem = Field(default_factory=Problem)
    seed: int = Field(default=0, ge=0, lt=2**32)
    hidden: tuple[int, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=6,
        description="Widths of the tanh layers. By default 20 and 20; for `least_squares` at most 1024, grown into.",
    )
    optimizer: Literal["auto", "least_squares", "gauss_newton", "adam"] = Field(
        default="auto",
        description="`auto`: gauss_newton for several layers, least_squares for one; where `hidden` names none, "
        "gauss_newton, and least_squares after it if it ends short of the tolerance.",
    )
    tolerance: float = Field(default=1e-5, gt=0, description="Relative L2 error at which training may stop.")
    iterations: int = Field(default=200, ge=1, le=100_000, description="Limit for gauss_newton and adam.")
    interior: int | None = Field(
        default=None, ge=16, le=65536, description="Collocation points; by default three per neuron, at least 1024."
    )
    initial_points: int | None = Field(default=None, ge=8, le=8192, description="By default interior / 16.")
    boundary_points: int | None = Field(default=None, ge=8, le=8192, description="At each end; interior / 16.")
    weight: float = Field(default=10.0, gt=0, description="Weight of initial and boundary rows against the equation.")
    damping: float = Field(default=1e-7, gt=0, description="The small damping of gauss_newton.")
    learning_rate: float = Field(default=1e-3, gt=0, description="Of adam.")

    @field_validator("hidden")
    @classmethod
    def has_sensible_widths(cls, hidden: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if hidden is not None and not all(2 <= width <= 4096 for width in hidden):
            raise ValueError(f"widths {list(hidden)} are not all in 2 … 4096")
        return hidden

    @property
    def method(self) -> str:
        """The optimizer that will run."""
        if self.optimizer != "auto":
            return self.optimizer
        if self.hidden is None:
            return "portfolio"
        return "gauss_newton" if len(self.hidden) > 1 else "least_squares"

    @property
    def layers(self) -> tuple[int, ...]:
        """The widths of the hidden layers."""
        return self.hidden or ((1024,) if self.method == "least_squares" else (20, 20))
