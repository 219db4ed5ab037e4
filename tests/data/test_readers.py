"""Reading a user's table: every format, and one clear error for everything a user gets wrong."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import BadInput
from orchestrator.data import binary, readers
from orchestrator.data.delimited import sniff_delimiter
from orchestrator.data.readers import read_table

Csv = Callable[..., Path]


def refusal(path: Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read_table(path)
    assert caught.value.remedy, "a refusal says what to do"
    assert path.name in caught.value.message
    return caught.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(csv: Csv, delimiter: str) -> None:
    rows = [["a", "b", "c"], ["1", "x", "2.5"], ["2", "y", "3.5"]]
    frame = read_table(csv("\n".join(delimiter.join(row) for row in rows))).frame
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["x", "y"], "c": [2.5, 3.5]}


def test_a_quoted_delimiter_does_not_cut_a_column() -> None:
    assert sniff_delimiter('name;note\n"a;b";"1,2,3"\n"c";"4,5,6"\n') == ";"


def test_a_table_of_one_column_keeps_it(csv: Csv) -> None:
    assert read_table(csv("a\n1\n2\n")).frame["a"].tolist() == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_the_encoding_is_found(csv: Csv, encoding: str) -> None:
    frame = read_table(csv("größe,stadt\n1,Köln\n2,Zürich\n".encode(encoding))).frame
    assert frame["größe"].tolist() == [1, 2]
    assert frame["stadt"].tolist() == ["Köln", "Zürich"]


def test_mixed_encodings_are_refused_with_the_line(csv: Csv) -> None:
    assert "line 3" in refusal(csv("a,b\n1,Köln\n".encode() + "2,Köln\n".encode("cp1252"))).message


def test_a_decimal_comma_is_a_number(csv: Csv) -> None:
    frame = read_table(csv("a;b\n1,5;1.234,25\n2;-3,75\n")).frame
    assert frame.to_dict("list") == {"a": [1.5, 2.0], "b": [1234.25, -3.75]}


def test_thousands_separated_by_commas_are_numbers(csv: Csv) -> None:
    assert read_table(csv('a;b\n"1,234,567";1\n"12";2\n')).frame["a"].tolist() == [1234567, 12]


@pytest.mark.parametrize("mark", ["?", "n/a", "NA", "-", "", "null"])
def test_marks_of_missing_numbers_are_missing(csv: Csv, mark: str) -> None:
    column = read_table(csv(f"a,b\n1.5,x\n{mark},y\n2.5,z\n")).frame["a"]
    assert column.isna().tolist() == [False, True, False]
    assert column.dtype == np.float64


def test_plus_and_minus_stay_classes(csv: Csv) -> None:
    assert read_table(csv("a,b\n1,+\n2,-\n3,+\n")).frame["b"].tolist() == ["+", "-", "+"]


def test_a_few_words_among_many_numbers_become_missing_and_are_reported(csv: Csv) -> None:
    table = read_table(csv("a\n" + "\n".join([*(str(n / 7) for n in range(200)), "broken"])))
    (repair,) = table.repairs
    assert (repair.kind, repair.columns, repair.rows) == ("not_a_number", ("a",), 1)
    assert "'broken'" in repair.reason
    assert table.frame["a"].isna().sum() == 1


def test_infinite_numbers_become_missing_and_are_reported(csv: Csv) -> None:
    table = read_table(csv("a,b\n1,1\ninf,2\n-inf,3\n"))
    assert [(repair.kind, repair.rows) for repair in table.repairs] == [("infinite", 2)]


@pytest.mark.parametrize(
    "written",
    ["2026-03-04", "2026-03-04T10:30:00Z", "2026-03-04 10:30", "2026/03/04", "4.3.2026", "04-Mar-2026", "Mar 4, 2026"],
)
def test_times_are_recognised(csv: Csv, written: str) -> None:
    column = read_table(csv(f"t;a\n{written};1\n{written};2\n")).frame["t"]
    assert column.iloc[0].date().isoformat() == "2026-03-04"


def test_day_first_is_told_from_month_first_by_the_dates(csv: Csv) -> None:
    column = read_table(csv("t,a\n13/02/2026,1\n14/02/2026,2\n")).frame["t"]
    assert [stamp.month for stamp in column] == [2, 2]


def test_dates_that_fit_two_orders_are_reported(csv: Csv) -> None:
    table = read_table(csv("t,a\n03/02/2026,1\n01/04/2026,2\n"))
    assert [repair.kind for repair in table.repairs] == ["ambiguous_dates"]


def test_dates_in_five_formats_are_read_each_by_its_own_and_that_is_told(csv: Csv) -> None:
    days = pd.date_range("2020-01-01", periods=60)
    forms = ("%Y-%m-%d", "%d/%m/%Y", "%b %d, %Y", "%Y%m%d", "%d.%m.%Y")
    written = [day.strftime(forms[place % 5]) for place, day in enumerate(days)]
    table = read_table(csv("t;a\n" + "\n".join(f"{cell};{place}" for place, cell in enumerate(written))))
    assert table.frame["t"].tolist() == days.tolist()
    assert [(repair.kind, repair.rows) for repair in table.repairs] == [("mixed_dates", 60)]


def test_day_first_and_month_first_in_one_column_are_not_guessed(csv: Csv) -> None:
    cells = ["13/02/2026", "02/13/2026", "03/04/2026"] * 10
    assert read_table(csv("t;a\n" + "\n".join(f"{cell};1" for cell in cells))).frame["t"].tolist() == cells


def test_a_time_zone_is_brought_to_utc(csv: Csv) -> None:
    column = read_table(csv("t,a\n2026-03-04T10:30:00+02:00,1\n2026-03-04T10:30:00+00:00,2\n")).frame["t"]
    assert [stamp.hour for stamp in column] == [8, 10]


def test_parquet_excel_and_npz_hold_the_same_table(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.5, np.nan, 3.5], "b": ["x", "y", None], "c": [True, False, True]})
    frame["d"] = pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"])
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    for name in ("t.parquet", "t.xlsx"):
        read = read_table(tmp_path / name).frame
        assert read["a"].dropna().tolist() == [1.5, 3.5]
        assert read["b"].dropna().tolist() == ["x", "y"]
        assert read["c"].tolist() == [True, False, True]
        assert read["d"].iloc[2] == pd.Timestamp("2026-01-03")


def test_arrays_become_columns(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", X=np.arange(6.0).reshape(3, 2), y=np.array(["a", "b", "a"]))
    assert read_table(tmp_path / "t.npz").frame.to_dict("list") == {
        "x0": [0.0, 2.0, 4.0], "x1": [1.0, 3.0, 5.0], "y": ["a", "b", "a"],
    }  # fmt: skip


def test_a_missing_file_names_the_nearest(csv: Csv, tmp_path: Path) -> None:
    csv("a\n1\n", "weather.csv")
    assert "weather.csv" in refusal(tmp_path / "wether.csv").remedy


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "nowhere" in refusal(tmp_path / "nowhere" / "a.csv").message


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b"\n\n \n", "blank lines"),
        (b"a,b\n", "no rows"),
        (b"a,b,a\n1,2,3\n", "same name: 'a'"),
        (b"a, a\n1,2\n", "same name: 'a'"),
        (b"a,b\n1,2\n3,4,5\n", "line 3"),
        (b"a,b\n1,2,9\n3,4,5\n", "columns"),
        (b'a,b\n1,"2\n', "columns"),
        (b"\x00\x01\x02", "binary"),
        (b"1.5,2,3\n4,5,6\n", "numbers"),
    ],
)
def test_a_broken_csv_is_refused(csv: Csv, content: bytes, told: str) -> None:
    assert told in refusal(csv(content)).message


@pytest.mark.parametrize("suffix", [".xls", ".gz", ".png", ""])
def test_an_unknown_suffix_is_refused(csv: Csv, suffix: str) -> None:
    assert repr(suffix) in refusal(csv(b"a,b\n1,2\n", f"table{suffix}")).message


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx", ".npz"])
def test_a_corrupt_file_is_refused(csv: Csv, suffix: str) -> None:
    assert "cannot be read" in refusal(csv(b"not what it says", f"table{suffix}")).message


def test_a_pickle_inside_npz_is_never_opened(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", X=np.array([{"a": 1}, {"b": 2}], dtype=object))
    assert "pickled" in refusal(tmp_path / "t.npz").message


def test_arrays_of_different_lengths_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", X=np.zeros((3, 2)), y=np.zeros(4))
    assert "different lengths" in refusal(tmp_path / "t.npz").message


def test_a_workbook_of_empty_sheets_is_refused(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "t.xlsx")
    assert "empty sheets" in refusal(tmp_path / "t.xlsx").message


@pytest.mark.parametrize("target", ["loop.csv", "nowhere.csv"])
def test_a_link_in_a_circle_or_to_nothing_is_refused_as_a_link(tmp_path: Path, target: str) -> None:
    (tmp_path / "loop.csv").symlink_to(target)
    refused = refusal(tmp_path / "loop.csv")
    assert repr(target) in refused.message
    assert "mend the link" in refused.remedy


def test_rows_that_end_early_are_told(csv: Csv) -> None:
    (repair,) = read_table(csv("a,b,c\n1,2,x\n3,4\n\n5,6,\n")).repairs
    assert (repair.kind, repair.rows) == ("short_rows", 1)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").mkdir()
    assert "folder" in refusal(tmp_path / "t.csv").message


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    assert "not a regular file" in refusal(tmp_path / "t.csv").message


def test_a_file_over_the_limit_is_refused(csv: Csv, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "MAX_FILE_MB", 0)
    assert "limit is 0 MiB" in refusal(csv("a,b\n1,2\n")).message


def test_an_archive_that_unpacks_beyond_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "t.npz", X=np.zeros((2000, 200)))
    assert (tmp_path / "t.npz").stat().st_size < 2**20
    monkeypatch.setattr(binary, "MAX_UNPACKED_MB", 1)
    assert "unpacks to 3 MiB" in refusal(tmp_path / "t.npz").message


def test_a_file_that_may_not_be_read_is_refused(csv: Csv, monkeypatch: pytest.MonkeyPatch) -> None:
    path = csv("a,b\n1,2\n")

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", denied)  # root may read everything, so the system is played here
    assert "may not be read" in refusal(path).message


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small table in every format."""
    folder = tmp_path_factory.mktemp("sound")
    frame = pd.DataFrame({"a": np.arange(30.0), "b": list("xyz") * 10, "t": pd.date_range("2026-01-01", periods=30)})
    frame.to_parquet(folder / "t.parquet")
    frame.to_excel(folder / "t.xlsx", index=False)
    frame.to_csv(folder / "t.csv", index=False)
    np.savez_compressed(folder / "t.npz", X=np.ones((30, 2)), y=np.arange(30))
    return folder


@settings(max_examples=120, deadline=None)
@given(
    suffix=st.sampled_from([".csv", ".parquet", ".xlsx", ".npz"]),
    cut=st.floats(0.2, 1.0),
    bites=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=20),
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(
    sound: Path, suffix: str, cut: float, bites: list[tuple[float, int]]
) -> None:
    whole = (sound / f"t{suffix}").read_bytes()
    damaged = bytearray(whole[: max(1, int(cut * len(whole)))])
    for place, byte in bites:
        damaged[int(place * len(damaged))] = byte
    path = sound / f"damaged{suffix}"
    path.write_bytes(bytes(damaged))
    try:
        assert len(read_table(path).frame) > 0
    except BadInput as refused:
        assert refused.remedy
