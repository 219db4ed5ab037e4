"""What the evaluate skill is told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Metric = Literal[
    "rmse", "mae", "r2", "median_ae", "mape",
    "accuracy", "balanced_accuracy", "f1", "precision", "recall", "roc_auc", "pr_auc", "log_loss", "brier",
]  # fmt: skip
OF_REGRESSION = ("rmse", "mae", "r2", "median_ae", "mape")


class Subject(BaseModel):
    """A model to evaluate: a file of the user's, or the model of an earlier run (`skill` made it, `run` is its id).

    `name` is what the user calls it, `sha256` the hash of its file.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    kind: Literal["pickle", "torch", "xgboost", "lightgbm", "run"] = "pickle"
    sha256: str = ""
    skill: str = ""
    run: str = ""


class Bound(BaseModel):
    """What the threshold must keep to: `at_least` or `at_most`, one of the two."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    metric: Literal["false_positive_rate", "precision", "recall"]
    at_least: float | None = Field(default=None, ge=0, le=1)
    at_most: float | None = Field(default=None, ge=0, le=1)

    @model_validator(mode="after")
    def _is_one(self) -> Bound:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("a bound is either at_least or at_most")
        return self


class OperatingPoint(BaseModel):
    """How the threshold is chosen on the validation rows: the best `maximize` that keeps to the bound."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    maximize: Literal["recall", "precision", "f1", "accuracy", "balanced_accuracy"] = "recall"
    bound: Bound | None = None


class Spec(BaseModel):
    """One or two models, the rows' target and columns, and what is to be fitted on the validation rows.

    `recalibrate` maps the model's probabilities to the shares that are seen; `sets` asks for conformal sets of classes;
    `coverage` is what share of truths they, or the prediction intervals of a regression, should hold. `positive` is the
    class that a threshold looks for (of two). Nothing is fitted on validation rows that the model was trained on
    (`fresh` is false); then they may be fitted to again in growing parts, for a `learning_curve`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    task: Literal["regression", "binary", "multiclass"]
    metric: Metric
    features: list[str] = Field(min_length=1)
    subject: Subject
    other: Subject | None = None
    operating_point: OperatingPoint | None = None
    recalibrate: bool = False
    sets: bool = False
    coverage: float = Field(default=0.9, gt=0, lt=1)
    positive: str | None = None
    fresh: bool = True
    learning_curve: bool = False
    seed: int = Field(default=0, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Spec:
        if (self.metric in OF_REGRESSION) != (self.task == "regression"):
            raise ValueError(f"the metric {self.metric!r} does not measure a {self.task} task")
        if self.target in self.features:
            raise ValueError(f"the target {self.target!r} is also a feature")
        if self.operating_point is not None and self.task != "binary":
            raise ValueError("a threshold separates two classes")
        if not self.fresh and (self.operating_point or self.recalibrate or self.sets):
            raise ValueError("nothing can be fitted on rows that the model was trained on")
        if self.learning_curve and (self.fresh or self.subject.kind != "run"):
            raise ValueError("a learning curve wants a run's model and the rows that it was trained on")
        if self.task == "regression" and (self.recalibrate or self.sets):
            raise ValueError("recalibration and sets of classes are for classes")
        return self

    @property
    def variants(self) -> list[str]:
        """What `predict` accepts, in order. The host derives the same list from the plan and asks for no other."""
        asked = {
            "other": self.other is not None,
            "recalibrated": self.recalibrate,
            "threshold": self.operating_point is not None,
            "sets": self.sets,
        }
        return ["delivered", *(name for name, wanted in asked.items() if wanted)]
