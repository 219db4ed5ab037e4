"""Classes that a shallow rule on two columns reproduces: a small table of both, or cuts of their sum or ratio."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.data.columns import is_number
from orchestrator.data.formulas import Found
from orchestrator.data.seal import seconds

MOST_ROWS = 2000  # of each side on which rules are looked for and measured
MOST_COLUMNS = 30  # whose pairs are tried: those that tell most alone
FEW = 20  # different values of a column that are taken as they are
BINS = 10  # quantiles of a number in a table of two columns
ROWS_A_CELL = 5  # a table needs so many rows for each of its filled cells
MOST_CUTS = 3
ROWS_FOR_SLACK = 30  # with so many test rows, one is forgiven: it may lie between the last training rows of two classes
LEAST_GAIN = 3.0  # a rule must leave this many times fewer rows wrong than the better of its columns does

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class _Column:
    """One column on training and test rows: `codes` from 0, and `numbers` where it holds nothing else."""

    codes: tuple[Codes, Codes]
    numbers: tuple[Floats, Floats] | None


@dataclass(frozen=True)
class _Classes:
    """The class of every training and test row by number; -1 for one that no training row has."""

    train: Codes
    test: Codes
    count: int


def best_rule(
    train: pd.DataFrame, train_target: pd.Series, test: pd.DataFrame, test_target: pd.Series, without: frozenset[str]
) -> Found:
    """How well the best rule on two columns tells the class: the lower of its training and its test accuracy.

    A rule is the commonest class in each cell of a table (categories, numbers of few values, tenths of others), or
    up to three cuts of the sum, difference, product or ratio of two numbers, or of both in standard deviations.
    """
    seen, unseen = (np.random.default_rng(0).permutation(len(side))[:MOST_ROWS] for side in (train, test))
    names = [str(name) for name in train.columns if name not in without]
    columns = {name: _column(train[name].iloc[seen], test[name].iloc[unseen]) for name in names}
    classes = _classes(train_target.iloc[seen], test_target.iloc[unseen])
    alone = {
        name: max(_table([column], classes), _cuts_of(column.numbers, classes)) for name, column in columns.items()
    }
    chosen = sorted(names, key=lambda name: -alone[name])[:MOST_COLUMNS]
    best = Found((), 0.0)
    for a, b in combinations(chosen, 2):
        share = max(_table([columns[a], columns[b]], classes), _joined(columns[a], columns[b], classes))
        wrong_alone = 1.0 - max(alone[a], alone[b])
        if share > best.share and wrong_alone > 0 and (1.0 - share) * LEAST_GAIN <= wrong_alone:
            best = Found((a, b), share)
    return best


def share_by_cuts(train: pd.Series, train_target: pd.Series, test: pd.Series, test_target: pd.Series) -> float:
    """How well up to three cuts of one column of numbers or times tell the class, as `best_rule` counts it."""
    numbers = (np.asarray(seconds(train), dtype=np.float64), np.asarray(seconds(test), dtype=np.float64))
    return _cuts_of(numbers, _classes(train_target, test_target))


def _classes(train: pd.Series, test: pd.Series) -> _Classes:
    names = {name: place for place, name in enumerate(sorted(set(train.astype(str))))}
    first, second = (np.array([names.get(str(cell), -1) for cell in side], dtype=np.int64) for side in (train, test))
    return _Classes(first, second, len(names))


def _column(train: pd.Series, test: pd.Series) -> _Column:
    number = is_number(train)
    few = train.nunique() <= FEW
    if not number or few:
        joined = np.asarray(pd.factorize(pd.concat([train, test]).astype(object))[0], dtype=np.int64) + 1
        codes = joined[: len(train)], joined[len(train) :]
    else:
        edges = np.unique(np.nanquantile(train.astype(float), np.linspace(0, 1, BINS + 1)[1:-1]))
        codes = tuple(  # type: ignore[assignment]
            np.where(side.isna(), 0, 1 + np.searchsorted(edges, side.astype(float), side="right"))
            for side in (train, test)
        )
    numbers = (train.to_numpy(np.float64), test.to_numpy(np.float64)) if number else None
    return _Column(codes, numbers)


def _table(columns: list[_Column], classes: _Classes) -> float:
    """The accuracy of the commonest class in each cell; 0 where the cells hold too few rows to tell."""
    train, test = np.zeros_like(classes.train), np.zeros_like(classes.test)
    for column in columns:
        width = 1 + max(int(side.max(initial=0)) for side in column.codes)
        train, test = train * width + column.codes[0], test * width + column.codes[1]
    filled, place = np.unique(train, return_inverse=True)
    if len(filled) * ROWS_A_CELL > len(train):
        return 0.0
    counts = np.zeros((len(filled), classes.count), dtype=np.int64)
    np.add.at(counts, (place, classes.train), 1)
    guess = counts.argmax(axis=1)
    there = np.minimum(np.searchsorted(filled, test), len(filled) - 1)
    right = (filled[there] == test) & (guess[there] == classes.test)
    return min(float((guess[place] == classes.train).mean()), float(right.mean()))


def _joined(a: _Column, b: _Column, classes: _Classes) -> float:
    """The best cuts of what two numbers make together."""
    if a.numbers is None or b.numbers is None:
        return 0.0
    (train_a, test_a), (train_b, test_b) = a.numbers, b.numbers
    scale = float(np.nanstd(train_a)) / (float(np.nanstd(train_b)) or 1.0)
    made = [(train_a + w * train_b, test_a + w * test_b) for w in (1.0, -1.0, scale, -scale)]
    made.append((train_a * train_b, test_a * test_b))
    with np.errstate(divide="ignore", invalid="ignore"):
        made.append((train_a / train_b, test_a / test_b))
    return max(_cuts_of(both, classes) for both in made)


def _cuts_of(numbers: tuple[Floats, Floats] | None, classes: _Classes) -> float:
    """The accuracy of up to three cuts of one number, each the one that leaves the fewest rows wrong."""
    if numbers is None:
        return 0.0
    present = np.isfinite(numbers[0])
    if present.sum() < ROWS_A_CELL * (MOST_CUTS + 1):
        return 0.0
    order = np.argsort(numbers[0][present], kind="stable")
    values, goal = numbers[0][present][order], classes.train[present][order]
    counts = np.zeros((len(values) + 1, classes.count), dtype=np.int64)
    np.cumsum(np.eye(classes.count, dtype=np.int64)[goal], axis=0, out=counts[1:])
    edges = [0, len(values)]
    for _ in range(MOST_CUTS):
        gain, cut = max(_best_cut(values, counts, low, high) for low, high in pairwise(edges))
        if gain <= 0:
            break
        edges = sorted([*edges, cut])
    guess = np.array([(counts[high] - counts[low]).argmax() for low, high in pairwise(edges)])
    thresholds = np.array([(values[edge - 1] + values[edge]) / 2 for edge in edges[1:-1]])
    wrong = [
        int((~np.isfinite(side) | (guess[np.searchsorted(thresholds, side, side="right")] != truth)).sum())
        for side, truth in zip(numbers, (classes.train, classes.test), strict=True)
    ]
    between = int(len(classes.test) >= ROWS_FOR_SLACK)
    return 1.0 - max(wrong[0] / len(classes.train), max(0, wrong[1] - between) / len(classes.test))


def _best_cut(values: Floats, counts: Codes, low: int, high: int) -> tuple[int, int]:
    """(rows that a cut between two different values sets right, where it lies) within values[low:high]."""
    places = low + 1 + np.flatnonzero(values[low : high - 1] < values[low + 1 : high])
    if not len(places):
        return 0, 0
    right = (counts[places] - counts[low]).max(axis=1) + (counts[high] - counts[places]).max(axis=1)
    best = int(np.argmax(right))
    return int(right[best] - (counts[high] - counts[low]).max()), int(places[best])
