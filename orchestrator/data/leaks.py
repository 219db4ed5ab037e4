"""Measures leakage between the two sides of a split, on the host, from the files as they were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import DataStrategy
from orchestrator.data.corrupted import changed_by_test_rows
from orchestrator.data.finding import Kind, LeakFinding
from orchestrator.data.given import read_whole
from orchestrator.data.leaks_of_columns import identifiers, proxies
from orchestrator.data.leaks_of_rows import (
    duplicates,
    future_in_training,
    groups,
    near_duplicates,
    time_order,
    units_on_both_sides,
)
from orchestrator.data.seal import ROW_ID
from orchestrator.data.split import SplitRecord
from orchestrator.data.usable import usable_rows

__all__ = ["Kind", "LeakFinding", "find_leaks"]

Sealed = dict[str, NDArray[np.generic]]


def find_leaks(split: SplitRecord, data: DataStrategy) -> tuple[LeakFinding, ...]:
    """Every measurement that applies to this split, the innocent ones too.

    - duplicates: share of test rows whose features equal those of a training row (see `repeats_are_natural`)
    - near_duplicates: share of test rows that a training row repeats with small differences (see `near_copies`)
    - groups: test groups that also have training rows; in a split at random, how alike the rows of one unit are
    - time_order: share of test rows that are not later than the last training row; in a split at random, how much the
      rows of a series tell of their neighbours
    - preparation: share of training rows that change once test rows are corrupted (see `changed_by_test_rows`)
    - proxy: how well the best single feature alone tells the target (see `explained`)
    - proxy_together: how well two or three features together tell it (see `best_formula`, `best_rule`)
    - afterwards: how well a column tells the target that is named like something written down later (`known_later`)
    - identifier: how much the rows before and after tell, in the order of a column that numbers the rows

    Raises: BadInput where the user's file is gone or has changed since the split.
    """
    train = pd.read_parquet(split.train)
    test = pd.read_parquet(split.test_inputs)
    with np.load(split.labels, allow_pickle=False) as held:
        sealed = {name: held[name] for name in held.files}
    order = pd.Series(np.arange(len(test)), index=test[ROW_ID]).loc[sealed["row_ids"].tolist()].to_numpy()
    test = test.iloc[order].reset_index(drop=True)
    found = [duplicates(train, test, sealed["labels"], data), near_duplicates(train, test, sealed["labels"], data)]
    if split.how == "group" and split.column is not None:
        found.append(groups(train[split.column], test, split.column, sealed))
    if split.how == "time" and split.column is not None:
        found.append(time_order(train[split.column], test, split.column, sealed))
    table = _as_it_was(data)
    if split.how == "group" and split.moment is not None:
        found.append(time_order(train[split.moment], test, split.moment, sealed))
    if split.how in ("random", "stratified", "given"):
        found += _at_random(table, train, sealed, data)
    found.append(_preparation(table, sealed, split, data))
    if len(data.features) > 1:
        found += proxies(train, test, sealed["labels"], data)
        found += identifiers(train, test, sealed["labels"], data)
    return tuple(found)


def _as_it_was(data: DataStrategy) -> pd.DataFrame:
    try:
        return read_whole(Path(data.file).expanduser(), data).frame
    except BadInput as gone:
        message = gone.message.replace("since the plan was made", "since the split")
        raise BadInput(message, remedy="run the request anew") from gone


def _at_random(table: pd.DataFrame, train: pd.DataFrame, sealed: Sealed, data: DataStrategy) -> list[LeakFinding]:
    """Units and times that a split at random tears apart, looked for in every column of the file but the target."""
    places = np.concatenate([sealed["train_rows"], sealed["rows"]]).astype(np.int64)
    whole = table.iloc[places].drop(columns=[data.target]).reset_index(drop=True)
    told = train.drop_duplicates(ROW_ID).set_index(ROW_ID)[data.target].loc[sealed["train_row_ids"].tolist()]
    target = pd.concat([told, pd.Series(sealed["labels"])], ignore_index=True)
    test = np.arange(len(places)) >= len(sealed["train_rows"])
    regression = data.task == "regression"
    looked = (
        units_on_both_sides(whole, target, test, regression=regression),
        future_in_training(whole, target, test, regression=regression),
    )
    return [finding for finding in looked if finding is not None]


def _preparation(table: pd.DataFrame, sealed: Sealed, split: SplitRecord, data: DataStrategy) -> LeakFinding:
    def prepare(rows: pd.DataFrame) -> pd.DataFrame:
        usable = usable_rows(Path(data.file), rows, data)
        return usable.frame[list(data.features)].assign(**{data.target: usable.target})

    test = np.zeros(len(table), dtype=np.bool_)
    test[sealed["rows"].astype(np.int64)] = True
    changed = changed_by_test_rows(prepare, table, test, data.target, split.seed)
    named = ", ".join(changed.columns)
    return LeakFinding(
        kind="preparation",
        value=changed.rows / changed.of if changed.of else 0.0,
        threshold=0.0,
        columns=changed.columns,
        rows=changed.of,
        remedy=f"training rows change with the test rows in {named}: prepare them from training rows alone",
    )
