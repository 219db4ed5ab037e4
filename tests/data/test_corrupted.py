"""Training rows that depend on test rows, found by corrupting these."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.values import sha256_file
from orchestrator.data import leaks as measured
from orchestrator.data.corrupted import changed_by_test_rows, corrupt
from orchestrator.data.leaks import find_leaks
from orchestrator.data.split import SplitRecord
from orchestrator.data.usable import Usable, usable_rows

from .conftest import strategy

Split = Callable[..., SplitRecord]
DRAW = np.random.default_rng(5)
TABLE = pd.DataFrame(
    {
        "size": DRAW.normal(size=100),
        "count": DRAW.integers(0, 9, 100),
        "day": pd.date_range("2026-01-01", periods=100),
        "colour": DRAW.choice(["red", "blue"], 100),
        "well": DRAW.random(100) > 0.5,
        "score": DRAW.normal(size=100),
    }
)
TEST = np.arange(100) % 5 == 0


def scaled(by: pd.DataFrame) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Scales `size` as the rows of the given index would have it."""
    return lambda rows: rows.assign(size=rows["size"] - rows.loc[by.index, "size"].mean())


def test_corrupting_changes_every_column_of_test_rows_and_nothing_else() -> None:
    other = corrupt(TABLE, TEST, "score", seed=0)
    assert other[~TEST].equals(TABLE[~TEST]) and list(other.dtypes) == list(TABLE.dtypes)
    for name in TABLE.columns:
        assert (other.loc[TEST, name] != TABLE.loc[TEST, name]).any(), name
    assert sorted(other.loc[TEST, "score"]) == sorted(TABLE.loc[TEST, "score"])


def test_a_column_that_was_scaled_by_all_rows_is_named_and_one_by_training_rows_is_not() -> None:
    leaky = changed_by_test_rows(scaled(TABLE), TABLE, TEST, "score", seed=0)
    assert (leaky.columns, leaky.rows, leaky.of) == (("size",), 80, 80)
    honest = changed_by_test_rows(scaled(TABLE[~TEST]), TABLE, TEST, "score", seed=0)
    assert (honest.columns, honest.rows) == ((), 0)


def test_columns_that_were_selected_by_the_test_targets_are_named() -> None:
    def select(rows: pd.DataFrame) -> pd.DataFrame:
        told = rows[["size", "count"]].corrwith(rows["score"]).abs()
        return rows[["size" if told["size"] > told["count"] else "count"]]

    telling = TABLE.assign(score=np.where(TEST, TABLE["size"] * 50, TABLE["count"] * 1.0))
    assert changed_by_test_rows(select, telling, TEST, "score", seed=0).rows == 80


def test_the_product_s_own_preparation_is_checked(visits: Path, split: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    record = split(visits)
    honest = {finding.kind: finding for finding in find_leaks(record, strategy(visits))}["preparation"]
    assert (honest.value, honest.leaks) == (0.0, False) and honest.rows == record.train_rows

    def centred(*told: object) -> Usable:
        found = usable_rows(*told)  # type: ignore[arg-type]
        frame = found.frame.assign(age=found.frame["age"] - found.frame["age"].mean())
        return Usable(frame, found.target, found.repairs)

    monkeypatch.setattr(measured, "usable_rows", centred)
    leaky = {finding.kind: finding for finding in find_leaks(record, strategy(visits))}["preparation"]
    assert leaky.leaks and leaky.columns == ("age",)


def test_a_file_that_changed_since_the_split_is_not_measured_as_if_it_had_not(visits: Path, split: Split) -> None:
    record, told = split(visits), strategy(visits, sha256=sha256_file(visits))
    assert find_leaks(record, told)
    visits.write_text(visits.read_text() + "1,1,north,p0,2026-01-01,1,no\n")
    with pytest.raises(BadInput, match="has changed since the split"):
        find_leaks(record, told)


def test_test_rows_that_lie_after_all_others_are_seen_where_a_quantile_of_all_is_taken() -> None:
    """Stretched further up they change no rank of training rows: only stretched down do they."""
    late = pd.DataFrame({"size": np.arange(100.0), "score": DRAW.normal(size=100)})
    last = np.arange(100) >= 80

    def ranked(rows: pd.DataFrame) -> pd.DataFrame:
        return rows.assign(size=rows["size"].rank() / len(rows))

    assert changed_by_test_rows(ranked, late, last, "score", seed=0).columns == ("size",)


def test_a_selection_by_the_target_changes_with_test_rows_sorted_along_it() -> None:
    draw = np.random.default_rng(0)
    noise = pd.DataFrame(draw.normal(size=(200, 30))).add_prefix("n")
    table = noise.assign(score=sum(noise[f"n{place}"] for place in range(5)) + draw.normal(size=200))
    test = np.arange(200) % 5 == 0

    def chosen(fitted: NDArray[np.bool_]) -> Callable[[pd.DataFrame], pd.DataFrame]:
        def prepare(rows: pd.DataFrame) -> pd.DataFrame:
            told = rows[list(noise)][fitted].rank().corrwith(rows["score"][fitted].rank()).abs()
            return rows[told.nlargest(5).index]

        return prepare

    assert changed_by_test_rows(chosen(np.ones(200, dtype=np.bool_)), table, test, "score", seed=0).rows == 160
    assert changed_by_test_rows(chosen(~test), table, test, "score", seed=0).rows == 0
