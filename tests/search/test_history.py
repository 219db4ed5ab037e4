"""What is kept of a search: the best, the front, importance, and a study that Optuna opens."""

from __future__ import annotations

from pathlib import Path

import optuna
import pytest

from orchestrator.core.search import Dimension, Objective, Search, Trial, When, best_of, front_of
from orchestrator.search.history import History, study_of, table_of

from .searches import BEND, KIND, RATE, SCORE, SIZE, done, driven, rate_of

BOTH = Search(space=(RATE,), objectives=(SCORE, SIZE), sampler="nsga2")
ONE = Search(space=(RATE,), objectives=(SCORE,), trials=5)


def test_the_best_is_the_earliest_of_equals_in_the_direction_that_was_asked_for() -> None:
    trials = (done(0, 0.5, rate=0.1), done(1, 0.9, rate=0.2), done(2, 0.9, rate=0.3))
    lowest = ONE.model_copy(update={"objectives": (Objective(claim="score", direction="minimize"),)})
    assert best_of(ONE, trials) == trials[1] and best_of(lowest, trials) == trials[0]


def test_a_trial_that_was_stopped_or_failed_is_never_the_best() -> None:
    stopped = Trial(number=1, setting={"rate": 0.2}, state="pruned", values=(0.99,))
    failed = Trial(number=2, setting={"rate": 0.3}, state="failed")
    assert best_of(ONE, (done(0, 0.5, rate=0.1), stopped, failed)) == done(0, 0.5, rate=0.1)
    assert best_of(ONE, (stopped, failed)) is None


def test_the_front_holds_those_that_no_other_beats_in_both() -> None:
    trials = (done(0, 0.9, 10.0), done(1, 0.8, 5.0), done(2, 0.8, 6.0), done(3, 0.95, 20.0), done(4, 0.5, 5.0))
    assert [trial.number for trial in front_of(BOTH, trials)] == [0, 1, 3]


def test_what_matters_has_the_larger_share() -> None:
    idle = Dimension(name="idle", kind="float", low=0.0, high=1.0)
    search = Search(space=(RATE, idle), objectives=(SCORE,), trials=60, batch=4, sampler="random")
    history = History.of(search, driven(search, rate_of))
    assert history.importance["rate"] > 0.8 and sum(history.importance.values()) == pytest.approx(1.0, abs=1e-5)
    assert History.of(search, driven(search, rate_of)[:5]).importance == {}


def test_the_database_holds_every_trial_once_and_its_own_attributes(tmp_path: Path) -> None:
    search = Search(space=(RATE, KIND, BEND), objectives=(SCORE,), trials=8, batch=4)
    trials = (*driven(search, rate_of)[:7], Trial(number=7, setting={"rate": 0.1, "kind": "plain"}, state="failed"))
    url = f"sqlite:///{tmp_path}/study.sqlite"
    study_of(search, trials[:4], url, "a")
    study_of(search, trials, url, "a")
    study_of(search, trials, url, "a")
    found = optuna.load_study(study_name="a", storage=url)
    assert [trial.params for trial in found.trials] == [trial.setting for trial in trials]
    assert found.best_value == max(trial.values[0] for trial in trials[:7])
    assert found.trials[7].state.name == "FAIL"


def test_the_table_has_a_line_a_trial_and_empty_cells_where_a_hyperparameter_was_not_varied() -> None:
    search = Search(space=(KIND, BEND), objectives=(SCORE,), trials=2)
    told = table_of(History.of(search, (done(0, 0.5, kind="plain"), done(1, 0.25, kind="bent", bend=3))))
    assert told.splitlines() == [
        "trial,state,score,kind,bend,wall_s,reason",
        "0,done,0.5,plain,,0.0,",
        "1,done,0.25,bent,3,0.0,",
    ]


@pytest.mark.parametrize(
    ("space", "told"),
    [
        ((), "at least 1"),
        ((RATE, RATE), "varied twice"),
        ((BEND, KIND), "not named before it"),
    ],
)
def test_spaces_that_cannot_be(space: tuple[Dimension, ...], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Search(space=space, objectives=(SCORE,))


@pytest.mark.parametrize(
    ("dimension", "told"),
    [
        ({"kind": "float", "low": 2.0, "high": 1.0}, "empty"),
        ({"kind": "float", "low": 0.0, "high": 1.0, "log": True}, "logarithm"),
        ({"kind": "choice"}, "no choice"),
        ({"kind": "int", "low": 0.5, "high": 3}, "whole number"),
    ],
)
def test_dimensions_that_cannot_be(dimension: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Dimension.model_validate({"name": "rate", **dimension})


def test_a_setting_outside_the_space_cannot_be_tried_first() -> None:
    with pytest.raises(ValueError, match="not in the search space"):
        Search(space=(RATE,), objectives=(SCORE,), first=({"rate": 5.0},))
    with pytest.raises(ValueError, match="not in the search space"):
        Search(space=(KIND, BEND), objectives=(SCORE,), first=({"kind": "plain", "bend": 3},))
    assert When(name="kind", one_of=("bent",)) == BEND.when
