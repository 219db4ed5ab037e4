"""The four candidates, simplest first, and how each is fitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline

from skills.tabular.features import preprocessing
from skills.tabular.spec import Spec

ORDER = ("dummy", "linear", "forest", "boosting")
RIDGES = tuple(float(alpha) for alpha in np.logspace(-2, 5, 15))
PENALTIES = (0.01, 0.1, 1.0, 10.0)
LEAVES = (7, 31)
MANY_ROWS = 5000
PATIENCE = 20
HELD_OUT = 0.15


@dataclass(frozen=True)
class Fitted:
    """A fitted pipeline with its curve: `series` name -> [[iteration, value], …], and why it stopped where."""

    pipeline: Pipeline
    reason: str
    at: int
    limit: int
    schedule: str
    chosen: dict[str, float] = field(default_factory=dict)
    series: dict[str, list[list[float]]] = field(default_factory=dict)


def fit(name: str, spec: Spec, features: pd.DataFrame, target: NDArray[Any], seed: int) -> Fitted:
    """One candidate fitted to rows, its few hyperparameters chosen on these rows alone."""
    fitters = {"dummy": _dummy, "linear": _linear, "forest": _forest, "boosting": _boosting}
    return fitters[name](spec, features, target, seed)


def outputs(pipeline: Pipeline, features: pd.DataFrame, *, regression: bool) -> NDArray[np.float64]:
    """Predictions (n,) of a number, or class probabilities (n, k) in the order of `pipeline.classes_`."""
    found = pipeline.predict(features) if regression else pipeline.predict_proba(features)
    return np.asarray(found, dtype=np.float64)


def _dummy(spec: Spec, features: pd.DataFrame, target: NDArray[Any], seed: int) -> Fitted:
    middle = "median" if spec.metric in ("mae", "median_ae") else "mean"
    model = DummyRegressor(strategy=middle) if spec.task == "regression" else DummyClassifier(strategy="prior")
    pipeline = Pipeline([("model", model)]).fit(features, target)
    return Fitted(pipeline, "closed_form", 1, 1, "none: one number is computed")


def _linear(spec: Spec, features: pd.DataFrame, target: NDArray[Any], seed: int) -> Fitted:
    steps = [("prepare", preprocessing(spec, for_linear=True))]
    if spec.task == "regression":
        pipeline = Pipeline([*steps, ("model", RidgeCV(alphas=RIDGES))]).fit(features, target)
        ridge = float(pipeline["model"].alpha_)
        return Fitted(pipeline, "closed_form", 1, 1, "none: solved exactly", {"ridge": ridge})
    limit = 2000
    model = LogisticRegression(max_iter=limit)
    folds = min(3, int(np.unique(target, return_counts=True)[1].min()))
    search: Any = model
    if folds >= 2 and len(target) <= MANY_ROWS:
        inner = StratifiedKFold(folds, shuffle=True, random_state=seed)
        search = GridSearchCV(model, {"C": PENALTIES}, scoring="neg_log_loss", cv=inner)
    pipeline = Pipeline([*steps, ("model", search)]).fit(features, target)
    if search is not model:
        pipeline = Pipeline([pipeline.steps[0], ("model", pipeline["model"].best_estimator_)])
    fitted = pipeline["model"]
    at = int(np.max(fitted.n_iter_))
    reason = "tolerance" if at < limit else "limit"
    return Fitted(pipeline, reason, at, limit, "L-BFGS with line search", {"C": float(fitted.C)})


def _forest(spec: Spec, features: pd.DataFrame, target: NDArray[Any], seed: int) -> Fitted:
    regression = spec.task == "regression"
    kind = RandomForestRegressor if regression else RandomForestClassifier
    model = kind(
        n_estimators=spec.trees,
        max_features=1 / 3 if regression else "sqrt",
        min_samples_leaf=3 if regression else 1,
        max_samples=min(MANY_ROWS, len(target)),
        random_state=seed,
        n_jobs=1,
    )
    pipeline = Pipeline([("prepare", preprocessing(spec, for_linear=False)), ("model", model)]).fit(features, target)
    schedule = f"none: {spec.trees} independent trees"
    return Fitted(pipeline, "limit", spec.trees, spec.trees, schedule)


def _boosting(spec: Spec, features: pd.DataFrame, target: NDArray[Any], seed: int) -> Fitted:
    """Both tree sizes are fitted; the one with the lower loss on the rows held out for early stopping stays.

    With too few rows to hold any out, the smaller trees and a fifth of the iterations are taken.
    """
    classes, counts = np.unique(target, return_counts=True)
    enough = spec.task == "regression" or (counts.min() >= 2 and HELD_OUT * len(target) >= len(classes))
    stops = bool(len(target) >= 100 and enough)
    tries = [_boost(spec, features, target, seed, leaves, stops) for leaves in (LEAVES if stops else LEAVES[:1])]
    best = max(tries, key=lambda pipeline: float(pipeline["model"].validation_score_[-1])) if stops else tries[0]
    model = best["model"]
    series = {"loss": [[at, -float(score)] for at, score in enumerate(model.train_score_)]}
    if stops:
        series["validation_loss"] = [[at, -float(score)] for at, score in enumerate(model.validation_score_)]
    stopped_early = stops and model.n_iter_ < model.max_iter
    schedule = f"constant rate {spec.learning_rate:g}"
    if stops:
        schedule += f", early stopping on {HELD_OUT:.0%} of the rows with patience {PATIENCE}"
    return Fitted(
        best,
        "early_stopping" if stopped_early else "limit",
        int(model.n_iter_),
        int(model.max_iter),
        schedule,
        {"max_leaf_nodes": float(model.max_leaf_nodes)},
        series,
    )


def _boost(spec: Spec, features: pd.DataFrame, target: NDArray[Any], seed: int, leaves: int, stops: bool) -> Pipeline:
    regression = spec.task == "regression"
    absolute = regression and spec.metric in ("mae", "median_ae")
    kind = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    model = kind(
        **({"loss": "absolute_error"} if absolute else {}),
        max_iter=spec.boosting_iterations if stops else max(1, spec.boosting_iterations // 5),
        learning_rate=spec.learning_rate,
        max_leaf_nodes=leaves,
        min_samples_leaf=int(np.clip(len(target) // 20, 2, 20)),
        early_stopping=stops,
        validation_fraction=HELD_OUT,
        n_iter_no_change=PATIENCE,
        scoring="loss",
        random_state=seed,
    )
    return Pipeline([("prepare", preprocessing(spec, for_linear=False)), ("model", model)]).fit(features, target)
