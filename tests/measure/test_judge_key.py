"""The judge's points: no worker can tell them, a replan gets new ones, and equal seeds get equal ones."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.core.errors import RunBroken
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.secret import attempt_of, judge_key, judge_seed


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
