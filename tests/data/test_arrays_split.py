"""Array data is split by the host: copies on one side, labels sealed, leaks found where they are planted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.data.arrays_alike import alike_units, exact_units
from orchestrator.data.arrays_leaks import find_array_leaks
from orchestrator.data.arrays_profile import profile_arrays
from orchestrator.data.arrays_split import split_arrays
from orchestrator.data.split import SplitRecord


def smooth(count: int, seed: int = 0) -> np.ndarray:
    """Images that differ: noise on a coarse grid, enlarged."""
    coarse = np.random.default_rng(seed).normal(size=(count, 6, 6))
    return np.kron(coarse, np.ones((1, 2, 2)))


def strategy(path: Path, **changes: Any) -> DataStrategy:
    profile = profile_arrays(path)
    split = SplitPlan(
        kind=changes.pop("kind", "stratified"),
        column=changes.pop("column", None),
        shuffle=changes.pop("shuffle", True),
    )
    told: dict[str, Any] = {
        "file": str(path), "sha256": profile.sha256, "target": "labels", "task": "multiclass", "features": ("inputs",),
        "metric": "f1", "arrays": profile.arrays,
    }  # fmt: skip
    return DataStrategy(**{**told, **changes}, split=split)


def made(folder: Path, images: np.ndarray, **arrays: Any) -> Path:
    path = folder / "data.npz"
    labels = arrays.pop("labels", np.arange(len(images)) % 3)
    np.savez(path, images=images, labels=labels, **arrays)
    return path


def split(path: Path, plan: DataStrategy, seed: int = 0) -> SplitRecord:
    return split_arrays(path, plan, seed=seed, destination=path.parent / "run", sealed=path.parent / "sealed")


def sealed(record: SplitRecord) -> dict[str, np.ndarray]:
    with np.load(record.labels) as held:
        return {name: held[name] for name in held.files}


def test_both_sides_hold_the_samples_and_only_the_sealed_file_the_test_labels(tmp_path: Path) -> None:
    images = smooth(90)
    path = made(tmp_path, images)
    record = split(path, strategy(path))
    train, test, held = pd.read_parquet(record.train), pd.read_parquet(record.test_inputs), sealed(record)
    assert (record.train_rows, record.test_rows, record.classes) == (72, 18, ("0", "1", "2"))
    assert list(test.columns) == ["inputs", "row_id"] and set(train.columns) == {"inputs", "labels", "row_id"}
    assert not set(train["row_id"]) & set(test["row_id"])
    row = dict(zip(held["row_ids"].tolist(), held["rows"].tolist(), strict=True))
    for cell, identity in zip(test["inputs"], test["row_id"], strict=True):
        assert np.array_equal(np.frombuffer(cell, np.float32), images[row[identity]].astype(np.float32).ravel())
    assert held["labels"].tolist() == [str(row[identity] % 3) for identity in held["row_ids"]]
    assert np.unique(held["labels"], return_counts=True)[1].tolist() == [6, 6, 6]
    assert Path(record.labels).stat().st_mode & 0o777 == 0o600
    assert [leak.leaks for leak in find_array_leaks(record, strategy(path))] == [False, False]


def test_the_seed_decides_the_split(tmp_path: Path) -> None:
    path = made(tmp_path, smooth(90))
    first, again, other = (split(path, strategy(path), seed).labels_sha256 for seed in (0, 0, 1))
    assert first == again != other


@pytest.mark.parametrize("noise", [0.0, 0.03])
@pytest.mark.parametrize("seed", range(3))
def test_copies_stay_on_one_side(tmp_path: Path, noise: float, seed: int) -> None:
    images = smooth(60)
    copies = images[:20] * (1.1 if noise else 1.0) + noise * np.random.default_rng(1).normal(size=(20, 12, 12))
    path = made(tmp_path, np.concatenate([images, copies]), labels=np.tile(np.arange(20) % 2, 4))
    record = split(path, strategy(path, task="binary"), seed)
    sides = {int(row): "test" for row in sealed(record)["rows"]}
    assert all(sides.get(row) == sides.get(60 + row) for row in range(20))
    assert [(repair.kind, repair.rows) for repair in record.repairs] == [("duplicates_together", 40)]


def test_honest_neighbours_are_no_copies() -> None:
    assert len(np.unique(alike_units(smooth(400))[0])) == 400


def test_where_most_samples_have_a_near_copy_only_exact_ones_count() -> None:
    waves = np.sin(np.linspace(0, 6, 40) + np.random.default_rng(0).uniform(0, 0.05, size=(100, 1)))
    units, copies = alike_units(np.concatenate([waves, waves[:1]])[:, None, :])
    assert (len(np.unique(units)), copies) == (100, 2)
    assert np.array_equal(units, exact_units(np.concatenate([waves, waves[:1]])))


def test_groups_never_stand_on_both_sides(tmp_path: Path) -> None:
    groups = np.arange(90) // 6
    path = made(tmp_path, smooth(90), groups=groups)
    plan = strategy(path, kind="group", column="groups")
    record = split(path, plan)
    held = sealed(record)
    assert not set(groups[held["rows"]]) & set(groups[held["train_rows"]])
    found = {leak.kind: leak.value for leak in find_array_leaks(record, plan)}
    assert found == {"duplicates": 0.0, "near_duplicates": 0.0, "groups": 0.0}


def test_where_the_order_decides_copies_of_test_samples_leave_training(tmp_path: Path) -> None:
    images = smooth(60)
    path = made(tmp_path, np.concatenate([images, images[:5]]), labels=np.arange(65) % 2)
    plan = strategy(path, kind="random", shuffle=False, task="binary")
    record = split(path, plan)
    assert record.how == "tail"
    assert [(repair.kind, repair.rows) for repair in record.repairs] == [("duplicates_dropped", 5)]
    assert not any(leak.leaks for leak in find_array_leaks(record, plan))


@pytest.mark.parametrize(("noise", "kinds"), [(0.0, {"duplicates", "near_duplicates"}), (0.03, {"near_duplicates"})])
def test_planted_copies_are_found_in_the_written_files(tmp_path: Path, noise: float, kinds: set[str]) -> None:
    path = made(tmp_path, smooth(90))
    plan = strategy(path)
    record = split(path, plan)
    train, test = pd.read_parquet(record.train), pd.read_parquet(record.test_inputs)
    stolen = np.frombuffer(train["inputs"].iloc[4], np.float32)
    stolen = stolen + np.float32(noise) * np.random.default_rng(2).normal(size=stolen.shape).astype(np.float32)
    test.loc[3, "inputs"] = stolen.astype(np.float32).tobytes()
    test.to_parquet(record.test_inputs)
    found = {leak.kind: leak for leak in find_array_leaks(record, plan) if leak.leaks}
    assert set(found) == kinds and all(leak.value == pytest.approx(1 / 18) for leak in found.values())


def test_groups_on_both_sides_are_found(tmp_path: Path) -> None:
    path = made(tmp_path, smooth(90), groups=np.arange(90) // 6)
    plan = strategy(path, kind="group", column="groups")
    record = split(path, plan)
    train = pd.read_parquet(record.train)
    train.loc[0, "groups"] = str(sealed(record)["groups"][0])
    train.to_parquet(record.train)
    assert {leak.kind for leak in find_array_leaks(record, plan) if leak.leaks} == {"groups"}


def test_what_cannot_be_split_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path, smooth(60))
    plan = strategy(path)
    with pytest.raises(ValueError, match="cannot be sealed"):
        split_arrays(path, plan, seed=0, destination=tmp_path, sealed=tmp_path / "inside")
    with pytest.raises(BadInput, match="no array `groups`"):
        split(path, strategy(path, kind="group", column="groups"))
    with pytest.raises(BadInput, match="no times"):
        split(path, strategy(path, kind="time", column="when"))
    with pytest.raises(BadInput, match="no labels 'colour'") as caught:
        split(path, strategy(path, target="colour"))
    assert "'labels'" in caught.value.remedy
    np.savez(path, images=smooth(61), labels=np.arange(61) % 3)
    with pytest.raises(BadInput, match="has changed since the plan"):
        split(path, plan)
