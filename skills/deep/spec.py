"""What the deep skill is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Model = Literal["dummy", "linear", "forest", "mlp", "cnn", "lstm", "transformer"]
NETWORKS = ("mlp", "cnn", "lstm", "transformer")
Metric = Literal[
    "rmse", "mae", "r2", "median_ae", "mape",
    "accuracy", "balanced_accuracy", "f1", "precision", "recall", "roc_auc", "pr_auc", "log_loss", "brier",
]  # fmt: skip
OF_REGRESSION = ("rmse", "mae", "r2", "median_ae", "mape")
Width = Annotated[int, Field(ge=1, le=4096)]


class Folds(BaseModel):
    """How the training rows are cut for comparison.

    `time` takes the rows in their order. Above `single_above` rows one part of a fifth is held out instead of folds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["kfold", "stratified", "group", "time"] = "kfold"
    folds: int = Field(default=3, ge=2, le=10)
    single_above: int = Field(default=5000, ge=0)
    column: str | None = None


class Augment(BaseModel):
    """Changes of training samples, drawn anew in every epoch: shifted by up to `shift` cells (the edge is repeated),
    mirrored left to right with a chance of a half, normal noise of so many deviations of the inputs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shift: int = Field(default=0, ge=0, le=64)
    flip: bool = False
    noise: float = Field(default=0.0, ge=0, le=10)


class Spec(BaseModel):
    """Samples of one shape, their target, the candidates, and how the networks among them are trained.

    `shape` is (channels, height, width) for images, (channels, length) for series, (length,) for vectors. `hidden` are
    the widths of the MLP, `channels` those of the convolutions; `width`, `heads`, `layers` those of the transformer,
    the first and last also of the LSTM. `learning_rate` None takes the optimizer's usual one. `warmup` is the share of
    all steps in which the rate rises, `held_out` the share of training rows on which training stops early, `patience`
    the epochs that it waits, `clip` the largest gradient norm (0: none).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: str
    task: Literal["regression", "binary", "multiclass"]
    metric: Metric
    shape: list[Width] = Field(min_length=1, max_length=3)
    dtype: Literal["uint8", "float32"] = "float32"
    models: list[Model] = Field(default=["dummy", "linear", "forest", "mlp", "cnn"], min_length=1)
    cv: Folds = Folds()
    hidden: list[Width] = Field(default=[128, 64], min_length=1, max_length=8)
    channels: list[Width] = Field(default=[32, 64], min_length=1, max_length=6)
    width: int = Field(default=48, ge=4, le=512)
    heads: int = Field(default=4, ge=1, le=16)
    layers: int = Field(default=2, ge=1, le=12)
    optimizer: Literal["adamw", "sgd", "lion"] = "adamw"
    learning_rate: float | None = Field(default=None, gt=0, le=1)
    schedule: Literal["cosine", "one_cycle", "plateau", "constant"] = "cosine"
    warmup: float = Field(default=0.05, ge=0, lt=1)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0, le=1)
    dropout: float = Field(default=0.1, ge=0, lt=1)
    batch_norm: bool = True
    batch: int = Field(default=64, ge=2, le=8192)
    epochs: int = Field(default=40, ge=1, le=5000)
    patience: int = Field(default=10, ge=1, le=1000)
    held_out: float = Field(default=0.15, gt=0, lt=0.9)
    clip: float = Field(default=5.0, ge=0)
    augment: Augment = Augment()
    class_weights: Literal["none", "balanced"] = "none"
    trees: int = Field(default=100, ge=1, le=2000)
    seed: int = Field(default=0, ge=0, lt=2**32)
    coverage: float = Field(default=0.9, gt=0, lt=1)
    positive: str | None = None
    learning_curve: bool = Field(default=False, description="Fit the delivered model to parts of the rows as well.")
    refit: bool = Field(default=True, description="False: only the held-out scores are wanted, as in a search.")
    checkpoint_s: float = Field(default=10.0, ge=0, description="Seconds between two writings of checkpoint.npz.")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Spec:
        if (self.metric in OF_REGRESSION) != (self.task == "regression"):
            raise ValueError(f"the metric {self.metric!r} does not measure a {self.task} task")
        if self.width % self.heads:
            raise ValueError(f"the width {self.width} is no multiple of the {self.heads} heads")
        if self.cv.kind == "group" and self.cv.column is None:
            raise ValueError("folds by group need the group's column")
        if self.augment.flip and len(self.shape) == 1:
            raise ValueError("vectors have no left and right: they cannot be flipped")
        if self.augment.shift and len(self.shape) == 1:
            raise ValueError("vectors have no order: they cannot be shifted")
        return self
