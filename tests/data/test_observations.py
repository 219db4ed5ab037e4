"""Observations are read, checked and split by the host; what is held out is sealed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import Observations
from orchestrator.core.values import sha256_file
from orchestrator.data.observations import ObservationsRecord, shared_places, split_observations

Csv = Callable[..., Path]
BOX = {"x": (0.0, 1.0), "t": (0.0, 2.0)}
COLUMNS = {"x": "place", "t": "time", "u": "temperature", "v": "speed"}


def lines(rows: int = 40, **cells: str) -> str:
    """A table of `rows` rows at 20 places; `cells` put text into row 5."""
    generator = np.random.default_rng(0)
    told = ["time,place,temperature,speed"]
    places = generator.uniform(size=(20, 2)).round(6)
    for row in range(rows):
        x, t = places[row % 20]
        values = {"time": f"{t}", "place": f"{x}", "temperature": f"{x + t:.4f}", "speed": f"{x * t:.4f}"}
        told.append(",".join({**values, **(cells if row == 5 else {})}.values()))
    return "\n".join(told) + "\n"


def split(path: Path, folder: Path, fields: tuple[str, ...] = ("u", "v"), **changes: Any) -> ObservationsRecord:
    told = Observations.model_validate({"file": str(path), "sha256": "", "columns": COLUMNS, "noise": 0.1, **changes})
    return split_observations(told, BOX, fields, seed=3, destination=folder / "data", sealed=folder / "sealed")


def test_rows_are_split_by_place_and_the_held_out_values_are_sealed(csv: Csv, tmp_path: Path) -> None:
    record = split(csv(lines()), tmp_path)
    assert (record.rows, record.places, record.train_rows, record.test_rows) == (40, 20, 32, 8)
    with np.load(record.train) as train, np.load(record.test_inputs) as test, np.load(record.labels) as labels:
        assert train["input_names"].tolist() == ["x", "t"] and train["output_names"].tolist() == ["u", "v"]
        assert train["noise"] == 0.1 and train["inputs"].shape == (32, 2) and train["outputs"].shape == (32, 2)
        assert np.allclose(train["inputs"].sum(axis=1), train["outputs"][:, 0], atol=1e-4)
        assert sorted(test.files) == ["input_names", "inputs"] and np.array_equal(test["inputs"], labels["inputs"])
        assert not {tuple(row) for row in train["inputs"]} & {tuple(row) for row in labels["inputs"]}
    assert Path(record.labels).stat().st_mode & 0o777 == 0o600
    assert Path(record.train).stat().st_mode & 0o777 == 0o644
    assert shared_places(record) == 0
    assert (record.train_sha256, record.labels_sha256) == (
        sha256_file(Path(record.train)),
        sha256_file(Path(record.labels)),
    )


def test_the_same_seed_holds_the_same_rows_out(csv: Csv, tmp_path: Path) -> None:
    path = csv(lines())
    first, again = split(path, tmp_path / "a"), split(path, tmp_path / "b")
    assert (first.train_sha256, first.labels_sha256) == (again.train_sha256, again.labels_sha256)


def test_a_row_that_stands_on_both_sides_is_counted(csv: Csv, tmp_path: Path) -> None:
    record = split(csv(lines()), tmp_path)
    with np.load(record.train) as train:
        arrays = dict(train)
    with np.load(record.labels) as labels:
        arrays["inputs"] = np.vstack([arrays["inputs"], labels["inputs"][:1]])
    np.savez(record.train, **arrays)
    assert shared_places(record) == 2  # each place has two rows


def test_an_empty_cell_of_one_field_was_not_observed(csv: Csv, tmp_path: Path) -> None:
    record = split(csv(lines(speed="")), tmp_path)
    outputs = [np.load(path)["outputs"] for path in (record.train, record.labels)]
    assert sum(int(np.isnan(part).sum()) for part in outputs) == 1


@pytest.mark.parametrize("column", ["speed", "temperature", "time"])
def test_an_infinite_value_is_refused_as_such_and_not_as_an_empty_cell(csv: Csv, tmp_path: Path, column: str) -> None:
    with pytest.raises(BadInput, match=rf"row 6 \(line 7\) of column {column!r} .*: '-inf' is not finite"):
        split(csv(lines(40, **{column: "-inf"})), tmp_path)


def test_words_in_a_long_column_of_numbers_are_refused_and_not_dropped(csv: Csv, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="'broken' is no number"):
        split(csv(lines(rows=400, speed="broken")), tmp_path)


def test_the_line_is_that_of_the_file_with_blank_lines_and_quotes(csv: Csv, tmp_path: Path) -> None:
    head, *rest = lines().splitlines()
    text = "\n".join([f'{head},"a note"', "", '0.1,0.2,1,2,"on two\nlines"', *(f"{row}," for row in rest[:4]),
                      "0.1,0.1,nan,inf,", *(f"{row}," for row in rest[4:])])  # fmt: skip
    with pytest.raises(BadInput, match=r"row 6 \(line 9\) of column 'speed'"):
        split(csv(text + "\n"), tmp_path)


def test_fields_without_a_column_are_left_out(csv: Csv, tmp_path: Path) -> None:
    record = split(csv(lines()), tmp_path, columns={name: COLUMNS[name] for name in ("x", "t", "v")}, noise=None)
    with np.load(record.train) as train:
        assert train["output_names"].tolist() == ["v"] and np.isnan(train["noise"])


@pytest.mark.parametrize(
    ("text", "changes", "why"),
    [
        (lines(temperature="warm"), {}, r"row 6 \(line 7\) of column 'temperature'.*no number"),
        (lines(temperature="1e60"), {}, r"1e\+60 is larger than 1e\+50"),
        (lines(time=""), {}, r"row 6 \(line 7\) of column 'time'.*empty"),
        (lines(temperature="", speed=""), {}, "row 6 .* no observed value"),
        (lines(place="1.5"), {}, "x = 1.5, outside of 0 to 1"),
        (lines(rows=8), {}, "8 distinct places, 10 are needed"),
        (lines(), {"columns": {**COLUMNS, "u": "temprature"}}, "no column 'temprature'"),
        (lines(), {"columns": {"x": "place", "u": "temperature"}}, "holds 't'"),
        (lines(), {"columns": {"x": "place", "t": "time"}}, "holds 'u' or 'v'|holds u or v"),
        (lines(), {"sha256": "0"}, "has changed"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place(
    csv: Csv, tmp_path: Path, text: str, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(BadInput, match=why) as caught:
        split(csv(text), tmp_path, **changes)
    assert caught.value.remedy


def test_dates_are_no_numbers_of_a_coordinate(csv: Csv, tmp_path: Path) -> None:
    text = "time,place,temperature,speed\n" + "".join(f"2024-01-{d:02},0.{d:02},1,2\n" for d in range(1, 25))
    with pytest.raises(BadInput, match="numbers are wanted"):
        split(csv(text), tmp_path)


def test_values_are_never_sealed_where_boxes_see_them(csv: Csv, tmp_path: Path) -> None:
    told = Observations(file=str(csv(lines())), sha256="", columns=COLUMNS)
    with pytest.raises(ValueError, match="cannot be sealed"):
        split_observations(told, BOX, ("u",), seed=0, destination=tmp_path, sealed=tmp_path / "sealed")
