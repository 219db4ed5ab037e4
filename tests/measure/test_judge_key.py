"""The judge's points: no worker can tell them, a replan gets new ones, and equal seeds get equal ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from orchestrator.core.errors import RunBroken
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.points import GRID, draw_points
from orchestrator.measure.secret import attempt_of, judge_key, judge_seed

PROBLEM = {"x": [0.0, 2.0], "t": [0.0, 0.5]}


def test_the_key_is_drawn_once_and_is_the_owners_alone(tmp_path: Path) -> None:
    state = tmp_path / ".state"
    key = judge_key(state)
    assert len(key) == 32 and judge_key(state) == key
    assert (state / "judge.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in state.iterdir()] == ["judge.key"]
    assert judge_key(tmp_path / "other") != key


def test_runs_that_draw_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: judge_key(tmp_path), range(32)))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["judge.key"]


def test_a_key_that_is_none_stops_the_run(tmp_path: Path) -> None:
    (tmp_path / "judge.key").write_bytes(b"short")
    with pytest.raises(RunBroken, match="no key") as caught:
        judge_key(tmp_path)
    assert caught.value.remedy


def test_key_purpose_seed_and_attempt_each_change_the_draw_and_nothing_else_does() -> None:
    given = (b"k" * 32, "points", 7, 0)
    others = [(b"l" * 32, *given[1:]), (given[0], "rows", 7, 0), (*given[:2], 8, 0), (*given[:3], 1)]
    assert judge_seed(*given) == judge_seed(*given)
    assert len({judge_seed(*given), *(judge_seed(*other) for other in others)}) == 5


def test_every_plan_of_a_run_counts_as_an_attempt(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path)
    (run.path / "plan.json").touch()
    assert attempt_of(run) == 0
    (run.path / "plan-1.json").touch()
    (run.path / "findings-replan-1.json").touch()
    assert attempt_of(run) == 1
    (run.path / "plan-2.json").touch()
    assert attempt_of(run) == 2


def test_the_points_are_a_grid_of_the_whole_domain_and_random_points_inside_it() -> None:
    first, same, other = (draw_points(PROBLEM, seed) for seed in (2**200, 2**200, 2**200 + 1))
    cut = GRID[0] * GRID[1]
    assert np.array_equal(first, same) and np.array_equal(first[:cut], other[:cut])
    assert not np.any(np.all(first[cut:] == other[cut:], axis=1))
    assert first[:cut].min(axis=0).tolist() == [0.0, 0.0] and first[:cut].max(axis=0).tolist() == [2.0, 0.5]
    assert np.all(first[cut:] > 0) and np.all(first[cut:] < (2.0, 0.5))
