"""Requests that want a model explained: which words ask for it, and what the plan then holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.errors import NotAvailable
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request, Route
from orchestrator.data.profile import profile_table
from orchestrator.gates.required import FAITHFUL, required
from orchestrator.planners.rules.interpret_words import methods_named, wishes_explained
from orchestrator.planners.rules.planner import RulesPlanner
from orchestrator.planners.rules.routing import route
from orchestrator.planners.rules.text import read


@pytest.mark.parametrize(
    "text",
    [
        "Predict churn in data.csv and explain it",
        "Train a model on data.csv to predict price and tell me which features matter",
        "Which features matter for price in houses.csv?",
        "Predict price in houses.csv with SHAP",
        "What drives price in houses.csv? Train a model and show permutation importance.",
        "Predict y in data.csv; report feature importances",
        "Sage den Preis in haeuser.csv voraus und erkläre das Modell",
        "Sage price in houses.csv voraus: welche Merkmale sind wichtig?",
        "Sage churn in data.csv vorher und zeige die Wichtigkeit der Merkmale",
    ],
)
def test_a_model_of_a_named_file_is_trained_and_explained(text: str) -> None:
    found = route(Request(text=text))
    assert found.route is Route.TABULAR and not found.then
    assert wishes_explained(read(text).plain)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Explain the predictions of my model with SHAP", Route.EVALUATE),
        ("Compute SHAP values for run 20240101", Route.EVALUATE),
        ("what is permutation importance?", Route.EXPLAIN),
        ("Erkläre mir SHAP", Route.EXPLAIN),
    ],
)
def test_models_that_are_there_and_questions_keep_their_routes(text: str, expected: Route) -> None:
    assert route(Request(text=text)).route is expected


@pytest.mark.parametrize("text", ["Predict y in data.csv", "Predict importance in data.csv", "Predict y without SHAP"])
def test_other_wishes_ask_for_no_explanation(text: str) -> None:
    assert not wishes_explained(read(text).plain)


def test_methods_are_read_by_their_names() -> None:
    assert methods_named("with shap and permutation importance") == ("permutation", "shap")
    assert methods_named("integrierte gradienten und attention maps") == ("integrated_gradients", "attention")
    assert methods_named("feature importance") == ()


async def plan_of(tmp_path: Path, text: str) -> Plan:
    draw = np.random.default_rng(0)
    table = pd.DataFrame(draw.normal(size=(120, 3)), columns=["a", "b", "y"])
    path = tmp_path / "t.csv"
    table.to_csv(path, index=False)
    request = Request(text=text, files=(str(path),))
    return await RulesPlanner().plan(request, route(request), profile_table(path), ())


async def test_the_plan_explains_the_model_after_it_is_trained_and_requires_the_explanation_to_be_faithful(
    tmp_path: Path,
) -> None:
    plan = await plan_of(tmp_path, "Predict y and explain it")
    train, step = plan.steps
    assert step.worker == "interpret" and step.needs == ("train",)
    assert step.spec["methods"] == ["permutation", "shap"] and step.spec["training"] == train.spec
    assert step.spec["features"] == ["a", "b"]
    assert required(plan)[-1] == FAITHFUL
    assert any("training rows" in note for note in plan.notes)


async def test_a_method_by_name_is_the_only_one(tmp_path: Path) -> None:
    plan = await plan_of(tmp_path, "Predict y with SHAP")
    assert plan.steps[-1].spec["methods"] == ["shap"]


async def test_without_the_wish_nothing_is_explained_or_required(tmp_path: Path) -> None:
    plan = await plan_of(tmp_path, "Predict y")
    assert [step.id for step in plan.steps] == ["train"] and FAITHFUL not in required(plan)


async def test_attention_maps_of_a_table_are_not_available_and_the_remedy_names_what_is(tmp_path: Path) -> None:
    with pytest.raises(NotAvailable, match="attention maps") as told:
        await plan_of(tmp_path, "Predict y and show attention maps")
    assert "SHAP" in told.value.remedy
