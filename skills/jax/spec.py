"""What the jax skill is told: one of three modes, and the fields of that mode."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from skills.runtime.problem import Problem

Metric = Literal[
    "rmse", "mae", "r2", "median_ae", "mape",
    "accuracy", "balanced_accuracy", "f1", "precision", "recall", "roc_auc", "pr_auc", "log_loss", "brier",
]  # fmt: skip
OF_REGRESSION = ("rmse", "mae", "r2", "median_ae", "mape")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PhysicsPart(_Part):
    """Mode `pinn`: a network for a problem in symbols, trained as the skill `pinn` does, in JAX."""

    problem: Problem | None = Field(default=None, description="Modes pinn and inference: the problem of the network.")
    hidden: tuple[int, ...] | None = Field(
        default=None,
        min_length=1,
        max_length=6,
        description="Widths of the tanh layers (pinn) or of the ReLU layers (table). Modes choose by default.",
    )
    tolerance: float = Field(default=1e-5, gt=0, description="Held-out residual (root mean square) to stop at.")
    iterations: int | None = Field(
        default=None, ge=1, le=10_000, description="Limit: by default 200 Gauss-Newton steps, or 1000 epochs."
    )
    interior: int | None = Field(default=None, ge=16, le=65536, description="Collocation points; chosen by default.")
    condition_points: int | None = Field(default=None, ge=8, le=8192, description="A face; by default interior / 8.")
    weight: float = Field(default=10.0, gt=0, description="Of conditions against the equations.")
    damping: float = Field(default=1e-7, gt=0, description="The small damping of bold steps.")
    refresh: int = Field(default=8, ge=0, description="Steps between adaptive draws of points; 0 keeps them fixed.")


class Parts(_Part):
    """How the training rows are cut so that each network holds some out, as the skill `tabular` cuts its folds.

    `folds` and `repeats` are read so that both skills take the same value; `members` says how many networks there are.
    """

    kind: Literal["kfold", "stratified", "group", "time"] = "kfold"
    folds: int = Field(default=5, ge=2, le=20)
    repeats: int = Field(default=1, ge=1, le=10)
    column: str | None = None


class TablePart(_Part):
    """Mode `table`: a small supervised network in Flax, told what the skill `tabular` is told."""

    target: str = ""
    task: Literal["regression", "binary", "multiclass"] = "regression"
    metric: Metric = "rmse"
    numeric: list[str] = []
    categorical: list[str] = []
    time: list[str] = []
    cv: Parts = Parts()
    positive: str | None = None
    coverage: float = Field(default=0.9, gt=0, lt=1, description="Share of truths that an interval should hold.")
    learning_rate: float = Field(default=3e-3, gt=0, le=1)
    weight_decay: float = Field(default=1e-2, ge=0)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    batch: int = Field(default=64, ge=8, le=4096)
    members: int = Field(default=5, ge=2, le=10, description="Networks, each with another part of the rows held out.")


class InferencePart(_Part):
    """Mode `inference`: the trained network of a finished step, made quick."""

    model: str = Field(default="train", description="The step whose network is optimised.")
    batches: tuple[int, ...] = Field(default=(1, 64, 1024, 8192), min_length=1, max_length=8)
    points: int = Field(default=8192, ge=64, le=1_048_576, description="Points of the throughput measurement.")
    repeats: int = Field(default=7, ge=3, le=101)
    accuracy: float = Field(
        default=1e-9,
        gt=0,
        description="Largest relative difference to the trained network; float32 wins above 1e-6.",
    )


class Spec(PhysicsPart, TablePart, InferencePart):
    """A mode, a seed, and the fields of the mode; those of the other modes are left at their defaults."""

    mode: Literal["pinn", "table", "inference"] = "pinn"
    seed: int = Field(default=0, ge=0, lt=2**32)

    @field_validator("hidden")
    @classmethod
    def has_sensible_widths(cls, hidden: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if hidden is not None and not all(2 <= width <= 4096 for width in hidden):
            raise ValueError(f"widths {list(hidden)} are not all in 2 … 4096")
        return hidden

    @model_validator(mode="after")
    def suits_its_mode(self) -> Spec:
        if self.mode == "pinn" and self.problem is None:
            raise ValueError("mode pinn needs a problem")
        if self.mode == "table":
            self._names_a_table()
        if any(batch < 1 for batch in self.batches):
            raise ValueError("a batch holds at least one point")
        return self

    def _names_a_table(self) -> None:
        features = [*self.numeric, *self.categorical, *self.time]
        if not self.target or not features:
            raise ValueError("mode table needs a target and features")
        twice = sorted({name for name in features if features.count(name) > 1})
        if twice or self.target in features:
            raise ValueError(f"columns named twice: {twice or [self.target]}")
        if self.cv.kind == "group" and self.cv.column is None:
            raise ValueError("parts by group need the group's column")
        if (self.metric in OF_REGRESSION) != (self.task == "regression"):
            raise ValueError(f"the metric {self.metric!r} does not measure a {self.task} task")

    @property
    def limit(self) -> int:
        """Steps of Gauss-Newton, or epochs, after which training ends in any case."""
        return self.iterations or (1000 if self.mode == "table" else 200)

    @property
    def layers(self) -> tuple[int, ...]:
        """The widths of a physics-informed network: two layers of 20 for a linear problem, three otherwise."""
        assert self.problem is not None
        return self.hidden or ((20, 20) if self.problem.linear else (20, 20, 20))
