"""Has a model met the rows that it is measured on? Copies of its training rows among them, exact and near ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import DataStrategy
from orchestrator.data.columns import class_name, is_number
from orchestrator.data.finding import LeakFinding
from orchestrator.data.leaks_of_rows import duplicates, near_duplicates
from orchestrator.data.profile import numbers_rows
from orchestrator.data.seal import ROW_ID
from orchestrator.data.split import SplitRecord


def find_overlap(trained: pd.DataFrame, split: SplitRecord, data: DataStrategy, named: str) -> tuple[LeakFinding, ...]:
    """Shares of the sealed rows that stand among the rows `trained`, as exact and as near copies.

    Rows are compared by the columns that both have, but for those that number the rows; `named` is what the training
    rows are called.

    Raises: BadInput where they share no column, or the training rows have no target.
    """
    test = pd.read_parquet(split.test_inputs)
    with np.load(split.labels, allow_pickle=False) as held:
        ids, labels = held["row_ids"], held["labels"]
    test = test.set_index(ROW_ID).loc[ids.tolist()].reset_index(drop=True)
    shared = compared_columns(trained, test, data, named)
    theirs, ours = _alike(trained, test, shared)
    told = trained[data.target]
    theirs[data.target] = told.astype(float) if data.task == "regression" else [class_name(cell) for cell in told]
    narrowed = data.model_copy(update={"features": shared})
    found = (duplicates(theirs, ours, labels, narrowed), near_duplicates(theirs, ours, labels, narrowed))
    return tuple(one.model_copy(update={"remedy": _remedy(one, named)}) for one in found)


def compared_columns(trained: pd.DataFrame, test: pd.DataFrame, data: DataStrategy, named: str) -> tuple[str, ...]:
    """The columns that both hold and that say something of a row.

    Raises: BadInput where there are none, or the training rows lack the target.
    """
    if data.target not in trained.columns:
        raise BadInput(
            f"{named!r} has no column {data.target!r}, so it cannot be what a model of {data.target!r} was trained on",
            remedy=f"name the file with the training rows; its columns are {', '.join(map(str, trained.columns[:12]))}",
        )
    shared = [name for name in data.features if name in trained.columns and name in test.columns]
    telling = tuple(name for name in shared if not _numbers(name, trained[name]) and not _numbers(name, test[name]))
    if not (telling or shared):
        raise BadInput(
            f"{named!r} shares no column with the rows to evaluate on besides {data.target!r}",
            remedy="name the file with the training rows, with the columns that the model was given",
        )
    return telling or tuple(shared)


def _numbers(name: str, column: pd.Series) -> bool:
    return is_number(column) and numbers_rows(name, column)


def _alike(trained: pd.DataFrame, test: pd.DataFrame, shared: tuple[str, ...]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The shared columns of both, of one type each: numbers where both hold numbers, else text."""
    theirs, ours = pd.DataFrame(index=trained.index), pd.DataFrame(index=test.index)
    for name in shared:
        pair = trained[name], test[name]
        if all(is_number(column) for column in pair):
            theirs[name], ours[name] = (column.astype(float) for column in pair)
        elif pair[0].dtype == pair[1].dtype:
            theirs[name], ours[name] = pair
        else:
            theirs[name], ours[name] = (
                pd.Series([None if pd.isna(cell) else class_name(cell) for cell in column], column.index, object)
                for column in pair
            )
    return theirs, ours


def _remedy(found: LeakFinding, named: str) -> str:
    copies = "copies" if found.kind == "duplicates" else "near copies"
    rows = round(found.value * found.rows)
    return f"{rows} of {found.rows} sealed rows are {copies} of rows in {Path(named).name}: evaluate on other rows"
