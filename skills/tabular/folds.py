"""Cuts the training rows into folds: shuffled, stratified, by group, or forward in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import UserMistake
from skills.tabular.spec import Spec

MANY_ROWS = 5000  # with so many rows a repetition tells little and costs as much again

WINDOW, KNOWN_AT_FIRST = 0.2, 0.4  # shares of a series' times: how far a forecast goes, and before the first one

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """Places of the rows to fit on and of the rows to score."""

    train: Places
    test: Places
    repeat: int


def folds_of(
    spec: Spec, target: NDArray[Any], by: NDArray[Any] | None, seed: int, moment: NDArray[Any] | None = None
) -> tuple[list[Fold], list[str]]:
    """The folds of a table, or the forecasts of a series, and in words what differs from the spec.

    Raises: UserMistake where fewer than two folds can be had.
    """
    if spec.series is not None:
        return _forecasts(target, by, spec.cv.folds)
    if moment is not None and by is not None:
        return _later_groups(target, by, moment, spec.cv.folds, seed)
    return cut(spec, target, by, seed)


def _later_groups(
    target: NDArray[Any], groups: NDArray[Any], moment: NDArray[Any], count: int, seed: int
) -> tuple[list[Fold], list[str]]:
    """Folds that ask about other groups at later times: fit to other groups before a cutoff, score those after it.

    Groups are dealt to the folds in the order in which they begin, those that begin together at random; the cutoff of
    a fold is the time at its share of all rows, or where its first group begins if that is later.
    """
    _, code = np.unique(groups, return_inverse=True)
    _, place = np.unique(moment, return_inverse=True)
    first = np.full(int(code.max()) + 1, len(place))
    np.minimum.at(first, code, place)
    order = np.lexsort((np.random.default_rng([seed, 6]).random(len(first)), first))
    chunk = np.empty(len(first), dtype=np.int64)
    chunk[order] = np.arange(len(first)) * (count + 1) // len(first)
    good = []
    for fold in range(1, count + 1):
        own = chunk[code] == fold
        if not own.any():
            continue
        cutoff = max(int(place[own].min()), int(np.quantile(place, fold / (count + 1), method="higher")))
        train, test = np.flatnonzero(~own & (place < cutoff)), np.flatnonzero(own & (place >= cutoff))
        if len(test) and len(np.unique(target[train])) > 1:
            good.append(Fold(train, test, 0))
    if len(good) < 2:
        raise UserMistake(f"only {len(good)} folds have later groups to score", "give more groups or times")
    return good, [f"{len(good)} folds ask about other groups and later times; they are not repeated"]


def cut(spec: Spec, target: NDArray[Any], by: NDArray[Any] | None, seed: int) -> tuple[list[Fold], list[str]]:
    """The folds, and in words what differs from the spec. A fold whose training part has one value only is left out.

    Raises: UserMistake where fewer than two folds can be had.
    """
    notes: list[str] = []
    rows = len(target)
    kind, count = spec.cv.kind, min(spec.cv.folds, rows // 2)
    if kind == "stratified":
        least = int(np.unique(target, return_counts=True)[1].min())
        if least < 2 or spec.task == "regression":
            kind = "kfold"
            notes.append("folds are not stratified: a class has one row only, or the target is a number")
        elif least < count:
            count = least
            notes.append(f"{count} folds instead of {spec.cv.folds}: the rarest class has {least} rows")
    if kind == "group":
        count = min(count, len(np.unique(by)))
    repeats = spec.cv.repeats if rows <= MANY_ROWS and kind != "time" else 1
    if repeats < spec.cv.repeats:
        notes.append(f"folds are not repeated: {'they follow time' if kind == 'time' else f'{rows} rows'}")
    folds: list[Fold] = []
    for repeat in range(repeats):
        generator = np.random.default_rng([seed, repeat])
        labels = _fold_of_rows(kind, target, by, count, generator)
        for fold in range(1 if kind == "time" else 0, int(labels.max()) + 1):
            train = np.flatnonzero(labels < fold if kind == "time" else labels != fold)
            folds.append(Fold(train, np.flatnonzero(labels == fold), repeat))
    good = [fold for fold in folds if len(fold.test) and len(np.unique(target[fold.train])) > 1]
    if len(good) < len(folds):
        notes.append(f"{len(folds) - len(good)} folds have nothing to learn from and are left out")
    if len(good) < 2:
        raise UserMistake(f"only {len(good)} folds can be made of {rows} rows", "give more rows, groups or times")
    return good, notes


def _forecasts(target: NDArray[Any], by: NDArray[Any] | None, count: int) -> tuple[list[Fold], list[str]]:
    """Forecasts from `count` origins, a fifth of the times long each: about as far as the sealed rows lie ahead.

    The first is made when two fifths of the times are known, so windows overlap where there are more than three.
    """
    _, place = np.unique(np.arange(len(target)) if by is None else by, return_inverse=True)
    times = int(place.max()) + 1
    window = max(1, round(WINDOW * times))
    starts = np.unique(np.linspace(round(KNOWN_AT_FIRST * times), times - window, count).astype(np.int64))
    order = np.argsort(place, kind="stable")
    folds = []
    for start in starts:
        inside = order[(place[order] >= start) & (place[order] < start + window)]
        folds.append(Fold(np.flatnonzero(place < start), inside, 0))
    good = [fold for fold in folds if len(fold.test) and len(np.unique(target[fold.train])) > 1]
    if len(good) < 2:
        raise UserMistake(f"only {len(good)} forecasts can be tried of {times} times", "give a longer series")
    return good, [f"folds are forecasts of {window} steps from {len(good)} origins"]


def _fold_of_rows(
    kind: str, target: NDArray[Any], by: NDArray[Any] | None, count: int, generator: np.random.Generator
) -> Places:
    """The fold of every row. For time there is one more: the oldest rows, which are never scored."""
    rows = len(target)
    if kind == "time":
        values = np.arange(rows) if by is None else by
        _, place = np.unique(values, return_inverse=True)
        first = np.searchsorted(np.sort(place), place, side="left")  # equal times share the earliest rank
        return np.minimum(first * (count + 1) // rows, count).astype(np.int64)
    if kind == "group":
        assert by is not None, "the spec names the group's column"
        groups, sizes = np.unique(by, return_counts=True)
        order = generator.permutation(len(groups))
        order = order[np.argsort(-sizes[order], kind="stable")]  # largest first, so that folds come out even
        filled, fold_of = np.zeros(count, dtype=np.int64), np.zeros(len(groups), dtype=np.int64)
        for group in order:
            fold_of[group] = int(np.argmin(filled))
            filled[fold_of[group]] += sizes[group]
        return fold_of[np.searchsorted(groups, by)]
    labels = np.empty(rows, dtype=np.int64)
    if kind == "stratified":
        shuffled = generator.permutation(rows)
        order = shuffled[np.argsort(target[shuffled], kind="stable")]
        labels[order] = np.arange(rows) % count
        return labels
    labels[generator.permutation(rows)] = np.arange(rows) % count
    return labels
