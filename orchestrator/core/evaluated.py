"""What an evaluation is of: models that are there already, and what is known of their training."""

from __future__ import annotations

from typing import Literal

from orchestrator.core.values import Value

ModelKind = Literal["pickle", "torch", "xgboost", "lightgbm", "run"]


class ModelFile(Value):
    """A model that is there: a file of the user's, or what a step of an earlier run delivered.

    `name` is what the user calls it; `path` its file, or the folder of the run's model, whose `skill` predicts with it.
    `trained_rows` are the training rows of that run, where it kept them.
    """

    name: str
    kind: ModelKind
    path: str
    sha256: str
    bytes: int
    skill: str = ""
    run: str = ""
    trained_rows: str = ""

    @property
    def is_code(self) -> bool:
        """Whether opening it runs what the file says. What XGBoost and LightGBM write themselves is data."""
        return self.kind in ("pickle", "torch")


class Evaluated(Value):
    """The models of an evaluation, `other` where two are compared.

    `trained_on` is the file that the user says the models were trained on. With `own_rows` the model of a run meets the
    rows that this run sealed, and no file of the user's. `assumed` says that the request names no model.
    """

    subject: ModelFile
    other: ModelFile | None = None
    trained_on: str = ""
    trained_on_sha256: str = ""
    own_rows: bool = False
    assumed: bool = False

    @property
    def models(self) -> dict[str, ModelFile]:
        """By the name of the job's input."""
        return {"subject": self.subject} | ({"other": self.other} if self.other else {})
