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
LEAST_CUTS, MOST_CUTS = 3, 20  # as many as there are classes, between these
BINS_OF_A_SCREEN = 100  # equally many rows each: cuts are sought only where these bins halve the wrong rows
MOST_TWINS = 200  # pairs of columns that go along with each other most: their differences are tried too
MOST_IN_TABLES = 80  # columns of few values whose pairs are tried as tables
ROWS_FOR_SLACK = 30  # with so many test rows, one is forgiven: it may lie between the last training rows of two classes
LEAST_GAIN = 3.0  # a rule must leave this many times fewer rows wrong than the better of its columns does

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class _Column:
    """One column on training and test rows: `codes` from 0, `numbers` where it holds nothing else, `few` values?"""

    codes: tuple[Codes, Codes]
    numbers: tuple[Floats, Floats] | None
    few: bool


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
    a few cuts of the sum, difference, product or ratio of two numbers, or of both in standard deviations.
    """
    seen, unseen = (np.random.default_rng(0).permutation(len(side))[:MOST_ROWS] for side in (train, test))
    names = [str(name) for name in train.columns if name not in without]
    columns = {name: _column(train[name].iloc[seen], test[name].iloc[unseen]) for name in names}
    classes = _classes(train_target.iloc[seen], test_target.iloc[unseen])
    alone = {
        name: max(_table([column], classes), _cuts_of(column.numbers, classes)) for name, column in columns.items()
    }
    best = Found((), 0.0)
    for a, b, joined in _pairs(columns, alone):
        share = _table([columns[a], columns[b]], classes)
        share = max(share, _joined(columns[a], columns[b], classes)) if joined else share
        wrong_alone = 1.0 - max(alone[a], alone[b])
        if share > best.share and wrong_alone > 0 and (1.0 - share) * LEAST_GAIN <= wrong_alone:
            best = Found((a, b), share)
    return best


def _pairs(columns: dict[str, _Column], alone: dict[str, float]) -> list[tuple[str, str, bool]]:
    """The pairs to try, and whether their sums and ratios too: of those that tell most alone, twins, of few values.

    Two columns whose difference is the class tell it neither of them alone, but then go along with each other.
    """
    telling = sorted(columns, key=lambda name: -alone[name])
    pairs = {frozenset(pair): True for pair in combinations(telling[:MOST_COLUMNS], 2)}
    numbers = {name: column.numbers[0] for name, column in columns.items() if column.numbers is not None}
    if len(numbers) > 1:
        ranks = pd.DataFrame(numbers).rank().to_numpy()
        ranks = np.where(np.isnan(ranks), np.nanmean(ranks, axis=0), ranks) - np.nanmean(ranks, axis=0)
        size = np.sqrt((ranks**2).sum(axis=0))
        along = np.abs(ranks.T @ ranks) / np.maximum(np.outer(size, size), 1e-12)
        first, second = np.triu_indices(len(along), 1)
        order = np.argsort(-along[first, second], kind="stable")[:MOST_TWINS]
        named = list(numbers)
        pairs |= {frozenset((named[first[place]], named[second[place]])): True for place in order}
    few = [name for name in telling if columns[name].few][:MOST_IN_TABLES]
    pairs = {frozenset(pair): False for pair in combinations(few, 2)} | pairs
    return [(a, b, joined) for (a, b), joined in ((sorted(pair), joined) for pair, joined in pairs.items())]


def share_by_cuts(train: pd.Series, train_target: pd.Series, test: pd.Series, test_target: pd.Series) -> float:
    """How well a few cuts of one column of numbers or times tell the class, as `best_rule` counts it."""
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
    return _Column(codes, numbers, few)


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
    """The accuracy of a few cuts of one number, each the one that leaves the fewest rows wrong."""
    if numbers is None:
        return 0.0
    present = np.isfinite(numbers[0])
    most = min(max(LEAST_CUTS, classes.count - 1), MOST_CUTS)
    if present.sum() < ROWS_A_CELL * (most + 1):
        return 0.0
    order = np.argsort(numbers[0][present], kind="stable")
    values, goal = numbers[0][present][order], classes.train[present][order]
    counts = np.zeros((len(values) + 1, classes.count), dtype=np.int64)
    np.cumsum(np.eye(classes.count, dtype=np.int64)[goal], axis=0, out=counts[1:])
    bins = np.diff(counts[np.linspace(0, len(values), BINS_OF_A_SCREEN + 1).astype(np.int64)], axis=0)
    if len(values) - bins.max(axis=1).sum() > 0.5 * (len(values) - counts[-1].max()):
        return 0.0
    edges = [0, len(values)]
    for _ in range(most):
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
