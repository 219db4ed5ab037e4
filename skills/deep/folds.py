"""Cuts the training rows: folds for the comparison of candidates, and the rows on which a network stops early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.deep.rows import Rows
from skills.deep.spec import Spec
from skills.runtime.job import UserMistake

Places = NDArray[np.int64]
SINGLE = 5  # one part of a fifth is held out where folds are not worth their cost


@dataclass(frozen=True)
class Fold:
    """Places of the rows to fit on and of those to score."""

    train: Places
    test: Places


def cut(spec: Spec, rows: Rows, seed: int) -> list[Fold]:
    """The folds; one part of a fifth where rows are many. Forward in time the rows before each part are fitted on.

    Raises: UserMistake where no fold has two classes to learn from.
    """
    single = len(rows) > spec.cv.single_above
    count = SINGLE if single else spec.cv.folds
    labels = _labels(spec, rows, count, seed)
    ordered = spec.cv.kind == "time"
    places = (
        [count] if single and ordered else [0] if single else list(range(1 if ordered else 0, int(labels.max()) + 1))
    )
    folds = [
        Fold(np.flatnonzero(labels < at if ordered else labels != at), np.flatnonzero(labels == at)) for at in places
    ]
    good = [fold for fold in folds if len(fold.test) and len(np.unique(rows.target[fold.train])) > 1]
    if not good:
        raise UserMistake(f"no fold can be made of {len(rows)} rows", "give more rows or groups")
    return good


def held_out(spec: Spec, rows: Rows, places: Places, seed: int) -> tuple[Places, Places]:
    """(rows to learn from, rows to stop on) among `places`: the last ones in time, whole groups, or drawn by class.

    Each class has a row in both where it has two.
    """
    wanted = max(1, round(spec.held_out * len(places)))
    if spec.cv.kind == "time":
        return places[:-wanted], places[-wanted:]
    generator = np.random.default_rng([seed, 7])
    shuffled = places[generator.permutation(len(places))]
    if rows.groups is not None and len(np.unique(rows.groups[places])) > 1:
        names = generator.permutation(np.unique(rows.groups[places]))
        sizes = np.array([int((rows.groups[places] == name).sum()) for name in names])
        count = int(np.clip(np.searchsorted(np.cumsum(sizes), wanted) + 1, 1, len(names) - 1))
        held = np.isin(rows.groups[places], names[:count])
        return places[~held], places[held]
    if rows.classes:
        by_class = shuffled[np.argsort(rows.target[shuffled], kind="stable")]
        _, rank, sizes = _ranks(rows.target[by_class])
        held = rank < np.maximum(1, np.round(spec.held_out * sizes)) * (sizes > 1)
        return np.sort(by_class[~held]), np.sort(by_class[held])
    return np.sort(shuffled[wanted:]), np.sort(shuffled[:wanted])


def _ranks(ordered: NDArray[Any]) -> tuple[Places, Places, Places]:
    """(class, place within its class, size of its class) of rows that are ordered by class."""
    _, code, counts = np.unique(ordered, return_inverse=True, return_counts=True)
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return code.astype(np.int64), np.arange(len(ordered)) - starts[code], counts[code]


def _labels(spec: Spec, rows: Rows, count: int, seed: int) -> Places:
    """The fold of every row; forward in time there is one more, the oldest rows, which are never scored."""
    generator = np.random.default_rng([seed, 3])
    total = len(rows)
    if spec.cv.kind == "time":
        return np.arange(total) * (count + 1) // total
    if spec.cv.kind == "group" and rows.groups is not None:
        names, sizes = np.unique(rows.groups, return_counts=True)
        filled, fold_of = np.zeros(count, dtype=np.int64), np.zeros(len(names), dtype=np.int64)
        order = generator.permutation(len(names))
        for place in order[np.argsort(-sizes[order], kind="stable")]:
            fold_of[place] = int(np.argmin(filled))
            filled[fold_of[place]] += sizes[place]
        return fold_of[np.searchsorted(names, rows.groups)]
    labels = np.empty(total, dtype=np.int64)
    shuffled = generator.permutation(total)
    if spec.cv.kind == "stratified" and rows.classes:
        shuffled = shuffled[np.argsort(rows.target[shuffled], kind="stable")]
    labels[shuffled] = np.arange(total) % count
    return labels
