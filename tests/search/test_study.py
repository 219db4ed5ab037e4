"""What is proposed follows from the seed and from closed batches alone."""

from __future__ import annotations

import math

import pytest

from orchestrator.core.errors import RunBroken
from orchestrator.core.search import Sampler, Search
from orchestrator.search.study import Study

from .searches import BEND, KIND, RATE, SCORE, done, driven, rate_of

SPACE = (RATE, KIND, BEND)


def near(setting: dict[str, bool | int | float | str]) -> float:
    """Best at a rate of 0.01."""
    return -((math.log10(rate_of(setting)) + 2) ** 2)


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "nsga2", "random"])
def test_the_same_seed_proposes_the_same_and_another_seed_does_not(sampler: Sampler) -> None:
    search = Search(space=SPACE, objectives=(SCORE,), trials=24, batch=4, sampler=sampler)
    assert driven(search, near) == driven(search, near) != driven(search, near, seed=1)


def test_a_search_that_was_cut_off_anywhere_goes_on_as_if_it_had_not_been() -> None:
    search = Search(space=SPACE, objectives=(SCORE,), trials=24, batch=4)
    whole = driven(search, near)
    for cut in (1, 4, 13, 23):
        assert driven(search, near, known=whole[:cut]) == whole


def test_a_batch_does_not_know_of_itself() -> None:
    search = Search(space=SPACE, objectives=(SCORE,), trials=8, batch=8)
    assert [t.setting for t in driven(search, near)] == [t.setting for t in driven(search, lambda setting: 0.0)]


@pytest.mark.parametrize("sampler", ["tpe", "cmaes"])
def test_a_sampler_that_learns_comes_nearer_than_chance(sampler: Sampler) -> None:
    made = {
        name: driven(Search(space=(RATE,), objectives=(SCORE,), trials=60, batch=4, sampler=name), near)
        for name in (sampler, "random")
    }
    late = {name: sorted(trial.values[0] for trial in trials[-20:])[10] for name, trials in made.items()}
    assert late[sampler] > late["random"] + 0.2


def test_a_dimension_is_varied_only_where_its_condition_holds_and_inside_its_range() -> None:
    trials = driven(Search(space=SPACE, objectives=(SCORE,), trials=40, batch=4, sampler="random"), near)
    assert all(("bend" in trial.setting) == (trial.setting["kind"] == "bent") for trial in trials)
    assert {trial.setting["kind"] for trial in trials} == {"plain", "bent"}
    assert all(one.holds(trial.setting[one.name]) for trial in trials for one in SPACE if one.name in trial.setting)


def test_settings_that_are_given_come_first() -> None:
    first = ({"rate": 0.5, "kind": "plain"}, {"rate": 0.01, "kind": "bent", "bend": 3})
    search = Search(space=SPACE, objectives=(SCORE,), trials=6, batch=2, first=first)
    assert tuple(trial.setting for trial in driven(search, near)[:2]) == first


def test_the_last_batch_is_as_large_as_the_budget_allows() -> None:
    assert len(driven(Search(space=SPACE, objectives=(SCORE,), trials=7, batch=3), near)) == 7


def test_trials_that_were_altered_on_disk_are_refused() -> None:
    search = Search(space=(RATE,), objectives=(SCORE,), trials=4, batch=2)
    study = Study(search, 0)
    asked = study.ask()
    with pytest.raises(RunBroken, match="not those that it proposes"):
        study.tell([done(number, 0.0, rate=0.123) for number, _ in asked])
