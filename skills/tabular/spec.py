"""What the tabular skill is told."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Model = Literal[
    "dummy", "naive", "drift", "seasonal_naive", "linear", "forest", "boosting", "lightgbm", "xgboost"
]  # fmt: skip
NAIVE: tuple[Model, ...] = ("naive", "drift", "seasonal_naive")  # of a series only, beside the others
MODELS: list[Model] = ["dummy", "linear", "forest", "boosting", "lightgbm", "xgboost"]
Metric = Literal[
    "rmse", "mae", "r2", "median_ae", "mape",
    "accuracy", "balanced_accuracy", "f1", "precision", "recall", "roc_auc", "pr_auc", "log_loss", "brier",
]  # fmt: skip
OF_REGRESSION = ("rmse", "mae", "r2", "median_ae", "mape")


class Folds(BaseModel):
    """How the training rows are cut for comparison. `column` holds the group or the time, `moment` the time of a group.

    With a moment every fold asks about groups without a training row and later than all training rows. `time` without a
    column takes the rows in their order. Repeats are for shuffled folds only.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["kfold", "stratified", "group", "time"] = "kfold"
    folds: int = Field(default=5, ge=2, le=20)
    repeats: int = Field(default=2, ge=1, le=10)
    column: str | None = None
    moment: str | None = None


class Series(BaseModel):
    """A series forecast from its own past: `time` tells a row's step, `group` which of several series it is of.

    A step is `size` months, seconds or numbers long, or one business day; `start` is a time of the series in the same
    unit, counted from 1970 for dates.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    time: str
    group: str | None = None
    unit: Literal["month", "business_day", "second", "number"]
    size: float = Field(default=1.0, gt=0)
    start: float = 0.0


class Spec(BaseModel):
    """One target, its features by kind, and how models are compared.

    `alpha` is the significance below which the better score wins over the simpler model; `coverage` what share of
    truths a prediction interval should hold; `positive` the class that recall, precision and F1 look for (of two).
    `class_weights` "auto" weighs imbalanced classes alike where the metric does. With `series` the naive forecasts are
    candidates too, and the others learn from the target's own past.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    task: Literal["regression", "binary", "multiclass"]
    metric: Metric
    numeric: list[str] = []
    categorical: list[str] = []
    text: list[str] = []
    time: list[str] = []
    cv: Folds = Folds()
    models: list[Model] = Field(default=MODELS, min_length=1)
    seed: int = Field(default=0, ge=0, lt=2**32)
    trees: int = Field(default=200, ge=1, le=5000)
    boosting_iterations: int = Field(default=1000, ge=1, le=10_000)
    learning_rate: float = Field(default=0.1, gt=0, le=1)
    alpha: float = Field(default=0.05, gt=0, lt=1)
    coverage: float = Field(default=0.9, gt=0, lt=1)
    positive: str | None = None
    class_weights: Literal["auto", "balanced", "none"] = "auto"
    learning_curve: bool = Field(default=False, description="Fit the delivered model to parts of the rows as well.")
    series: Series | None = None

    @property
    def features(self) -> list[str]:
        return [*self.numeric, *self.categorical, *self.time, *self.text]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Spec:
        if (self.metric in OF_REGRESSION) != (self.task == "regression"):
            raise ValueError(f"the metric {self.metric!r} does not measure a {self.task} task")
        if not self.features:
            raise ValueError("no feature column is named")
        twice = sorted({name for name in self.features if self.features.count(name) > 1})
        if twice or self.target in self.features:
            raise ValueError(f"columns named twice: {twice or [self.target]}")
        if self.series is None and (naive := sorted(set(NAIVE) & set(self.models))):
            raise ValueError(f"{', '.join(naive)} forecast a series, and the spec names none")
        if self.series is not None:
            named = {self.series.time, *([self.series.group] if self.series.group else [])}
            if absent := sorted(named - set(self.features)):
                raise ValueError(f"the series' columns {', '.join(absent)} must be features")
            if self.task != "regression" or self.cv.kind != "time":
                raise ValueError("a series is forecast as a number, and its folds go forward in time")
        if self.cv.kind == "group" and self.cv.column is None:
            raise ValueError("folds by group need the group's column")
        if self.cv.moment is not None and self.cv.kind != "group":
            raise ValueError("a moment is for folds by group")
        return self
