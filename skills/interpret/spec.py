"""What the interpret skill is told."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Method = Literal["permutation", "shap", "integrated_gradients", "attention"]
OF = {"table": ("permutation", "shap"), "arrays": ("permutation", "integrated_gradients", "attention")}
Metric = Literal[
    "rmse", "mae", "r2", "median_ae", "mape",
    "accuracy", "balanced_accuracy", "f1", "precision", "recall", "roc_auc", "pr_auc", "log_loss", "brier",
]  # fmt: skip


class Spec(BaseModel):
    """One finished step's model, and how it is to be explained.

    `training` is that step's own spec: permutation importance trains the delivered family again on parts of the rows.
    `rows` are explained one by one against `background` training rows (tables) or the mean sample (arrays); `folds`
    parts of the training rows are set aside in turn, and every column of them is shuffled `repeats` times; `most_rows`
    bounds how many rows that takes. Of arrays one part is set aside, and blocks of places are shuffled.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = "train"
    kind: Literal["table", "arrays"] = "table"
    target: str
    task: Literal["regression", "binary", "multiclass"]
    metric: Metric
    features: list[str] = []
    methods: list[Method] = Field(min_length=1)
    training: dict[str, Any] = {}
    positive: str | None = None
    rows: int = Field(default=32, ge=1, le=2000)
    background: int = Field(default=50, ge=2, le=1000)
    repeats: int = Field(default=5, ge=1, le=100)
    folds: int = Field(default=3, ge=2, le=10)
    most_rows: int = Field(default=3000, ge=20)
    seed: int = Field(default=0, ge=0, lt=2**32)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Spec:
        if strange := [name for name in self.methods if name not in OF[self.kind]]:
            raise ValueError(f"{strange[0]!r} does not explain models of {self.kind}")
        if self.kind == "table" and not self.features:
            raise ValueError("no feature column is named")
        return self
