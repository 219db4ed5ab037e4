"""Near copies of rows: found whatever their share, told from natural neighbours, dropped before the split."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.data.leaks import find_leaks
from orchestrator.data.near import near_copies
from orchestrator.data.seal import Part, write_labels, write_parts

from .conftest import Split, strategy

FEATURES = ("a", "b", "site", "c")


def measured(rows: int = 200, seed: int = 4) -> pd.DataFrame:
    """Three numbers of which the last follows from the first two, a category, and a target."""
    draw = np.random.default_rng(seed)
    frame = pd.DataFrame(draw.normal(size=(rows, 2)), columns=["a", "b"])
    frame["c"] = 100 * (frame["a"] - frame["b"]) + draw.normal(size=rows)
    return frame.assign(site=draw.choice(["north", "south"], rows), score=frame["a"] + draw.normal(size=rows))


def shaken(rows: pd.DataFrame, by: float = 0.003) -> pd.DataFrame:
    """The same rows with every number shaken by this share of a standard deviation of the measured table."""
    draw, spreads = np.random.default_rng(5), {"a": 1.0, "b": 1.0, "c": 141.0, "score": 1.4}
    return rows.assign(**{name: rows[name] + by * s * draw.uniform(-1, 1, len(rows)) for name, s in spreads.items()})


def pairs_of(frame: pd.DataFrame) -> set[tuple[int, int]]:
    return {(int(a), int(b)) for a, b in near_copies(frame[list(FEATURES)], frame["score"])}


@pytest.mark.parametrize("copies", [3, 40])
def test_rows_that_stand_there_again_a_little_shaken_are_found_and_no_others(copies: int) -> None:
    frame = measured()
    assert pairs_of(frame) == set()
    both = pd.concat([frame, shaken(frame.iloc[10 : 10 + copies])], ignore_index=True)
    assert pairs_of(both) == {(10 + place, 200 + place) for place in range(copies)}


def test_rows_rounded_to_fewer_digits_are_found() -> None:
    frame = measured()
    both = pd.concat([frame, frame.iloc[:30].round(2)], ignore_index=True)
    assert len(pairs_of(both)) >= 28


@pytest.mark.parametrize("change", [{"site": "elsewhere"}, {"score": 9.0}, {"b": 5.0}])
def test_a_row_that_differs_in_one_cell_is_no_copy(change: dict[str, object]) -> None:
    frame = measured()
    both = pd.concat([frame, shaken(frame.iloc[:40]).assign(**change)], ignore_index=True)
    assert not {(a, b) for a, b in pairs_of(both) if a < 200 <= b}


def test_exact_copies_are_left_to_the_other_check() -> None:
    frame = measured()
    assert pairs_of(pd.concat([frame, frame.iloc[:40]], ignore_index=True)) == set()


def test_neighbours_on_a_dense_line_are_natural() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=3000)
    assert not len(near_copies(pd.DataFrame({"x": x}), pd.Series(2 * x)))
    assert not len(near_copies(pd.DataFrame({"x": x, "y": x**3}), pd.Series(np.where(x > 0, "up", "down"))))


def test_whole_numbers_and_classes_have_no_near_copies() -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.integers(0, 5, size=(500, 3)), columns=list("abc"))
    assert not len(near_copies(frame, pd.Series(draw.choice(["no", "yes"], 500))))


def test_missing_cells_are_equal_to_missing_cells_alone() -> None:
    frame = measured()
    frame.loc[:99, "b"] = np.nan
    both = pd.concat([frame, shaken(frame.iloc[90:110])], ignore_index=True)
    assert pairs_of(both) == {(90 + place, 200 + place) for place in range(20)}
    filled = both.assign(b=both["b"].where(both.index < 200, 0.0))
    assert pairs_of(filled) <= {(90 + place, 200 + place) for place in range(10, 20)}


def test_columns_of_mostly_zeros_keep_their_scale_whatever_copies_were_added() -> None:
    draw = np.random.default_rng(3)
    pixels = pd.DataFrame(draw.gamma(2, 4, size=(300, 12)) * (draw.random((300, 12)) < 0.1))
    again = pixels.iloc[:30] + draw.uniform(-0.003, 0.003, size=(30, 12))
    classes = pd.Series([*draw.choice(list("xyz"), 300)])
    found = near_copies(
        pd.concat([pixels, again], ignore_index=True).set_axis(list("abcdefghijkl"), axis=1),
        pd.concat([classes, classes[:30]], ignore_index=True),
    )
    assert len({(place, 300 + place) for place in range(30)} & {(int(a), int(b)) for a, b in found}) >= 24


def test_the_split_keeps_one_of_each_and_says_so(tmp_path: Path, split: Split) -> None:
    frame = measured()
    path = tmp_path / "twice.csv"
    pd.concat([frame, shaken(frame.iloc[:60])]).to_csv(path, index=False)
    record = split(path, features=FEATURES)
    (repair,) = record.repairs
    assert (repair.kind, repair.rows, record.rows) == ("near_copies_dropped", 60, 260)
    assert record.train_rows + record.test_rows == 200
    found = {leak.kind: leak for leak in find_leaks(record, strategy(path, features=FEATURES))}
    assert found["near_duplicates"].value == 0.0


def test_near_copies_on_both_sides_are_a_leak(tmp_path: Path, split: Split) -> None:
    frame = measured()
    path = tmp_path / "once.csv"
    frame.to_csv(path, index=False)
    record = split(path, features=FEATURES)
    again = shaken(frame.iloc[:40])
    both = pd.concat([frame, again], ignore_index=True)
    both.to_csv(path, index=False)
    rows = np.arange(len(both))
    train, test = (
        Part(both.loc[side, list(FEATURES)], both.loc[side, "score"].to_numpy(), rows[side], rows[side])
        for side in (rows < 200, rows >= 200)
    )
    careless = dict(zip(("train", "test_inputs"), write_parts(train, test, "score", tmp_path / "c"), strict=True))
    careless["labels"] = write_labels(train, test, tmp_path / "c-sealed")
    record = record.model_copy(update={name: str(where) for name, where in careless.items()})
    found = {leak.kind: leak for leak in find_leaks(record, strategy(path, features=FEATURES))}
    assert found["near_duplicates"].value == 1.0 and found["near_duplicates"].leaks
    assert not found["duplicates"].leaks


def test_two_hundred_thousand_rows_are_searched_in_bounded_time() -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(200_000, 4)) @ draw.normal(size=(4, 6)), columns=list("abcdef"))
    target = pd.Series(draw.normal(size=200_000))
    frame.iloc[:500] = frame.iloc[1000:1500].to_numpy() + draw.uniform(-0.002, 0.002, size=(500, 6))
    target[:500] = target[1000:1500].to_numpy()
    started = time.process_time()
    assert len(near_copies(frame, target)) == 500
    assert time.process_time() - started < 60
