"""The spec of a physics-informed training."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from skills.runtime.problem import Problem

HEAT: dict[str, Any] = {
    "name": "heat",
    "coordinates": [{"name": "x", "low": 0, "high": 1}, {"name": "t", "low": 0, "high": 1}],
    "fields": ["u"],
    "equations": ["u_t - 0.4*u_xx"],
    "conditions": [
        {"at": {"t": 0}, "equations": ["u - sin(pi*x)"]},
        {"at": {"x": 0}, "equations": ["u"]},
        {"at": {"x": 1}, "equations": ["u"]},
    ],
}
Optimizer = Literal["auto", "least_squares", "gauss_newton", "quasi_newton", "soap", "adam"]


class Spec(BaseModel):
    """How a network is trained on a problem's equations, conditions and observations."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    problem: Problem = Field(default_factory=lambda: Problem.model_validate(HEAT))
    seed: int = Field(default=0, ge=0, lt=2**32)
    hidden: tuple[int, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=6,
        description="Widths of the tanh layers. By default chosen by the problem; `least_squares` has one, grown into.",
    )
    optimizer: Optimizer = Field(
        default="auto",
        description="`auto`: least_squares where the problem is linear or nearly so and one layer can do it, "
        "gauss_newton otherwise, quasi_newton after it where it fails. With several `hidden` layers: gauss_newton.",
    )
    tolerance: float = Field(default=1e-5, gt=0, description="Relative L2 error at which training may stop.")
    iterations: int = Field(
        default=200, ge=1, le=1_000_000, description="Limit for gauss_newton (a window), quasi_newton, soap and adam."
    )
    interior: int | None = Field(
        default=None, ge=16, le=65536, description="Collocation points; by default as many as the parameters ask for."
    )
    edge: int | None = Field(
        default=None, ge=8, le=8192, description="Points on a face; by default interior / 16, at least 64."
    )
    weight: float | None = Field(
        default=None,
        gt=0,
        description="Weight of the conditions' rows against the equations'; by default 10, for gauss_newton on "
        "nonlinear problems 1.",
    )
    damping: float = Field(default=1e-7, gt=0, description="The small damping of gauss_newton.")
    learning_rate: float = Field(default=1e-3, gt=0, description="Of adam and soap.")
    checkpoint_s: float = Field(default=10.0, ge=0, description="Seconds between two writings of checkpoint.npz.")
    windows: int | None = Field(
        default=None, ge=1, le=256, description="Networks chained in time; by default one, and more where one fails."
    )

    @field_validator("hidden")
    @classmethod
    def has_sensible_widths(cls, hidden: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if hidden is not None and not all(2 <= width <= 4096 for width in hidden):
            raise ValueError(f"widths {list(hidden)} are not all in 2 … 4096")
        return hidden

    @property
    def method(self) -> str:
        """The optimizer that will run; `portfolio` where several may."""
        if self.optimizer != "auto":
            return self.optimizer
        if self.hidden is None:
            return "portfolio"
        return "gauss_newton" if len(self.hidden) > 1 else "least_squares"
