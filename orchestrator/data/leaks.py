"""Measures leakage between the two sides of a split, on the host, from the files as they were written."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.plan import DataStrategy
from orchestrator.core.values import Value
from orchestrator.data.columns import is_number, is_time
from orchestrator.data.duplicates import duplicate_units, repeats_are_natural
from orchestrator.data.near import near_copies
from orchestrator.data.seal import ROW_ID, seconds
from orchestrator.data.split import SplitRecord

PROXY = 0.999  # a single column that explains this much is taken for the target in disguise
MOST_BINS = 50
LEAST_IN_BIN = 5

Kind = Literal["duplicates", "near_duplicates", "groups", "time_order", "proxy"]


class LeakFinding(Value):
    """One measurement. It is a leak where `value` exceeds `threshold`; `rows` is how many rows it rests on."""

    kind: Kind
    value: float
    threshold: float
    columns: tuple[str, ...] = ()
    rows: int = 0
    remedy: str = ""

    @property
    def leaks(self) -> bool:
        return self.value > self.threshold


def find_leaks(split: SplitRecord, data: DataStrategy) -> tuple[LeakFinding, ...]:
    """Every measurement that applies to this split, the innocent ones too.

    - duplicates: share of test rows whose features equal those of a training row (see `repeats_are_natural`)
    - near_duplicates: share of test rows that a training row repeats with small differences (see `near_copies`)
    - groups: test groups that also have training rows
    - time_order: share of test rows that are not later than the last training row
    - proxy: how well the best single feature alone tells the target (see `explained`)
    """
    train = pd.read_parquet(split.train)
    test = pd.read_parquet(split.test_inputs)
    with np.load(split.labels, allow_pickle=False) as held:
        sealed = {name: held[name] for name in held.files}
    order = pd.Series(np.arange(len(test)), index=test[ROW_ID]).loc[sealed["row_ids"].tolist()].to_numpy()
    test = test.iloc[order].reset_index(drop=True)
    found = [_duplicates(train, test, sealed["labels"], data), _near_duplicates(train, test, sealed["labels"], data)]
    if split.how == "group" and split.column is not None:
        found.append(_groups(train[split.column], test, split.column, sealed))
    if split.how == "time" and split.column is not None:
        found.append(_time_order(train[split.column], test, split.column, sealed))
    if len(data.features) > 1:
        found.append(_proxy(train, test, sealed["labels"], data))
    return tuple(found)


def _duplicates(
    train: pd.DataFrame, test: pd.DataFrame, labels: NDArray[np.generic], data: DataStrategy
) -> LeakFinding:
    features = list(data.features)
    both = pd.concat([train[features], test[features]], ignore_index=True)
    units = duplicate_units(both)
    targets = pd.concat([train[data.target], pd.Series(labels)], ignore_index=True)
    share = float(np.isin(units[len(train) :], units[: len(train)]).mean())
    return LeakFinding(
        kind="duplicates",
        value=share,
        threshold=1.0 if repeats_are_natural(both, targets) else 0.0,
        columns=data.features,
        rows=len(test),
        remedy="remove the copies, or split by a group that keeps them together",
    )


def _near_duplicates(
    train: pd.DataFrame, test: pd.DataFrame, labels: NDArray[np.generic], data: DataStrategy
) -> LeakFinding:
    features = list(data.features)
    both = pd.concat([train[features], test[features]], ignore_index=True)
    pairs = near_copies(both, pd.concat([train[data.target], pd.Series(labels)], ignore_index=True))
    crossing = pairs[(pairs[:, 0] < len(train)) & (pairs[:, 1] >= len(train))]
    return LeakFinding(
        kind="near_duplicates",
        value=len(np.unique(crossing[:, 1])) / len(test),
        threshold=0.0,
        columns=data.features,
        rows=len(test),
        remedy="remove the near copies, or split by a group that keeps them together",
    )


def _groups(train: pd.Series, test: pd.DataFrame, column: str, sealed: dict[str, NDArray[np.generic]]) -> LeakFinding:
    theirs = {str(group) for group in (test[column] if column in test else sealed["groups"])}
    shared = theirs & {str(group) for group in train}
    return LeakFinding(
        kind="groups",
        value=float(len(shared)),
        threshold=0.0,
        columns=(column,),
        rows=len(test),
        remedy=f"split so that no {column} stands on both sides",
    )


def _time_order(
    train: pd.Series, test: pd.DataFrame, column: str, sealed: dict[str, NDArray[np.generic]]
) -> LeakFinding:
    theirs = seconds(test[column]) if column in test else np.asarray(sealed["times"], dtype=np.float64)
    early = theirs <= seconds(train).max()
    return LeakFinding(
        kind="time_order",
        value=float(early.mean()),
        threshold=0.0,
        columns=(column,),
        rows=len(test),
        remedy=f"test on rows later than every training row in {column}",
    )


def _proxy(train: pd.DataFrame, test: pd.DataFrame, labels: NDArray[np.generic], data: DataStrategy) -> LeakFinding:
    names = list(data.features)
    truth = pd.Series(labels)
    best, most = names[0], -1.0
    for name in names:
        share = explained(train[name], train[data.target], test[name], truth, regression=data.task == "regression")
        if share > most:
            best, most = name, share
    return LeakFinding(
        kind="proxy",
        value=most,
        threshold=PROXY,
        columns=(best,),
        rows=len(train) + len(test),
        remedy=f"{best} alone tells {data.target}: drop it, unless it is known before {data.target} is",
    )


def explained(
    train: pd.Series, train_target: pd.Series, test: pd.Series, test_target: pd.Series, *, regression: bool
) -> float:
    """How well one feature alone tells the target, in [0, 1].

    Regression: the larger of |Spearman| over all rows and the R² on the test rows of a straight line, where numbers or
    times; of category means otherwise. Classes: the lower of the training and test accuracy of the commonest class in
    each category or quantile bin. A heuristic: it misses targets hidden in two columns, and it also names an honest
    feature that a target follows exactly (a law of nature, a table made by a formula).
    """
    ordered = is_number(train) or is_time(train)
    if regression and ordered:
        return _line(_plain(train), train_target, _plain(test), test_target)
    codes = _bins(_plain(train), _plain(test)) if ordered else _categories(train, test)
    if regression:
        return _means(*codes, train_target.to_numpy(float), test_target.to_numpy(float))
    return _commonest(*codes, train_target.astype(str), test_target.astype(str))


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
    common = target.groupby(train).agg(lambda classes: classes.mode().iloc[0])
    shares = [
        float((pd.Series(codes).map(common).to_numpy() == classes.to_numpy()).mean())
        for codes, classes in ((train, target), (test, truth))
    ]
    return min(shares)
