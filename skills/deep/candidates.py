"""The candidates, simplest first: how each is fitted, and what it predicts from raw samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV

from skills.deep.checkpoint import Checkpoint
from skills.deep.course import Curve
from skills.deep.folds import Places, held_out
from skills.deep.networks import build
from skills.deep.rows import Rows, Samples
from skills.deep.scale import Scaler, flattened
from skills.deep.schedules import words
from skills.deep.spec import NETWORKS, Spec
from skills.deep.training import Part, Task, Trained, forward, train

ORDER = ("dummy", "linear", "forest", *NETWORKS)
PENALTIES = (0.003, 0.03, 0.3)
RIDGES = tuple(float(alpha) for alpha in np.logspace(-1, 5, 13))
MANY_ROWS = 10_000  # more of them are not worth their time for a linear model or a tree
LBFGS_LIMIT = 500
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """A fitted candidate: scikit-learn's model, or a trained network, whose target's scale `centre`, `spread` undo."""

    name: str
    model: Any
    scaler: Scaler
    classes: tuple[str, ...]
    reason: str
    at: int
    limit: int
    schedule: str
    centre: float = 0.0
    spread: float = 1.0
    series: dict[str, Curve] = field(default_factory=dict)

    @property
    def network(self) -> Trained | None:
        return self.model if isinstance(self.model, Trained) else None


Reporter = Callable[[int, int, float], None]


def fit(
    name: str, spec: Spec, rows: Rows, places: Places, stage: str, seed: int, checkpoint: Checkpoint, report: Reporter,
    device: str = "cpu",
) -> Fitted:  # fmt: skip
    """One candidate fitted to the rows at `places`, its scaling too. `stage` names the work in the checkpoint.

    Networks are trained on `device`, the simple models on the processor.
    """
    scaler = Scaler.fitted(rows.samples[places])
    if name in NETWORKS:
        return _network(name, spec, rows, places, scaler, stage, seed, checkpoint, report, device)
    some = places
    if len(places) > MANY_ROWS and name != "dummy":
        some = np.sort(np.random.default_rng([seed, 5]).permutation(places)[:MANY_ROWS])
    flat = flattened(scaler(rows.samples[some]))
    return {"dummy": _dummy, "linear": _linear, "forest": _forest}[name](spec, flat, rows, some, scaler, seed)


def outputs(fitted: Fitted, spec: Spec, samples: Samples, device: str = "cpu") -> Array:
    """Class probabilities (n, k) in the order of `classes`, or numbers (n, 1) in the target's unit.

    A network predicts on `device`.
    """
    scaled = fitted.scaler(samples)
    trained = fitted.network
    if trained is None:
        flat = flattened(scaled)
        if fitted.classes:
            return _spread(fitted.model.predict_proba(flat), fitted.model.classes_, len(fitted.classes))
        found = np.asarray(fitted.model.predict(flat), dtype=np.float64)
    else:
        network = build(trained.family, spec, trained.outputs)
        network.load_state_dict(trained.weights)
        told = forward(network.to(device), torch.from_numpy(scaled)).cpu().double()
        if fitted.classes:
            return np.asarray(torch.softmax(told, dim=1).numpy())
        found = told[:, 0].numpy()
    return np.asarray(fitted.centre + fitted.spread * found)[:, None]


def _spread(found: Array, known: NDArray[np.int64], classes: int) -> Array:
    """Probabilities of all classes, 0 for those that a fold did not show."""
    wide = np.zeros((len(found), classes))
    wide[:, known] = found
    return wide


def _dummy(spec: Spec, flat: Samples, rows: Rows, some: Places, scaler: Scaler, seed: int) -> Fitted:
    middle = "median" if spec.metric in ("mae", "median_ae") else "mean"
    model = DummyClassifier(strategy="prior") if rows.classes else DummyRegressor(strategy=middle)
    model.fit(flat[:, :1], rows.target[some])
    return Fitted("dummy", model, scaler, rows.classes, "closed_form", 1, 1, "none: one number is computed")


def _linear(spec: Spec, flat: Samples, rows: Rows, some: Places, scaler: Scaler, seed: int) -> Fitted:
    """Ridge, or logistic regression with its penalty chosen on the rows that a network would stop on."""
    target = rows.target[some]
    if not rows.classes:
        ridge = RidgeCV(alphas=RIDGES).fit(flat.astype(np.float64), target)
        return Fitted("linear", ridge, scaler, (), "closed_form", 1, 1, "none: solved exactly")
    learn, held = held_out(spec, rows, some, seed)
    inside, outside = np.isin(some, learn), np.isin(some, held)
    losses = {}
    for strength in PENALTIES:
        tried = LogisticRegression(C=strength, max_iter=LBFGS_LIMIT).fit(flat[inside], target[inside])
        told = _spread(tried.predict_proba(flat[outside]), tried.classes_, len(rows.classes))
        losses[strength] = -float(np.log(np.clip(told[np.arange(len(held)), target[outside]], 1e-12, 1)).mean())
    best = min(losses, key=lambda strength: losses[strength])
    model = LogisticRegression(C=best, max_iter=LBFGS_LIMIT).fit(flat, target)
    at = int(np.max(model.n_iter_))
    reason = "tolerance" if at < LBFGS_LIMIT else "limit"
    return Fitted("linear", model, scaler, rows.classes, reason, at, LBFGS_LIMIT, "L-BFGS with line search")


def _forest(spec: Spec, flat: Samples, rows: Rows, some: Places, scaler: Scaler, seed: int) -> Fitted:
    kind = RandomForestClassifier if rows.classes else RandomForestRegressor
    model = kind(
        n_estimators=spec.trees, max_features="sqrt" if rows.classes else 1 / 3,
        min_samples_leaf=1 if rows.classes else 3, random_state=seed, n_jobs=1,
    )  # fmt: skip
    model.fit(flat, rows.target[some])
    schedule = f"none: {spec.trees} independent trees"
    return Fitted("forest", model, scaler, rows.classes, "complete", spec.trees, spec.trees, schedule)


def _network(
    name: str, spec: Spec, rows: Rows, places: Places, scaler: Scaler, stage: str, seed: int, checkpoint: Checkpoint,
    report: Reporter, device: str,
) -> Fitted:  # fmt: skip
    learn, held = held_out(spec, rows, places, seed)
    centre, spread = 0.0, 1.0
    if not rows.classes:
        centre, spread = float(rows.target[learn].mean()), float(rows.target[learn].std()) or 1.0
    target = rows.target if rows.classes else (rows.target - centre) / spread
    parts = (Part.of(scaler(rows.samples[some]), target[some], spec, device) for some in (learn, held))
    weights = _weights(spec, rows, learn)
    trained = train(
        Task(
            name, spec, stage, seed, max(1, len(rows.classes)), *parts,
            None if weights is None else weights.to(device), report, device,
        ),
        checkpoint,
    )  # fmt: skip
    schedule = words(spec, trained.rate)
    if trained.recoveries:
        schedule += f"; {trained.recoveries} times a loss was no number and the rate was halved"
    return Fitted(
        name, trained, scaler, rows.classes, trained.reason, trained.at, trained.limit, schedule, centre, spread,
        trained.curves,
    )  # fmt: skip


def _weights(spec: Spec, rows: Rows, learn: Places) -> torch.Tensor | None:
    """Weights that make every class count the same, with mean 1 over the rows."""
    if spec.class_weights == "none" or not rows.classes:
        return None
    counts = np.bincount(rows.target[learn], minlength=len(rows.classes)).astype(np.float64)
    return torch.from_numpy((len(learn) / (len(rows.classes) * np.maximum(counts, 1))).astype(np.float32))
