"""Opens a user's model, here in the box and nowhere else, and asks it about rows."""

from __future__ import annotations

import difflib
import importlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.runtime.boosters import OPENERS
from skills.runtime.job import UserMistake
from skills.runtime.openmp import offer_openmp

Floats = NDArray[np.float64]
MOST_NAMED = 12
GIVEN_NAMES = re.compile(r"Column_\d+")  # what LightGBM calls columns that were given to it without names
TORCH = "torch"  # a kind of file
LIBRARIES = ("sklearn", "xgboost", "lightgbm")


class Subject(Protocol):
    """A user's model: what it is called, and which library wrote it."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> str: ...


class Question(Protocol):
    """What a model is asked: which column, from which columns, and whether it is a quantity."""

    @property
    def target(self) -> str: ...

    @property
    def task(self) -> str: ...

    @property
    def features(self) -> list[str]: ...


@dataclass(frozen=True)
class Raw:
    """What a model says of n rows: class probabilities (n, k) with the classes' names, or a number (n, 1).

    `kind` tells what stands for probabilities: themselves; `scores`, a decision function squeezed into (0, 1); or
    `labels`, ones and zeros of a model that names classes alone.
    """

    values: Floats
    names: tuple[str, ...]
    kind: str = "probabilities"


def open_model(path: Path, subject: Subject) -> Any:
    """The object in a pickle or joblib file, the booster in a file of XGBoost or LightGBM, the network of PyTorch.

    Raises: UserMistake where it cannot be opened with the libraries of this environment, or holds no model.
    """
    if subject.kind == TORCH:
        return importlib.import_module("skills.runtime.torch_files").open_torch(path, None, subject.name)
    offer_openmp()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions: what then breaks says so itself
            found = OPENERS.get(subject.kind, joblib.load)(path)
    except UserMistake as mistake:
        raise UserMistake(f"{subject.name!r} cannot be used: {mistake.message}", mistake.remedy) from mistake
    except (Exception, SystemExit) as error:  # a stranger's file may raise anything; it is the user's to mend
        raise UserMistake(
            f"{subject.name!r} cannot be opened: {told(error)}",
            f"save a model of scikit-learn, XGBoost or LightGBM with joblib.dump or pickle.dump; here are {versions()}",
        ) from error
    if not hasattr(found, "predict"):
        inside = f" with the keys {', '.join(map(repr, list(found)[:5]))}" if isinstance(found, dict) else ""
        raise UserMistake(
            f"{subject.name!r} holds an object of type {type(found).__name__}{inside}, which has no predict()",
            "save the fitted model itself, with its preprocessing, as one pipeline",
        )
    return found


def ask(model: Any, frame: pd.DataFrame, spec: Question, subject: Subject) -> Raw:
    """What the model says of the rows.

    Raises: UserMistake where the rows have not the columns that it wants, where it breaks on them, or where it is made
    for another task.
    """
    if subject.kind == TORCH:
        found: Raw = importlib.import_module("skills.runtime.torch_rows").ask_network(model, frame, spec, subject)
        return found
    given = columns_for(model, frame, spec, subject)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _numbers(model, given, spec) if spec.task == "regression" else _classes(model, given, subject)
    except UserMistake:
        raise
    except (Exception, SystemExit) as error:
        raise UserMistake(
            f"{subject.name!r} cannot predict these rows: {told(error)}",
            "give the columns as they were in training, or save the model with its preprocessing as one pipeline",
        ) from error
    return checked(found, frame, subject)


def checked(found: Raw, frame: pd.DataFrame, subject: Subject) -> Raw:
    """The same. Raises: UserMistake where it is not one line of finite numbers a row."""
    if found.values.ndim != 2 or len(found.values) != len(frame) or found.values.shape[1] != len(found.names):
        raise UserMistake(
            f"{subject.name!r} predicts an array of shape {found.values.shape} for {len(frame)} rows and "
            f"{len(found.names)} outputs",
            "give a model of one target",
        )
    bad = int((~np.isfinite(found.values)).any(axis=1).sum())
    if bad:
        raise UserMistake(
            f"{subject.name!r} predicts NaN or infinity for {bad} of {len(frame)} rows",
            "fill what is missing inside the pipeline",
        )
    return found


def columns_for(model: Any, frame: pd.DataFrame, spec: Question, subject: Subject) -> Any:
    """The columns that the model was fitted to, in its order; an array where it knows no names.

    Raises: UserMistake naming columns that are missing, or the numbers of columns that differ.
    """
    named = names_of(model)
    if named is not None:
        ours = {name.replace(" ", "_"): name for name in spec.features}  # LightGBM writes blanks so
        ours |= {name: name for name in spec.features}
        missing = [name for name in named if name not in ours]
        if missing:
            raise _missing(missing, spec, subject)
        return frame[[ours[name] for name in named]].set_axis(named, axis=1)
    wanted = getattr(model, "n_features_in_", None)
    given = frame[spec.features]
    if isinstance(wanted, int | np.integer) and int(wanted) != len(spec.features):
        raise UserMistake(
            f"{subject.name!r} was fitted to {int(wanted)} columns without names, and the table has "
            f"{len(spec.features)} beside {spec.target!r}: {listed(spec.features)}",
            "name its columns in their order (`using only columns a, b`), or `drop` those that it does not know",
        )
    text = [name for name in spec.features if not pd.api.types.is_numeric_dtype(given[name])]
    return given if text else given.to_numpy(dtype=np.float64)


def names_of(model: Any) -> list[str] | None:
    """The columns' names that a model was fitted to; None where it was given none."""
    try:
        names = [str(name) for name in model.feature_names_in_]
    except (AttributeError, TypeError):
        return None
    return None if all(GIVEN_NAMES.fullmatch(name) for name in names) else names


def told(error: BaseException) -> str:
    """An error in one line."""
    line = next((line for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {line.strip()[:300]}" if line else type(error).__name__


def versions() -> str:
    """The libraries that models may be of, with their versions."""
    found = ((name, importlib.util.find_spec(name)) for name in LIBRARIES)
    return ", ".join(f"{name} {importlib.import_module(name).__version__}" for name, there in found if there)


def _missing(missing: list[str], spec: Question, subject: Subject) -> UserMistake:
    near = difflib.get_close_matches(missing[0], spec.features, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r} by {missing[0]!r}? " if near else ""
    which = f"column {missing[0]!r}" if len(missing) == 1 else f"{len(missing)} columns {listed(missing)}"
    if spec.target in missing:
        return UserMistake(
            f"{subject.name!r} was fitted with {spec.target!r} among its columns, which is to be the target",
            "name the column that the model predicts",
        )
    return UserMistake(
        f"{subject.name!r} was fitted to the {which}, which the table has not",
        f"{hint}its columns are {listed(spec.features)}",
    )


def _numbers(model: Any, given: Any, spec: Question) -> Raw:
    if hasattr(model, "classes_"):
        raise UserMistake(
            f"the model names classes ({listed(map(class_name, model.classes_))}), and {spec.target!r} was taken "
            "for a quantity",
            "say `classification` in the request",
        )
    values = np.asarray(model.predict(given), dtype=np.float64)
    return Raw(values[:, None] if values.ndim == 1 else values, (spec.target,), "numbers")


def _classes(model: Any, given: Any, subject: Subject) -> Raw:
    classes = getattr(model, "classes_", None)
    if classes is None:
        raise UserMistake(
            f"{subject.name!r} ({type(model).__name__}) knows no classes: it predicts a quantity",
            "say `regression` in the request, or name a target with numbers",
        )
    names = tuple(class_name(label) for label in classes)
    if hasattr(model, "predict_proba"):
        return Raw(np.asarray(model.predict_proba(given), dtype=np.float64), names)
    if hasattr(model, "decision_function"):
        scores = np.asarray(model.decision_function(given), dtype=np.float64)
        return Raw(squeezed(scores), names, "scores")
    found = [class_name(label) for label in np.asarray(model.predict(given)).ravel()]
    return Raw(np.asarray([[float(label == name) for name in names] for label in found]), names, "labels")


def class_name(cell: Any) -> str:
    """A class as text, where 1, 1.0 and "1" are one class."""
    whole = isinstance(cell, float | np.floating) and float(cell).is_integer()
    return str(int(cell)) if whole else str(cell)


def squeezed(scores: Floats) -> Floats:
    """Scores in (0, 1) that rank as the decision function does: the logistic of one, the softmax of several."""
    if scores.ndim == 1:
        positive = 1.0 / (1.0 + np.exp(-np.clip(scores, -700, 700)))
        return np.stack([1.0 - positive, positive], axis=1)
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float64)


def listed(names: Any) -> str:
    every = list(names)
    shown = ", ".join(repr(str(name)) for name in every[:MOST_NAMED])
    return f"{shown} and {len(every) - MOST_NAMED} more" if len(every) > MOST_NAMED else shown
