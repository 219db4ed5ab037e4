"""Models that XGBoost and LightGBM write themselves: plain data, with the interface of a model of scikit-learn."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.runtime.job import UserMistake

Floats = NDArray[np.float64]
CLASSES = ("binary", "multi")  # how the objectives of both libraries begin whose outputs are probabilities
QUANTITIES = (
    "reg:", "count:", "regression", "huber", "fair", "poisson", "quantile", "mape", "gamma", "tweedie",
)  # fmt: skip
REMEDY = "save the fitted XGBClassifier or LGBMClassifier, or the regressor, with joblib.dump"


@dataclass(frozen=True)
class Quantity:
    """A model of a number, by the columns that it was fitted to."""

    ask: Callable[[Any], Floats]
    feature_names_in_: list[str] | None
    n_features_in_: int

    def predict(self, rows: Any) -> Floats:
        return self.ask(rows)


@dataclass(frozen=True)
class Classifier:
    """A model of the classes 0 … k-1: a booster keeps codes and no names."""

    ask: Callable[[Any], Floats]
    feature_names_in_: list[str] | None
    n_features_in_: int
    classes_: tuple[int, ...]

    def predict(self, rows: Any) -> NDArray[np.int64]:
        return self.predict_proba(rows).argmax(axis=1)

    def predict_proba(self, rows: Any) -> Floats:
        found = np.asarray(self.ask(rows), dtype=np.float64)
        return np.stack([1.0 - found, found], axis=1) if found.ndim == 1 else found


def open_xgboost(path: Path) -> Quantity | Classifier:
    """A booster in XGBoost's JSON or UBJSON. Raises: UserMistake for an objective without probabilities or numbers."""
    import xgboost

    booster = xgboost.Booster(model_file=str(path))
    learner = json.loads(booster.save_config())["learner"]
    objective = str(learner["objective"]["name"])
    best = booster.attr("best_iteration")
    rounds = (0, 0) if best is None else (0, int(best) + 1)

    def ask(rows: Any) -> Floats:
        matrix = xgboost.DMatrix(rows, feature_names=booster.feature_names, feature_types=booster.feature_types)
        return np.asarray(booster.predict(matrix, iteration_range=rounds), dtype=np.float64)

    if objective in ("binary:logitraw", "binary:hinge", "multi:softmax"):
        raise UserMistake(f"its objective {objective!r} gives no probabilities", REMEDY)
    count = int(learner["learner_model_param"].get("num_class", 0))
    return _of(objective, ask, booster.feature_names, booster.num_features(), max(2, count))


def open_lightgbm(path: Path) -> Quantity | Classifier:
    """A booster in LightGBM's text. Raises: UserMistake for an objective without probabilities or numbers."""
    import lightgbm

    booster = lightgbm.Booster(model_file=str(path))
    told = booster.dump_model(num_iteration=1)
    objective, names = str(told.get("objective", "none")), [str(name) for name in told["feature_names"]]

    def ask(rows: Any) -> Floats:
        return np.asarray(booster.predict(rows, validate_features=isinstance(rows, pd.DataFrame)), dtype=np.float64)

    return _of(objective, ask, names, len(names), max(2, int(told["num_class"])))


def _of(
    objective: str, ask: Callable[[Any], Floats], names: list[str] | None, columns: int, classes: int
) -> Quantity | Classifier:
    if objective.startswith(CLASSES):
        return Classifier(ask, names, columns, tuple(range(classes)))
    if objective.startswith(QUANTITIES):
        return Quantity(ask, names, columns)
    raise UserMistake(f"its objective {objective!r} is neither of classes nor of a quantity", REMEDY)


OPENERS: dict[str, Callable[[Path], Quantity | Classifier]] = {"xgboost": open_xgboost, "lightgbm": open_lightgbm}
