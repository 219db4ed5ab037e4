"""How well one column alone tells the target: a number that follows it, or categories that name it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.data.columns import is_number, is_time
from orchestrator.data.rules import share_by_cuts
from orchestrator.data.seal import seconds

MOST_BINS = 50
LEAST_IN_BIN = 5


def explained(
    train: pd.Series, train_target: pd.Series, test: pd.Series, test_target: pd.Series, *, regression: bool
) -> float:
    """How well one feature alone tells the target, in [0, 1].

    Regression: the larger of |Spearman| over all rows and the R² on the test rows of a straight line, where numbers or
    times; of category means otherwise. Classes: the lower of the training and test accuracy of the commonest class in
    each category or quantile bin, or between up to three cuts. A heuristic: it also names an honest feature that a
    target follows exactly (a law of nature, a table made by a formula).
    """
    ordered = is_number(train) or is_time(train)
    if regression and ordered:
        return _line(_plain(train), train_target, _plain(test), test_target)
    codes = _bins(_plain(train), _plain(test)) if ordered else _categories(train, test)
    if regression:
        return _means(*codes, train_target.to_numpy(float), test_target.to_numpy(float))
    share = _commonest(*codes, train_target.astype(str), test_target.astype(str))
    return max(share, share_by_cuts(train, train_target, test, test_target)) if ordered else share


def told_by_order(column: pd.Series, target: pd.Series, *, regression: bool) -> float:
    """How alike neighbours are in the order of a column: 0 as by chance, 1 where each is like the next.

    Numbers: the correlation of a target's ranks with those of the next row. Classes: how much oftener than by chance
    the next row has the same one. `least_order` says what is more than chance.
    """
    ordered = target.iloc[np.argsort(_plain(column).to_numpy(), kind="stable")]
    if regression:
        ranks = ordered.astype(float).rank().to_numpy()
        return float(np.corrcoef(ranks[:-1], ranks[1:])[0, 1]) if ranks.std() > 0 else 0.0
    codes = pd.factorize(ordered.astype(str))[0]
    chance = float(((np.bincount(codes) / len(codes)) ** 2).sum())
    return (float((codes[:-1] == codes[1:]).mean()) - chance) / (1.0 - chance) if chance < 1 else 0.0


def _plain(column: pd.Series) -> pd.Series:
    return pd.Series(seconds(column)) if is_time(column) else column.astype(float).reset_index(drop=True)


def _line(train: pd.Series, train_target: pd.Series, test: pd.Series, test_target: pd.Series) -> float:
    feature = pd.concat([train, test], ignore_index=True)
    target = pd.concat([train_target, test_target], ignore_index=True).astype(float)
    present = feature.notna().to_numpy()
    if present.sum() < LEAST_IN_BIN or feature[present].nunique() < 3 or target[present].nunique() < 3:
        return 0.0
    rank = float(np.corrcoef(feature[present].rank(), target[present].rank())[0, 1])
    straight = float(np.corrcoef(feature[present], target[present])[0, 1])
    return max(abs(rank), straight**2) * float(present.mean())


Codes = tuple[NDArray[np.int64], NDArray[np.int64]]


def _bins(train: pd.Series, test: pd.Series) -> Codes:
    count = max(2, min(MOST_BINS, len(train) // LEAST_IN_BIN))
    present = train.dropna()
    edges = np.unique(np.quantile(present, np.linspace(0, 1, count + 1)[1:-1])) if len(present) else np.zeros(0)
    values = np.unique(present)
    if len(values) <= count:
        edges = (values[1:] + values[:-1]) / 2
    sides = (np.where(side.isna(), -1, np.searchsorted(edges, side, side="right")) for side in (train, test))
    first, second = (np.asarray(codes, dtype=np.int64) for codes in sides)
    return first, second


def _categories(train: pd.Series, test: pd.Series) -> Codes:
    codes = np.asarray(pd.factorize(pd.concat([train, test]).astype(object))[0], dtype=np.int64)
    return codes[: len(train)], codes[len(train) :]


def _means(
    train: NDArray[np.int64], test: NDArray[np.int64], target: NDArray[np.float64], truth: NDArray[np.float64]
) -> float:
    spread = float(((truth - truth.mean()) ** 2).sum())
    if spread <= 0:
        return 0.0
    means = pd.Series(target).groupby(train).mean()
    guess = pd.Series(test).map(means).fillna(float(target.mean())).to_numpy(float)
    return max(0.0, 1.0 - float(((truth - guess) ** 2).sum()) / spread)


def _commonest(train: NDArray[np.int64], test: NDArray[np.int64], target: pd.Series, truth: pd.Series) -> float:
    named, classes = pd.factorize(pd.concat([target, truth], ignore_index=True), sort=True)
    seen, unseen = named[: len(train)], named[len(train) :]
    low = min(int(train.min()), int(test.min()))
    counts = np.zeros((max(int(train.max()), int(test.max())) - low + 1, len(classes)), dtype=np.int64)
    np.add.at(counts, (train - low, seen), 1)
    common = np.where(counts.any(axis=1), counts.argmax(axis=1), -1)  # -1: no training row has it
    return min(float((common[codes - low] == goal).mean()) for codes, goal in ((train, seen), (test, unseen)))
