"""The profile of a table: kinds of columns, gaps and ranges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.profile import DataProfile
from orchestrator.core.values import sha256_file
from orchestrator.data.profile import profile_table

Csv = Callable[..., Path]


@pytest.fixture
def profile(tmp_path: Path) -> DataProfile:
    rows = 40
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "customer_id": np.arange(rows) + 100,
            "uuid": [f"{place:032x}" for place in range(rows)],
            "height": generator.normal(size=rows),
            "acid": np.arange(rows),
            "code": generator.integers(0, 3, rows),
            "colour": generator.choice(["red", "green"], rows),
            "smoker": generator.choice(["yes", "no"], rows),
            "note": [f"some free words, {place} of them" for place in range(rows)],
            "when": pd.date_range("2026-01-01", periods=rows).strftime("%d.%m.%Y"),
            "same": 1,
            "nothing": np.nan,
            "gaps": np.where(np.arange(rows) % 4 == 0, np.nan, 2.5 * np.arange(rows)),
        }
    )
    frame = pd.concat([frame, frame.iloc[:1].assign(uuid="f" * 32, customer_id=999)])
    frame.to_csv(tmp_path / "t.csv", index=False)
    return profile_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("customer_id", "identifier"), ("uuid", "identifier"), ("height", "number"), ("acid", "number"),
        ("code", "number"), ("colour", "category"), ("smoker", "boolean"), ("note", "text"), ("when", "time"),
        ("same", "constant"), ("nothing", "empty"), ("gaps", "number"),
    ],
)  # fmt: skip
def test_a_column_has_its_kind(profile: DataProfile, name: str, kind: str) -> None:
    column = profile.column(name)
    assert column is not None
    assert column.kind == kind


def test_classes_written_as_integers_stay_numbers_with_few_values(profile: DataProfile) -> None:
    column = profile.column("code")
    assert column is not None
    assert (column.integer, column.unique, column.low, column.high) == (True, 3, 0.0, 2.0)


def test_gaps_and_order_are_measured(profile: DataProfile) -> None:
    gaps, when = profile.column("gaps"), profile.column("when")
    assert gaps is not None and when is not None
    assert gaps.missing == pytest.approx(11 / 41)
    assert not when.monotone, "the last row repeats the first day"


def test_duplicates_are_counted_and_the_file_is_hashed(csv: Csv) -> None:
    path = csv("a,b\n1,x\n1,x\n1,x\n2,y\n")
    profile = profile_table(path)
    assert (profile.rows, profile.duplicates, profile.sha256) == (4, 2, sha256_file(path))


def test_a_sorted_time_is_monotone(csv: Csv) -> None:
    column = profile_table(csv("t,a\n2026-01-01,1\n2026-01-01,2\n2026-01-03,3\n")).column("t")
    assert column is not None
    assert (column.kind, column.monotone) == ("time", True)


def kind_of(csv: Csv, name: str, values: object) -> str:
    draw = np.random.default_rng(1)
    frame = pd.DataFrame({"other": draw.normal(size=len(list(values))), name: values})  # type: ignore[call-overload]
    found = profile_table(csv(frame.to_csv(index=False))).column(name)
    assert found is not None
    return found.kind


SHUFFLED = np.random.default_rng(2).permutation(60) + 1000


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("file", SHUFFLED, "identifier"),  # record numbers, whatever their name and order
        ("account", np.sort(np.random.default_rng(3).permutation(400)[:60]), "identifier"),  # gaps, but in order
        ("account", np.random.default_rng(3).permutation(400)[:60], "number"),
        ("sample_no", [*np.arange(59) * 1000, 0], "identifier"),  # named so, one of them twice
        ("year", np.arange(60) + 1900, "number"),
        ("lead time", np.arange(60), "number"),
        ("mass", np.arange(60) * 0.5, "number"),
        ("count", np.repeat(np.arange(30), 2), "number"),
    ],
)
def test_numbers_of_rows_are_identifiers_and_times_and_measurements_are_not(
    csv: Csv, name: str, values: object, kind: str
) -> None:
    assert kind_of(csv, name, values) == kind
