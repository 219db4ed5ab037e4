"""A split that the user brings: a column that names the side of every row, or a file of test rows beside the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import SIDE, DataStrategy
from orchestrator.core.values import sha256_file
from orchestrator.data.columns import class_name
from orchestrator.data.quoting import quote_some
from orchestrator.data.readers import read_table
from orchestrator.data.table import Table

TRAIN = frozenset({"train", "training", "trn", "tr", "fit", "development", "dev", "learn", "learning", "in"})
VALID = frozenset({"valid", "validation", "val", "validate", "tune", "tuning"})
TEST = frozenset(
    {"test", "testing", "tst", "te", "holdout", "hold-out", "held-out", "eval", "evaluation", "out", "oos"}
)
YES, NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


@dataclass(frozen=True)
class Sides:
    """True for test rows, and how many rows were given as validation rows: these are trained on."""

    test: NDArray[np.bool_]
    validation: int


def read_whole(path: Path, strategy: DataStrategy) -> Table:
    """The table; where the plan names a file of test rows, theirs below the others, with a column `SIDE`.

    Raises: BadInput as `read_table` does, where a file has changed, and where the test file lacks a used column.
    """
    split = strategy.split
    table = read_table(path)
    _unchanged(path, strategy.sha256)
    if split.test_file is None:
        return table
    other = Path(split.test_file).expanduser()
    second = read_table(other)
    _unchanged(other, split.test_sha256)
    used = [strategy.target, *strategy.features]
    if absent := [name for name in used if name not in second.frame.columns]:
        raise BadInput(
            f"the test rows of {str(other)!r} have no column {absent[0]!r}, which the training rows have",
            remedy="give both files the same columns, or drop those that one of them lacks",
        )
    for name in used:
        first, last = table.frame[name], second.frame[name]
        if pd.api.types.is_numeric_dtype(first) != pd.api.types.is_numeric_dtype(last):
            raise BadInput(
                f"column {name!r} holds numbers in one of {str(path)!r} and {str(other)!r} and words in the other",
                remedy="write it alike in both files",
            )
    shared = [name for name in table.frame.columns if name in second.frame.columns]
    rows = (table.frame.assign(**{SIDE: "train"}), second.frame[shared].assign(**{SIDE: "test"}))
    return Table(pd.concat(rows, ignore_index=True), (*table.repairs, *second.repairs))


def _unchanged(path: Path, sha256: str) -> None:
    if sha256 and sha256_file(path) != sha256:
        raise BadInput(f"{str(path)!r} has changed since the plan was made", remedy="plan again")


def sides_of(path: Path, column: pd.Series) -> Sides:
    """The sides that a column names: train and test, validation counting as train, or yes and no of a `test` column.

    Raises: BadInput where it names neither, or one side alone.
    """
    name = str(column.name)
    words = column.map(lambda cell: class_name(cell).strip().casefold())
    lowered = name.casefold()
    if set(words) <= YES | NO and ("test" in lowered or "train" in lowered):
        test = words.isin(YES if "test" in lowered else NO)
    else:
        strange = column[~words.isin(TRAIN | VALID | TEST)]
        if len(strange):
            raise BadInput(
                f"column {name!r} of {str(path)!r} is to say which rows are test rows, and holds {quote_some(strange)}",
                remedy="write `train` or `test` in every row of it",
            )
        test = words.isin(TEST)
    if not test.any() or test.all():
        raise BadInput(
            f"column {name!r} of {str(path)!r} names {'only' if test.any() else 'no'} test rows",
            remedy="write `train` in some rows and `test` in others",
        )
    return Sides(test.to_numpy(), int(words.isin(VALID).sum()))
