"""Measures leakage between the two sides of a split, on the host, from the files as they were written."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.plan import DataStrategy
from orchestrator.core.values import Value
from orchestrator.data.columns import is_number
from orchestrator.data.duplicates import duplicate_units, repeats_are_natural
from orchestrator.data.formulas import best_formula
from orchestrator.data.near import near_copies
from orchestrator.data.profile import numbers_rows
from orchestrator.data.proxy import explained, told_by_order
from orchestrator.data.rules import best_rule
from orchestrator.data.seal import ROW_ID, seconds
from orchestrator.data.split import SplitRecord

PROXY = 0.999  # a column that explains this much, or a rule on two, is taken for the target in disguise
LEAST_ORDER, CHANCE = 0.1, 5.0  # an order tells nothing below this, nor within so many standard errors of nothing
FORMULA = 0.9995  # so is a formula on two or three columns

Kind = Literal["duplicates", "near_duplicates", "groups", "time_order", "proxy", "proxy_together", "identifier"]
BY_COLUMN: frozenset[Kind] = frozenset(
    {"proxy", "proxy_together", "identifier"}
)  # leaks that a column brings, not a way to split


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

    def overridden(self, data: DataStrategy) -> bool:
        """Whether the request itself wants every column kept that the leak names, each by name."""
        by_column = self.kind in BY_COLUMN and bool(self.columns)
        return self.leaks and by_column and set(self.columns) <= set(data.kept)


def find_leaks(split: SplitRecord, data: DataStrategy) -> tuple[LeakFinding, ...]:
    """Every measurement that applies to this split, the innocent ones too.

    - duplicates: share of test rows whose features equal those of a training row (see `repeats_are_natural`)
    - near_duplicates: share of test rows that a training row repeats with small differences (see `near_copies`)
    - groups: test groups that also have training rows
    - time_order: share of test rows that are not later than the last training row
    - proxy: how well the best single feature alone tells the target (see `explained`)
    - proxy_together: how well two or three features together tell it (see `best_formula`, `best_rule`)
    - identifier: how much the rows before and after tell, in the order of a column that numbers the rows
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
        found += _proxies(train, test, sealed["labels"], data)
        found += _identifiers(train, test, sealed["labels"], data)
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


def _proxies(
    train: pd.DataFrame, test: pd.DataFrame, labels: NDArray[np.generic], data: DataStrategy
) -> tuple[LeakFinding, LeakFinding]:
    """What single columns tell of the target, and what two or three tell together that none of them tells alone."""
    names = list(data.features)
    truth, regression = pd.Series(labels), data.task == "regression"
    alone = {
        name: explained(train[name], train[data.target], test[name], truth, regression=regression) for name in names
    }
    telling = tuple(name for name, share in alone.items() if share > PROXY) or (
        max(names, key=lambda name: alone[name]),
    )
    without = frozenset(name for name, share in alone.items() if share > PROXY)
    search = best_formula if regression else best_rule
    found = search(train[names], train[data.target], test[names], truth, without)
    rows, named = len(train) + len(test), ", ".join(telling)
    single = LeakFinding(
        kind="proxy",
        value=alone[telling[0]],
        threshold=PROXY,
        columns=telling,
        rows=rows,
        remedy=f"{named} alone tells {data.target}: drop it, unless it is known before {data.target} is",
    )
    several = LeakFinding(
        kind="proxy_together",
        value=found.share,
        threshold=FORMULA if regression else PROXY,
        columns=found.columns,
        rows=rows,
        remedy=f"{' and '.join(found.columns)} together tell {data.target}: drop those that are known after it only",
    )
    return single, several


def _identifiers(
    train: pd.DataFrame, test: pd.DataFrame, labels: NDArray[np.generic], data: DataStrategy
) -> list[LeakFinding]:
    """Of columns that number the rows, those whose order tells the target, or else the one that tells most."""
    target = pd.concat([train[data.target], pd.Series(labels)], ignore_index=True)
    told: dict[str, float] = {}
    for name in data.features:
        column = pd.concat([train[name], test[name]], ignore_index=True)
        if is_number(column) and numbers_rows(name, column.sort_values()):
            told[name] = told_by_order(column, target, regression=data.task == "regression")
    if not told:
        return []
    limit = max(LEAST_ORDER, CHANCE / float(np.sqrt(len(target))))
    telling = tuple(name for name, share in told.items() if share > limit) or (max(told, key=lambda name: told[name]),)
    remedy = f"{', '.join(telling)} numbers the rows of a file that is sorted by {data.target}, or nearly so: drop it"
    value = max(told[name] for name in telling)
    return [
        LeakFinding(kind="identifier", value=value, threshold=limit, columns=telling, rows=len(target), remedy=remedy)
    ]
