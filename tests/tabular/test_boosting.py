"""Boosting in three libraries: when it stops, what it does with categories and gaps, and how it is loaded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skills.tabular.held_out import SHARE, hold_out
from skills.tabular.rows import Rows
from skills.tabular.spec import Spec

from .conftest import Inside

SPEC: dict[str, Any] = {"target": "y", "task": "regression", "metric": "rmse", "numeric": ["a"]}
FAMILIES = ("boosting", "lightgbm", "xgboost")


def cut(rows: int, kind: str, by: Any = None, target: Any = None, seed: int = 0) -> Any:
    told = SPEC if target is None else {**SPEC, "task": "multiclass", "metric": "log_loss"}
    spec = Spec.model_validate({**told, "cv": {"kind": kind, "column": None if by is None else "by"}})
    values = np.arange(float(rows)) if target is None else np.asarray(target)
    return hold_out(spec, Rows(pd.DataFrame({"a": np.arange(rows)}), values, by), seed)


@settings(max_examples=30)
@given(rows=st.integers(100, 300), seed=st.integers(0, 99))
def test_the_rows_that_stop_boosting_follow_the_folds(rows: int, seed: int) -> None:
    generator = np.random.default_rng(seed)
    times = generator.permutation(rows) // 2
    fit, held = cut(rows, "time", times, seed=seed)
    assert times[fit].max() < times[held].min()
    groups = generator.integers(0, 12, rows)
    fit, held = cut(rows, "group", groups, seed=seed)
    assert not set(groups[fit]) & set(groups[held])
    classes = np.array(["a", "b", "c"])[np.arange(rows) % 3]
    fit, held = cut(rows, "stratified", target=classes, seed=seed)
    assert set(classes[fit]) == set(classes[held]) == {"a", "b", "c"}
    assert sorted([*fit, *held]) == list(range(rows))
    assert len(held) == pytest.approx(SHARE * rows, abs=3)


def test_without_enough_rows_or_groups_none_are_held_out() -> None:
    assert cut(99, "kfold") is None
    assert cut(120, "group", np.zeros(120, dtype=np.int64)) is None


@pytest.mark.box
@pytest.mark.parametrize("name", FAMILIES)
def test_categories_are_split_as_sets_and_not_as_amounts(inside: Inside, name: str) -> None:
    """Thirty letters, of which every second one adds 3: one split of a set says it, many splits of a code do."""
    told = inside(f"""
        letters = np.array([f"k{{place:02d}}" for place in range(30)])
        codes = draw.integers(0, 30, 900)
        frame = pd.DataFrame({{"k": pd.Series(letters[codes], dtype=object)}})
        spec, given = rows(frame, 3.0 * (codes % 2) + 0.1 * draw.normal(size=900), categorical=["k"])
        model = fit({name!r}, spec, given, 0).pipeline["model"]
        if {name!r} == "boosting":
            told = bool(model.is_categorical_.all())
        elif {name!r} == "lightgbm":
            told = "'decision_type': '=='" in str(model.booster_.dump_model()["tree_info"])
        else:
            told = "categories" in "".join(model.get_booster().get_dump(dump_format="json")) \\
                or ":{{" in "".join(model.get_booster().get_dump())
    """)
    assert told


@pytest.mark.box
@pytest.mark.parametrize("name", FAMILIES)
def test_that_a_value_is_missing_is_learned_from(inside: Inside, name: str) -> None:
    error = inside(f"""
        a = draw.normal(size=400)
        gone = draw.random(400) < 0.5
        frame = pd.DataFrame({{"a": np.where(gone, np.nan, a)}})
        spec, given = rows(frame, 5.0 * gone, numeric=["a"])
        told = float(np.abs(fit({name!r}, spec, given, 0).pipeline.predict(frame) - given.target).max())
    """)
    assert error < 0.2


@pytest.mark.box
@pytest.mark.parametrize("name", FAMILIES)
def test_boosting_stops_early_and_then_learns_from_all_rows(inside: Inside, name: str) -> None:
    """As many rounds as the held-out rows liked best, in the fit that is delivered."""
    told = inside(f"""
        a = draw.normal(size=(300, 3))
        frame = pd.DataFrame(a, columns=list("abc"))
        spec, given = rows(frame, a[:, 0] + draw.normal(size=300), numeric=list("abc"), boosting_iterations=500)
        made = fit({name!r}, spec, given, 0)
        model = made.pipeline["model"]
        rounds = {{"boosting": lambda: model.n_iter_, "lightgbm": lambda: model.booster_.num_trees(),
                  "xgboost": lambda: model.get_booster().num_boosted_rounds()}}[{name!r}]()
        held = [loss for _, loss in made.series["validation_loss"]]
        told = [made.reason, made.at, int(rounds), int(np.argmin(held)) + 1, made.chosen["rounds"]]
    """)
    reason, at, rounds, best, chosen = told
    assert reason == "early_stopping" and at < 500
    assert rounds == best == chosen == at - 20


@pytest.mark.box
@pytest.mark.parametrize("name", FAMILIES)
def test_classes_keep_their_names_and_the_absolute_error_is_met_by_medians(inside: Inside, name: str) -> None:
    told = inside(f"""
        a = draw.normal(size=240)
        frame = pd.DataFrame({{"a": a}})
        words = np.where(a > 0.4, "up", np.where(a < -0.4, "down", "level"))
        spec, given = rows(frame, words, numeric=["a"], task="multiclass", metric="log_loss")
        pipeline = fit({name!r}, spec, given, 0).pipeline
        right = float((pipeline.predict(frame) == words).mean())
        # Three of four rows are 0, the others 100: the median is 0, the mean 25.
        skewed = np.where(np.arange(240) % 4 == 0, 100.0, 0.0)
        constant = pd.DataFrame({{"a": np.zeros(240)}})
        spec, given = rows(constant, skewed, numeric=["a"], metric="mae")
        middle = float(fit({name!r}, spec, given, 0).pipeline.predict(constant)[0])
        told = [list(map(str, pipeline.classes_)), right, middle]
    """)
    classes, right, middle = told
    assert classes == ["down", "level", "up"] and right > 0.97
    assert abs(middle) < 5


@pytest.mark.box
def test_more_candidates_do_not_make_a_complex_one_win_by_chance(inside: Inside) -> None:
    told = inside("""
        from skills.tabular.compare import choose, resampled
        plain = {"metric": "roc_auc", "higher": True, "alpha": 0.05, "alike": frozenset()}
        told = {}
        for count in (2, 6):
            won = 0
            for _ in range(2000):
                scores = {f"m{at}": draw.normal(size=10) for at in range(count)}
                won += choose(scores, resampled(scores, 0.0), **plain).delivered != "m0"
            told[count] = won / 2000
    """)
    assert told["2"] < 0.04 and told["6"] < 0.04


@pytest.mark.box
def test_a_complex_candidate_that_is_clearly_better_still_wins(inside: Inside) -> None:
    told = inside("""
        from skills.tabular.compare import choose, resampled
        plain = {"metric": "roc_auc", "higher": True, "alpha": 0.05, "alike": frozenset()}
        scores = {f"m{at}": draw.normal(size=10) + 4.0 * (at == 5) for at in range(6)}
        told = choose(scores, resampled(scores, 0.1), **plain).delivered
    """)
    assert told == "m5"


@pytest.mark.box
def test_the_interval_of_a_gain_holds_no_gain_exactly_where_the_choice_did_not_see_one(inside: Inside) -> None:
    told = inside("""
        from skills.tabular.compare import Choice, Line, corrected_t
        from skills.tabular.gain import gain_of
        told = []
        for shift in np.linspace(0, 0.2, 60):
            scores = {"linear": draw.normal(0.8, 0.05, 10), "forest": draw.normal(0.8 + shift, 0.05, 10)}
            scores["dummy"] = scores["linear"] - 0.3
            p = min(1.0, corrected_t(scores["forest"] - scores["linear"], 0.25) * 2)
            lines = (Line("linear", 0, 0, 0, p, "forest", True), Line("forest", 0, 0, 0, None, None, False))
            found = gain_of(Choice("linear", "forest", "", lines), scores, 0.25, higher=True, alpha=0.05)
            assert (found.better, found.over, found.rivals, found.p) == ("forest", "linear", 2, p)
            told.append([found.low <= 0 <= found.high, bool(p >= 0.05)])
        best = gain_of(Choice("forest", "forest", "", lines), scores, None, higher=True, alpha=0.05)
        assert (best.better, best.over, best.low) == ("forest", "linear", None)
    """)
    assert {held == unsure for held, unsure in told} == {True}
    assert {unsure for _, unsure in told} == {True, False}
