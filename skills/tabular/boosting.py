"""Gradient boosting in three libraries, stopped early by rows held out inside the training rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline

from skills.tabular.features import native_categories, preprocessing
from skills.tabular.fitted import Fitted
from skills.tabular.held_out import SHARE, hold_out
from skills.tabular.openmp import load_lightgbm
from skills.tabular.rows import Rows
from skills.tabular.spec import Spec
from skills.tabular.weights import row_weights

FAMILIES = ("boosting", "lightgbm", "xgboost")
LEAVES = (7, 31)  # small and usual trees; both are tried
PATIENCE = 20
MANY_ROWS = 5000  # with so many the rows held out are not missed, and no second fit is made

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """Prepared features (n, m), target and weights of some rows."""

    table: Floats
    target: NDArray[Any]
    weights: Floats | None


@dataclass(frozen=True)
class Setting:
    """How one model is fitted. `categories` are the columns of codes that are no amounts."""

    spec: Spec
    seed: int
    leaves: int
    rounds: int
    categories: tuple[int, ...]
    rows: int

    @property
    def absolute(self) -> bool:
        return self.spec.metric in ("mae", "median_ae")

    @property
    def regression(self) -> bool:
        return self.spec.task == "regression"

    @property
    def least_leaf(self) -> int:
        """Rows that a leaf must hold: fewer in small tables."""
        return int(np.clip(self.rows // 20, 2, 20))

    @property
    def bins(self) -> int:
        """Into how many bins a column is cut: in small tables more of them cost time and tell nothing."""
        return int(np.clip(self.rows // 4, 64, 255))


@dataclass(frozen=True)
class Grown:
    """A fitted model, its losses on training and held-out rows (round by round), and the best round, from 1."""

    model: Any
    training: list[float]
    held: list[float]
    best: int


class CodedClassifier(ClassifierMixin, BaseEstimator):
    """A classifier of the codes 0 … k-1, told of and telling the classes themselves."""

    def __init__(self, model: Any, classes: NDArray[Any]) -> None:
        self.model = model
        self.classes = classes

    def fit(self, X: Floats, y: NDArray[Any], **told: Any) -> CodedClassifier:
        self.classes_ = np.asarray(self.classes)
        self.model.fit(X, np.searchsorted(self.classes_, y), **told)
        return self

    def predict_proba(self, X: Floats) -> Floats:
        return np.asarray(self.model.predict_proba(X), dtype=np.float64)

    def predict(self, X: Floats) -> NDArray[Any]:
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])


def fit_boosting(name: str, spec: Spec, rows: Rows, seed: int) -> Fitted:
    """Both tree sizes are fitted; the one with the lower loss on the held-out rows stays.

    On few rows it is fitted again to all of them, for as many rounds as were best. Where none can be held out, the
    smaller trees and a fifth of the rounds are taken.
    """
    grow = {"boosting": _histogram, "lightgbm": _lightgbm, "xgboost": _xgboost}[name]
    places = hold_out(spec, rows, seed)
    if places is None:
        rounds = max(1, spec.boosting_iterations // 5)
        pipeline, grown = _all_rows(grow, spec, rows, seed, LEAVES[0], rounds)
        schedule = f"constant rate {spec.learning_rate:g}, {rounds} rounds: too few rows to hold any out"
        chosen = {"max_leaf_nodes": float(LEAVES[0]), "rounds": float(rounds)}
        return Fitted(pipeline, "limit", rounds, rounds, schedule, chosen, {"loss": _curve(grown.training)})
    fit_on, held_out = (rows.take(part) for part in places)
    prepare = preprocessing(spec, "native", seed)
    parts = [_part(spec, prepare.fit_transform(fit_on.features, fit_on.target), fit_on)]
    parts.append(_part(spec, prepare.transform(held_out.features), held_out))
    told = (spec.boosting_iterations, native_categories(prepare), len(fit_on))
    tries = [grow(Setting(spec, seed, leaves, *told), *parts) for leaves in LEAVES]
    size = int(np.argmin([grown.held[grown.best - 1] for grown in tries]))
    leaves, grown = LEAVES[size], tries[size]
    if len(rows) <= MANY_ROWS:
        pipeline, _ = _all_rows(grow, spec, rows, seed, leaves, grown.best)
    else:
        pipeline = Pipeline([("prepare", prepare), ("model", grown.model)])
    stopped = len(grown.held) < spec.boosting_iterations
    return Fitted(
        pipeline,
        "early_stopping" if stopped else "limit",
        len(grown.held),
        spec.boosting_iterations,
        f"constant rate {spec.learning_rate:g}, early stopping on {SHARE:.0%} of the rows with patience {PATIENCE}",
        {"max_leaf_nodes": float(leaves), "rounds": float(grown.best)},
        {"loss": _curve(grown.training), "validation_loss": _curve(grown.held)},
    )


Grow = Callable[[Setting, Part, Part | None], Grown]


def _all_rows(grow: Grow, spec: Spec, rows: Rows, seed: int, leaves: int, rounds: int) -> tuple[Pipeline, Grown]:
    prepare = preprocessing(spec, "native", seed)
    part = _part(spec, prepare.fit_transform(rows.features, rows.target), rows)
    grown = grow(Setting(spec, seed, leaves, rounds, native_categories(prepare), len(rows)), part, None)
    return Pipeline([("prepare", prepare), ("model", grown.model)]), grown


def _part(spec: Spec, table: Floats, rows: Rows) -> Part:
    return Part(np.asarray(table, dtype=np.float64), rows.target, row_weights(spec, rows.target))


def _curve(losses: list[float]) -> list[list[float]]:
    return [[float(at), loss] for at, loss in enumerate(losses, start=1)]


def _histogram(setting: Setting, part: Part, held: Part | None) -> Grown:
    """scikit-learn's histogram gradient boosting."""
    kind = HistGradientBoostingRegressor if setting.regression else HistGradientBoostingClassifier
    model = kind(
        **({"loss": "absolute_error"} if setting.regression and setting.absolute else {}),
        max_iter=setting.rounds,
        learning_rate=setting.spec.learning_rate,
        max_leaf_nodes=setting.leaves,
        min_samples_leaf=setting.least_leaf,
        max_bins=setting.bins,
        categorical_features=list(setting.categories) or None,
        early_stopping=held is not None,
        n_iter_no_change=PATIENCE,
        scoring="loss",
        random_state=setting.seed,
    )
    given = {"X_val": held.table, "y_val": held.target, "sample_weight_val": held.weights} if held else {}
    model.fit(part.table, part.target, sample_weight=part.weights, **given)
    if held is None:
        return Grown(model, [], [], setting.rounds)
    # The first score is that of the constant, before the first round.
    training, scores = ([-float(score) for score in told[1:]] for told in (model.train_score_, model.validation_score_))
    return Grown(model, training, scores, int(np.argmin(scores)) + 1)


def _lightgbm(setting: Setting, part: Part, held: Part | None) -> Grown:
    """LightGBM (Ke et al. 2017)."""
    library = load_lightgbm()
    kind = library.LGBMRegressor if setting.regression else library.LGBMClassifier
    model = kind(
        **({"objective": "l1"} if setting.regression and setting.absolute else {}),
        n_estimators=setting.rounds,
        learning_rate=setting.spec.learning_rate,
        num_leaves=setting.leaves,
        min_child_samples=setting.least_leaf,
        max_bin=setting.bins,
        subsample=0.8,
        subsample_freq=1,
        colsample_bytree=0.8,
        reg_lambda=1.0,
        random_state=setting.seed,
        n_jobs=1,
        deterministic=True,
        force_row_wise=True,
        verbosity=-1,
    )
    outer, watched, targets = _coded(model, setting, part, held)
    told: dict[str, Any] = {
        "sample_weight": part.weights,
        "categorical_feature": list(setting.categories) or "auto",
        "eval_X": tuple(one.table for one in watched),
        "eval_y": tuple(targets),
        "eval_names": ["training", "held_out"][: len(watched)],
    }
    if part.weights is not None:
        told["eval_sample_weight"] = [one.weights for one in watched]
    if held is not None:
        told["callbacks"] = [library.early_stopping(PATIENCE, verbose=False)]
    outer.fit(part.table, part.target, **told)
    return _grown(outer, model.evals_result_)


def _xgboost(setting: Setting, part: Part, held: Part | None) -> Grown:
    """XGBoost (Chen & Guestrin 2016), grown leaf by leaf as the other two."""
    kind = xgboost.XGBRegressor if setting.regression else xgboost.XGBClassifier
    types = ["c" if place in setting.categories else "q" for place in range(part.table.shape[1])]
    model = kind(
        **({"objective": "reg:absoluteerror"} if setting.regression and setting.absolute else {}),
        n_estimators=setting.rounds,
        learning_rate=setting.spec.learning_rate,
        tree_method="hist",
        grow_policy="lossguide",
        max_depth=0,
        max_leaves=setting.leaves,
        max_bin=setting.bins,
        min_child_weight=setting.least_leaf if setting.regression else 1,
        subsample=0.8,
        colsample_bytree=0.8,
        reg_lambda=1.0,
        enable_categorical=bool(setting.categories),
        feature_types=types if setting.categories else None,
        early_stopping_rounds=PATIENCE if held else None,
        random_state=setting.seed,
        n_jobs=1,
        verbosity=0,
    )
    outer, watched, targets = _coded(model, setting, part, held)
    told = {
        "sample_weight": part.weights,
        "eval_set": [(one.table, target) for one, target in zip(watched, targets, strict=True)],
        "sample_weight_eval_set": None if part.weights is None else [one.weights for one in watched],
        "verbose": False,
    }
    outer.fit(part.table, part.target, **told)
    return _grown(outer, model.evals_result())


def _coded(
    model: Any, setting: Setting, part: Part, held: Part | None
) -> tuple[Any, list[Part], list[NDArray[Any]]]:  # fmt: skip
    """The model, which for classes is one of their codes; the parts whose losses are wanted, and their targets."""
    watched = [part, held] if held else [part]
    if setting.regression:
        return model, watched, [one.target for one in watched]
    classes = np.unique(part.target)
    return CodedClassifier(model, classes), watched, [np.searchsorted(classes, one.target) for one in watched]


def _grown(model: Any, curves: dict[str, dict[str, list[float]]]) -> Grown:
    """`curves` of the training rows, then of the held-out rows where there are any."""
    losses = [[float(loss) for loss in next(iter(series.values()))] for series in curves.values()]
    held = losses[1] if len(losses) > 1 else []
    return Grown(model, losses[0], held, int(np.argmin(held or losses[0])) + 1)
