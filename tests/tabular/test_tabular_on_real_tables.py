"""The tabular skill on real tables, from the file to a measured score."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.plan import SplitPlan

from .conftest import Box, Trained, spec_for, train

pytestmark = pytest.mark.box

CASES: dict[str, dict[str, Any]] = {
    "diabetes": {"target": "target", "task": "regression", "metric": "rmse", "split": SplitPlan(kind="random")},
    "breast_cancer": {
        "target": "target", "task": "binary", "metric": "roc_auc", "split": SplitPlan(kind="stratified"),
        "cv": {"kind": "stratified", "repeats": 1},
    },
    "penguins": {
        "target": "species", "task": "multiclass", "metric": "log_loss", "split": SplitPlan(kind="stratified"),
        "cv": {"kind": "stratified", "repeats": 1},
    },
    "weather": {
        "target": "temp_max", "task": "regression", "metric": "mae", "split": SplitPlan(kind="time", column="date"),
        "cv": {"kind": "time", "column": "date"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(
    box: Box, real: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Trained]:
    done: dict[str, Trained] = {}

    def give(name: str) -> Trained:
        if name not in done:
            case = dict(CASES[name])
            split = case.pop("split")
            path = real(name)
            done[name] = train(box, path, tmp_path_factory.mktemp(name), spec_for(path, **case), split)
        return done[name]

    return give


@pytest.mark.parametrize("name", CASES)
def test_the_delivered_model_beats_the_dummy_on_sealed_rows(trained: Callable[[str], Trained], name: str) -> None:
    scores = trained(name).scores
    assert scores["delivered", "paired_difference"]["low"] > 0
    assert 0 < scores["delivered", "skill_over_dummy"]["value"] <= 1
    measured = scores["delivered", CASES[name]["metric"]]
    assert measured["low"] <= measured["value"] <= measured["high"]
    assert measured["n"] == trained(name).split.test_rows


@pytest.mark.parametrize("name", CASES)
def test_the_choice_follows_its_own_table(trained: Callable[[str], Trained], name: str) -> None:
    choice = trained(name).work.json("choice.json")
    models = [line["model"] for line in choice["candidates"]]
    assert models == ["dummy", "linear", "forest", "boosting", "lightgbm", "xgboost"]
    p = {line["model"]: line["p"] for line in choice["candidates"]}
    assert p[choice["best"]] is None
    simpler = models[: models.index(choice["best"])]
    expected = next((model for model in simpler if p[model] >= choice["alpha"]), choice["best"])
    assert choice["delivered"] == expected
    assert expected in choice["reason"]
    table = pd.read_csv(trained(name).work.out / "comparison.csv")
    assert table.loc[table["chosen"], "model"].tolist() == [expected]


@pytest.mark.parametrize("name", CASES)
def test_what_the_contract_asks_for_is_written(trained: Callable[[str], Trained], name: str) -> None:
    work = trained(name).work
    metric = CASES[name]["metric"]
    (claim,) = work.json("claims.json")
    chosen = next(line for line in work.json("choice.json")["candidates"] if line["chosen"])
    assert (claim["name"], claim["value"]) == (f"cv_{metric}", chosen["mean"])
    history = work.json("history.json")
    assert next(iter(history["series"])) == "loss"
    loss = [value for _, value in history["series"]["loss"]]
    assert len(loss) >= 2 and loss[-1] < loss[0]
    assert history["stopped"]["at"] <= history["stopped"]["limit"]
    assert {entry["kind"] for entry in work.json("artifacts.json")} == {"model", "table"}
    assert work.output.count("::mlexpert::") >= 4 * len(chosen["scores"])


@pytest.mark.parametrize("name", ["diabetes", "weather"])
def test_prediction_intervals_hold_what_they_promise(trained: Callable[[str], Trained], name: str) -> None:
    covered = trained(name).scores["delivered", "coverage"]
    assert covered["high"] >= 0.9
    assert covered["value"] < 1.0, "an interval that holds everything says nothing"


@pytest.mark.parametrize("name", CASES)
def test_what_enters_the_linear_model_is_scaled(trained: Callable[[str], Trained], name: str) -> None:
    scores = trained(name).scores
    assert scores["delivered", "feature_range"]["value"] < 50
    assert scores["delivered", "feature_deviation_high"]["value"] < 5


def test_a_simpler_model_is_delivered_where_the_better_score_is_not_significant(
    trained: Callable[[str], Trained],
) -> None:
    choice = trained("penguins").work.json("choice.json")
    delivered, best = choice["delivered"], choice["best"]
    told = {name: trained(name).work.json("choice.json") for name in CASES}
    assert any(choice["delivered"] != choice["best"] for choice in told.values()), (delivered, best)


def test_class_probabilities_are_named_and_sum_to_one(trained: Callable[[str], Trained]) -> None:
    with np.load(trained("penguins").predict.out / "predictions.npz") as held:
        assert held["output_names"].tolist() == ["Adelie", "Chinstrap", "Gentoo"]
        assert np.allclose(held["outputs"].sum(axis=1), 1.0)
        assert sorted(held["row_ids"]) == sorted(pd.read_parquet(trained("penguins").split.test_inputs)["row_id"])


def test_regression_predicts_the_target_with_its_interval(trained: Callable[[str], Trained]) -> None:
    with np.load(trained("diabetes").predict.out / "predictions.npz") as held:
        assert held["output_names"].tolist() == ["target", "target.low", "target.high"]
        assert (held["outputs"][:, 1] < held["outputs"][:, 0]).all()
        assert (held["outputs"][:, 0] < held["outputs"][:, 2]).all()
    with np.load(trained("diabetes").predict.out / "predictions-linear.npz") as held:
        assert held["output_names"].tolist() == ["target"]
