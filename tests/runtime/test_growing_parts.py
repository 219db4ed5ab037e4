"""Growing parts of the training rows: within one another, fair to classes, groups and time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from skills.runtime.parts import LEAST, growing_parts


@given(st.integers(40, 400), st.integers(0, 5), st.sampled_from([2, 3]))
def test_each_part_lies_within_the_next_and_holds_the_classes_in_their_shares(rows: int, seed: int, count: int) -> None:
    target = np.random.default_rng(seed).integers(0, count, rows).astype(str)
    parts = list(growing_parts(target, None, "stratified", classes=True, seed=seed).values())
    for small, large in zip(parts, [*parts[1:], np.arange(rows)], strict=True):
        assert LEAST <= len(small) < len(large) and set(small) <= set(large)
        for name in np.unique(target):
            assert abs((target[small] == name).mean() - (target == name).mean()) < count / len(small) + 1e-9


def test_parts_are_named_by_their_rows_and_half_is_the_largest() -> None:
    target = np.random.default_rng(0).normal(size=400)
    parts = growing_parts(target, None, "kfold", classes=False, seed=0)
    assert list(parts) == ["rows-25", "rows-50", "rows-100", "rows-200"]
    assert [f"rows-{len(part)}" for part in parts.values()] == list(parts)


def test_parts_in_time_are_the_newest_rows() -> None:
    by = np.arange(200)[::-1]  # the first row is the newest
    parts = growing_parts(np.arange(200.0), by, "time", classes=False, seed=0)
    assert parts["rows-50"].tolist() == list(range(50))
    newest = growing_parts(np.arange(200.0), None, "time", classes=False, seed=0)
    assert newest["rows-50"].tolist() == list(range(150, 200))


def test_parts_of_groups_hold_whole_groups() -> None:
    by = np.repeat(np.arange(40), 10)
    for part in growing_parts(np.arange(400.0), by, "group", classes=False, seed=1).values():
        assert len(part) == 10 * len(np.unique(by[part]))


def test_a_part_that_lacks_a_class_is_left_out_and_so_is_one_of_few_rows() -> None:
    target = np.array(["a"] * 396 + ["b"] * 4)
    assert all("b" in target[part] for part in growing_parts(target, None, "stratified", classes=True, seed=0).values())
    assert growing_parts(np.arange(30.0), None, "kfold", classes=False, seed=0) == {}
