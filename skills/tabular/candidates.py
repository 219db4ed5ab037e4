"""The candidates, simplest first, and how each is fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline

from skills.tabular.boosting import FAMILIES, MANY_ROWS, fit_boosting
from skills.tabular.features import preprocessing
from skills.tabular.fitted import Fitted
from skills.tabular.forecast import fit_series
from skills.tabular.rows import Rows
from skills.tabular.spec import NAIVE, Spec
from skills.tabular.weights import row_weights

ORDER = ("dummy", *NAIVE, "linear", "forest", *FAMILIES)
RIDGES = tuple(float(alpha) for alpha in np.logspace(-2, 5, 15))
PENALTIES = (0.01, 0.1, 1.0, 10.0)


def fit(name: str, spec: Spec, rows: Rows, seed: int) -> Fitted:
    """One candidate fitted to rows, its few hyperparameters chosen on these rows alone."""
    if spec.series is not None and name != "dummy":
        return fit_series(name, spec, rows, seed, fit)
    if name in FAMILIES:
        return fit_boosting(name, spec, rows, seed)
    return {"dummy": _dummy, "linear": _linear, "forest": _forest}[name](spec, rows, seed)


def outputs(pipeline: Pipeline, features: pd.DataFrame, *, regression: bool) -> NDArray[np.float64]:
    """Predictions (n,) of a number, or class probabilities (n, k) in the order of `pipeline.classes_`."""
    found = pipeline.predict(features) if regression else pipeline.predict_proba(features)
    return np.asarray(found, dtype=np.float64)


def _dummy(spec: Spec, rows: Rows, seed: int) -> Fitted:
    middle = "median" if spec.metric in ("mae", "median_ae") else "mean"
    model = DummyRegressor(strategy=middle) if spec.task == "regression" else DummyClassifier(strategy="prior")
    pipeline = Pipeline([("model", model)]).fit(rows.features, rows.target)
    return Fitted(pipeline, "closed_form", 1, 1, "none: one number is computed")


def _linear(spec: Spec, rows: Rows, seed: int) -> Fitted:
    steps = [("prepare", preprocessing(spec, "linear", seed))]
    if spec.task == "regression":
        pipeline = Pipeline([*steps, ("model", RidgeCV(alphas=RIDGES))]).fit(rows.features, rows.target)
        ridge = float(pipeline["model"].alpha_)
        return Fitted(pipeline, "closed_form", 1, 1, "none: solved exactly", {"ridge": ridge})
    limit = 2000
    model = LogisticRegression(max_iter=limit)
    folds = min(3, int(np.unique(rows.target, return_counts=True)[1].min()))
    search: Any = model
    weights = row_weights(spec, rows.target)
    if folds >= 2 and len(rows) <= MANY_ROWS:
        inner = StratifiedKFold(folds, shuffle=True, random_state=seed)
        scoring = "neg_log_loss" if weights is None else "balanced_accuracy"
        search = GridSearchCV(model, {"C": PENALTIES}, scoring=scoring, cv=inner)
    pipeline = Pipeline([*steps, ("model", search)])
    pipeline.fit(rows.features, rows.target, model__sample_weight=weights)
    if search is not model:
        pipeline = Pipeline([pipeline.steps[0], ("model", pipeline["model"].best_estimator_)])
    fitted = pipeline["model"]
    at = int(np.max(fitted.n_iter_))
    reason = "tolerance" if at < limit else "limit"
    return Fitted(pipeline, reason, at, limit, "L-BFGS with line search", {"C": float(fitted.C)})


def _forest(spec: Spec, rows: Rows, seed: int) -> Fitted:
    regression = spec.task == "regression"
    kind = RandomForestRegressor if regression else RandomForestClassifier
    weights = row_weights(spec, rows.target)
    least = 3 if regression else 1 if weights is None else 5  # in a leaf of one class weights change nothing
    model = kind(
        n_estimators=spec.trees,
        max_features=1 / 3 if regression else "sqrt",
        min_samples_leaf=least,
        max_samples=min(MANY_ROWS, len(rows)),
        random_state=seed,
        n_jobs=1,
    )
    pipeline = Pipeline([("prepare", preprocessing(spec, "forest", seed)), ("model", model)])
    pipeline.fit(rows.features, rows.target, model__sample_weight=weights)
    schedule = f"none: {spec.trees} independent trees"
    return Fitted(pipeline, "limit", spec.trees, spec.trees, schedule)
