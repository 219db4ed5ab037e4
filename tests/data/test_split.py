"""The split: nothing lost, nothing shared, labels sealed."""

from __future__ import annotations

import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import BadInput
from orchestrator.core.values import sha256_file
from orchestrator.data.split import DROPPING, SplitRecord, split_table

from .conftest import strategy

Split = Callable[..., SplitRecord]
Csv = Callable[..., Path]


def sealed_of(record: SplitRecord) -> dict[str, Any]:
    with np.load(record.labels, allow_pickle=False) as held:
        return {name: held[name] for name in held.files}


def sides(record: SplitRecord) -> tuple[pd.DataFrame, pd.DataFrame]:
    return pd.read_parquet(record.train), pd.read_parquet(record.test_inputs)


def test_the_test_side_holds_features_and_ids_alone(visits: Path, split: Split) -> None:
    train, test = sides(split(visits))
    assert list(test.columns) == ["age", "dose", "site", "row_id"]
    assert list(train.columns) == ["age", "dose", "site", "score", "row_id"]
    assert (len(train), len(test)) == (48, 12)


def test_labels_answer_the_test_rows_of_the_file(visits: Path, split: Split) -> None:
    record = split(visits)
    table, (_, test), sealed = pd.read_csv(visits), sides(record), sealed_of(record)
    assert sealed["row_ids"].tolist() == test["row_id"].tolist()
    assert sealed["labels"].tolist() == table["score"].iloc[sealed["rows"]].tolist()
    assert test["age"].tolist() == table["age"].iloc[sealed["rows"]].tolist()


def test_row_ids_tell_nothing_where_rows_are_shuffled(csv: Csv, split: Split) -> None:
    path = csv("x,z,score\n" + "\n".join(f"{n * 0.37 % 1:.5f},{n},{n}" for n in range(200)))
    record = split(path, features=("x",))
    train, _ = sides(record)
    sealed = sealed_of(record)
    assert abs(np.corrcoef(train["row_id"], train["score"])[0, 1]) < 0.25
    assert abs(np.corrcoef(sealed["row_ids"], sealed["labels"])[0, 1]) < 0.4
    assert abs(np.corrcoef(np.arange(len(train)), train["score"])[0, 1]) < 0.25


def test_only_the_owner_reads_the_labels_and_everyone_the_rest(visits: Path, split: Split, tmp_path: Path) -> None:
    record = split(visits)
    modes = {
        name: stat.S_IMODE(Path(path).stat().st_mode)
        for name, path in {
            "labels": record.labels, "sealed": tmp_path / "sealed", "train": record.train, "test": record.test_inputs,
            "run": tmp_path / "run",
        }.items()
    }  # fmt: skip
    assert modes == {"labels": 0o600, "sealed": 0o700, "train": 0o644, "test": 0o644, "run": 0o755}


def test_labels_are_never_sealed_where_boxes_look(visits: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside what the boxes see"):
        split_table(
            visits, strategy(visits), seed=0, destination=tmp_path / "run", sealed=tmp_path / "run" / ".." / "run" / "s"
        )


def test_the_same_seed_writes_the_same_bytes_and_another_seed_other_ones(visits: Path, split: Split) -> None:
    first, again, other = (split(visits, seed=seed) for seed in (3, 3, 4))
    hashes = [(one.train_sha256, one.test_inputs_sha256, one.labels_sha256) for one in (first, again, other)]
    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]
    assert sha256_file(Path(other.labels)) == other.labels_sha256


def test_classes_keep_their_shares(visits: Path, split: Split) -> None:
    record = split(visits, target="ill", task="binary", metric="accuracy", kind="stratified")
    assert record.classes == ("no", "yes")
    assert sorted(sealed_of(record)["labels"].tolist()) == ["no"] * 8 + ["yes"] * 4


def test_a_stratified_split_of_numbers_reaches_both_ends(visits: Path, split: Split) -> None:
    labels = sealed_of(split(visits, kind="stratified"))["labels"]
    scores = pd.read_csv(visits)["score"]
    assert labels.min() < scores.quantile(0.2)
    assert labels.max() > scores.quantile(0.8)


def test_groups_stand_on_one_side_and_are_sealed_for_the_test_rows(visits: Path, split: Split) -> None:
    record = split(visits, kind="group", column="patient")
    train, test = sides(record)
    assert "patient" not in test.columns
    groups = set(sealed_of(record)["groups"])
    assert groups and not groups & set(train["patient"])


def test_time_splits_keep_the_latest_rows_for_the_test(visits: Path, split: Split) -> None:
    record = split(visits, kind="time", column="day")
    train, _ = sides(record)
    sealed = sealed_of(record)
    assert record.cutoff == "2026-02-18T00:00:00"
    assert (train["day"] < pd.Timestamp(record.cutoff)).all()
    assert sealed["rows"].tolist() == list(range(48, 60))
    assert sealed["row_ids"].tolist() == sealed["rows"].tolist()


def test_equal_times_stay_on_one_side(csv: Csv, split: Split) -> None:
    path = csv("x,t,score\n" + "\n".join(f"{n},{min(n // 4, 4)},{n * 7 % 11}" for n in range(20)))
    record = split(path, kind="time", column="t", features=("x",), fraction=0.25)
    train, _ = sides(record)
    assert train["t"].max() == 3
    assert record.test_rows == 4


def test_without_shuffling_the_tail_is_the_test_set(visits: Path, split: Split) -> None:
    record = split(visits, shuffle=False)
    assert record.how == "tail"
    assert sealed_of(record)["rows"].tolist() == list(range(48, 60))
    assert sides(record)[0]["row_id"].tolist() == list(range(48))


def test_without_shuffling_the_last_groups_are_the_test_set(csv: Csv, split: Split) -> None:
    path = csv("x,g,score\n" + "\n".join(f"{n},g{n // 5},{n * 7 % 11}" for n in range(30)))
    record = split(path, kind="group", column="g", features=("x",), shuffle=False, fraction=0.3)
    assert set(sealed_of(record)["groups"]) == {"g4", "g5"}


def test_rows_without_a_target_are_left_out_and_reported(csv: Csv, split: Split) -> None:
    path = csv("x,score\n" + "\n".join(f"{n},{'' if n % 10 == 0 else n}" for n in range(40)))
    record = split(path, features=("x",))
    assert [(repair.kind, repair.rows) for repair in record.repairs] == [("target_missing", 4)]
    assert record.train_rows + record.test_rows == 36


def test_copies_of_a_row_stay_together_and_are_reported(csv: Csv, split: Split) -> None:
    rows = [f"{n},{n * 3 % 7},{n}" for n in range(40)] + ["5,1,5"] * 10
    record = split(csv("x,z,score\n" + "\n".join(rows)), features=("x", "z"))
    train, test = sides(record)
    assert ("duplicates_together", 10) in [(repair.kind, repair.rows) for repair in record.repairs]
    copies = [int(((side["x"] == 5) & (side["z"] == 1)).sum()) for side in (train, test)]
    assert sorted(copies) == [0, 11]


def test_an_ordered_split_drops_training_copies_of_test_rows(csv: Csv, split: Split) -> None:
    rows = [f"{n},{n}" for n in range(30)] + ["3,3"]
    record = split(csv("x,score\n" + "\n".join(rows)), features=("x",), shuffle=False)
    assert ("duplicates_dropped", 1) in [(repair.kind, repair.rows) for repair in record.repairs]
    assert 3 not in sides(record)[0]["row_id"].tolist()


def test_few_combinations_are_not_taken_for_copies(csv: Csv, split: Split) -> None:
    rows = [f"{n % 2},{n % 3},{n}" for n in range(60)]
    record = split(csv("x,z,score\n" + "\n".join(rows)), features=("x", "z"))
    assert [repair.kind for repair in record.repairs] == ["repeats_kept"]
    assert record.test_rows == 12


def test_integer_classes_are_text_however_they_are_stored(csv: Csv, split: Split) -> None:
    rows = [f"{n},{'' if n == 7 else n % 2}" for n in range(40)]  # the gap makes the column a float
    record = split(csv("x,c\n" + "\n".join(rows)), target="c", task="binary", metric="accuracy", features=("x",))
    assert record.classes == ("0", "1")
    assert set(sides(record)[0]["c"]) == {"0", "1"}


def column(values: list[Any]) -> str:
    return "x,score\n" + "\n".join(f"{n},{value}" for n, value in enumerate(values))


@pytest.mark.parametrize(
    ("content", "changes", "told"),
    [
        (column([1, 2]), {}, "2 usable rows"),
        (column([""] * 30), {}, "no value in any row"),
        (column([4] * 30), {}, "constant ('4'"),
        (column([4] * 29 + [""]), {}, "constant"),
        (column(["a", "b"] * 15), {}, "regression needs numbers"),
        (column(["a", "b", "c"] * 10), {"task": "binary", "metric": "f1"}, "3 classes"),
        (column([f"c{n}" for n in range(30)]), {"task": "multiclass", "metric": "f1"}, "30 classes in 30 rows"),
        (column(list(range(30))), {"target": "scoer"}, "no column 'scoer'"),
        (column(list(range(30))), {"features": ("x", "y")}, "no column 'y'"),
        (column(list(range(30))), {"features": ()}, "no column is left"),
        (column(list(range(30))), {"features": ("x", "score")}, "also a feature"),
        (column(list(range(30))), {"kind": "time"}, "needs a column"),
        (column(list(range(30))), {"kind": "group", "column": "who"}, "no column 'who'"),
        (column(["a"] * 28 + ["b"] * 2), {"task": "binary", "shuffle": False, "metric": "f1"}, "once the test rows"),
        ("x,row_id,score\n" + "\n".join(f"{n},{n},{n}" for n in range(30)), {"features": ("row_id",)}, "reserved"),
        ("x,g,score\n" + "\n".join(f"{n},a,{n}" for n in range(30)), {"kind": "group", "column": "g"}, "one group"),
        ("x,g,score\n" + "\n".join(f"{n},1,{n}" for n in range(30)), {"kind": "time", "column": "g"}, "same time"),
        ("x,g,score\n" + "\n".join(f"{n},soon,{n}" for n in range(30)), {"kind": "time", "column": "g"}, "'soon'"),
    ],
)
def test_data_that_cannot_be_split_are_refused(
    csv: Csv, split: Split, content: str, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadInput) as caught:
        split(csv(content), **{"features": ("x",), **changes})
    assert told in caught.value.message
    assert caught.value.remedy


def test_an_unknown_column_is_answered_with_the_nearest(visits: Path, split: Split) -> None:
    with pytest.raises(BadInput) as caught:
        split(visits, target="scroe")
    assert caught.value.remedy == "did you mean 'score'?"


def test_a_file_that_changed_since_the_plan_is_refused(visits: Path, split: Split) -> None:
    with pytest.raises(BadInput, match="has changed"):
        split(visits, sha256="0" * 64)


tables = st.integers(12, 60).flatmap(
    lambda rows: st.fixed_dictionaries(
        {
            "x": st.lists(st.one_of(st.none(), st.integers(-50, 50)), min_size=rows, max_size=rows),
            "c": st.lists(st.sampled_from(["a", "b", None]), min_size=rows, max_size=rows),
            "g": st.lists(st.sampled_from(["g1", "g2", "g3", "g4"]), min_size=rows, max_size=rows),
            "t": st.lists(st.integers(0, 20), min_size=rows, max_size=rows),
            "y": st.lists(st.one_of(st.none(), st.integers(0, 50)), min_size=rows, max_size=rows),
        }
    )
)  # fmt: skip
plans = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["random", "stratified", "group", "time"]),
        "shuffle": st.booleans(),
        "fraction": st.floats(0.1, 0.5),
        "seed": st.integers(0, 2**32 - 1),
    }
)


@settings(max_examples=100, deadline=None)
@given(data=tables, plan=plans)
def test_no_split_loses_shares_or_leaks_a_row(data: dict[str, Any], plan: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pd.DataFrame(data).to_csv(root / "t.csv", index=False)
        seed = plan.pop("seed")
        by = {"group": "g", "time": "t"}.get(plan["kind"])
        wanted = strategy(root / "t.csv", target="y", features=("x", "c"), column=by, **plan)
        try:
            record = split_table(root / "t.csv", wanted, seed=seed, destination=root / "run", sealed=root / "sealed")
        except BadInput:
            return  # too few rows, one group, one time, a constant target: told, and tested above
        train, test = sides(record)
        sealed = sealed_of(record)
        rows = [*sealed["train_rows"].tolist(), *sealed["rows"].tolist()]
        dropped = sum(repair.rows for repair in record.repairs if repair.kind in DROPPING)
        assert len(set(rows)) == len(rows) == record.rows - dropped
        assert not set(train["row_id"]) & set(test["row_id"])
        assert np.array_equal(sealed["labels"], pd.DataFrame(data)["y"].iloc[sealed["rows"]].to_numpy(float))
        assert "y" not in test.columns
        assert sorted(path.name for path in (root / "run").iterdir()) == ["test_inputs.parquet", "train.parquet"]
        if "repeats_kept" not in [repair.kind for repair in record.repairs]:
            whole = ["x", "c", "y"] if plan["kind"] in ("group", "time") else ["x", "c"]
            held = (pd.DataFrame(data)[whole].iloc[sealed[side]] for side in ("train_rows", "rows"))
            keys = [set(map(tuple, side.astype(str).to_numpy())) for side in held]
            assert not keys[0] & keys[1]
        if record.how == "group":
            assert not set(train["g"]) & set(sealed["groups"])
        if record.how == "time":
            assert train["t"].max() < pd.DataFrame(data)["t"].iloc[sealed["rows"]].min()
