"""Which rows of a table a plan can use, and the checks of its columns and its target."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair
from orchestrator.core.plan import DataStrategy
from orchestrator.data.columns import class_name, is_number, is_time
from orchestrator.data.quoting import quote_first

MIN_ROWS = 10
ROW_ID = "row_id"


@dataclass(frozen=True)
class Usable:
    """The rows that can be used: `frame` keeps the file's row numbers as its index.

    `target` is float for regression and text for classes.
    """

    frame: pd.DataFrame
    target: pd.Series
    repairs: tuple[Repair, ...]


def usable_rows(path: Path, frame: pd.DataFrame, strategy: DataStrategy) -> Usable:
    """Rows with a target (and a group or time where the split needs one); the others are dropped and reported.

    Raises: BadInput naming the column that is not there, or what is wrong with the target.
    """
    _check_columns(path, frame, strategy)
    repairs: list[Repair] = []
    split, absent = strategy.split, "split_column_missing"
    for name, kind in ((strategy.target, "target_missing"), (split.column, absent), (split.moment, absent)):
        if name is None:
            continue
        missing = frame[name].isna()
        if missing.all():
            raise BadInput(f"column {name!r} of {str(path)!r} has no value in any row", remedy="name another column")
        if missing.any():
            reason = f"{int(missing.sum())} of {len(frame)} rows have no {name!r} and are left out"
            repairs.append(Repair(kind=kind, columns=(name,), rows=int(missing.sum()), reason=reason))
            frame = frame[~missing]
    if len(frame) < MIN_ROWS:
        raise BadInput(
            f"{str(path)!r} has {len(frame)} usable rows; at least {MIN_ROWS} are needed to train and test",
            remedy="give more rows",
        )
    return Usable(frame, _target(path, frame[strategy.target], strategy), tuple(repairs))


def _check_columns(path: Path, frame: pd.DataFrame, strategy: DataStrategy) -> None:
    split = strategy.split
    wanted = (strategy.target, *strategy.features, *filter(None, (split.column, split.moment)), *strategy.sensitive)
    names = [str(name) for name in frame.columns]
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            remedy = f"did you mean {near[0]!r}?" if near else f"its columns are {', '.join(names[:20])}"
            raise BadInput(f"{str(path)!r} has no column {name!r}", remedy=remedy)
    if ROW_ID in wanted:
        raise BadInput(f"{str(path)!r} uses the column name {ROW_ID!r}, which is reserved", remedy="rename the column")
    if not strategy.features:
        raise BadInput(f"no column is left to predict {strategy.target!r} from", remedy="drop fewer columns")
    if strategy.target in (*strategy.features, split.column, split.moment):
        raise BadInput(
            f"the target {strategy.target!r} is also a feature or the column to split by",
            remedy="name another target, feature or split column",
        )
    if split.kind in ("group", "time", "given") and split.column is None:
        raise BadInput(f"a split by {split.kind} needs a column", remedy="name the column")
    if moment := split.column if split.kind == "time" else split.moment:
        column = frame[moment]
        if not (is_time(column) or is_number(column)):
            raise BadInput(
                f"column {moment!r} of {str(path)!r} holds neither times nor numbers (such as {quote_first(column)})",
                remedy="write times as 2026-11-22 or 2026-11-22T10:30, or name another column",
            )


def _target(path: Path, column: pd.Series, strategy: DataStrategy) -> pd.Series:
    name = strategy.target
    if column.nunique() == 1:
        raise BadInput(
            f"the target {name!r} of {str(path)!r} is constant ({quote_first(column.map(class_name))} in every row)",
            remedy="name a target that varies",
        )
    if strategy.task == "regression":
        if not (is_number(column) or column.dtype == bool):
            raise BadInput(
                f"the target {name!r} of {str(path)!r} holds {quote_first(column)}; regression needs numbers",
                remedy="ask for a classification, or name a numeric target",
            )
        return column.astype(float)
    labels = pd.Series([class_name(cell) for cell in column], index=column.index, dtype=object)
    classes = labels.nunique()
    if strategy.task == "binary" and classes != 2:
        raise BadInput(
            f"the target {name!r} of {str(path)!r} has {classes} classes, a binary task has 2",
            remedy="ask for a multiclass task",
        )
    if classes > len(labels) / 2:
        raise BadInput(
            f"the target {name!r} of {str(path)!r} has {classes} classes in {len(labels)} rows",
            remedy="ask for a regression, or name a target with few classes",
        )
    return labels
