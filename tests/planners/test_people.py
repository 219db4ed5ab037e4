"""What a request says of people, and what the plan makes of columns that tell of them."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import DataStrategy, Plan
from orchestrator.core.profile import Column, ColumnKind, DataProfile
from orchestrator.core.request import Request
from orchestrator.planners.rules import metrics
from orchestrator.planners.rules.fair_words import people_params, without_gaps
from orchestrator.planners.rules.text import read
from orchestrator.planners.seam import choose


def column(name: str, kind: ColumnKind, unique: int, **more: object) -> Column:
    return Column.model_validate({"name": name, "kind": kind, "unique": unique, "missing": 0.0, **more})


STAFF = DataProfile(
    file="staff.csv", sha256="0" * 64, rows=400,
    columns=(
        column("mail", "identifier", 400, personal="e-mail addresses"),
        column("born", "time", 390, personal="birth dates", monotone=True),
        column("gender", "category", 2, sensitive="sex"),
        column("age", "number", 47, low=18.0, high=65.0, sensitive="age"),
        column("zip", "number", 120, low=10115.0, high=99998.0),
        column("skill", "number", 380, low=-3.0, high=3.0),
        column("hired", "boolean", 2),
    ),
)  # fmt: skip


def plan(text: str) -> Plan:
    planner = choose("rules", {})
    request = Request(text=f"{text} in @staff.csv")

    async def made() -> Plan:
        return await planner.plan(request, await planner.route(request), STAFF, ())

    return asyncio.run(made())


def data(text: str) -> DataStrategy:
    strategy = plan(text).data
    assert strategy is not None
    return strategy


@pytest.mark.parametrize(
    ("text", "sensitive"),
    [
        ("fair across sex and age", ["sex", "age"]),
        ("fair across sex, age and race with 5 folds", ["sex", "age", "race"]),
        ("fair across sex and age, equal opportunity gap at most 0.1, with a random forest", ["sex", "age"]),
        ("is it fair between men and women", ["men", "women"]),
        ("fair between men and women, and explain it", ["men", "women"]),
        ("fair across sex and age and tell me which features matter", ["sex", "age"]),
        ("sensitive columns: zip, race. Use 3 folds", ["zip", "race"]),
        ("gerecht zwischen Geschlecht und Alter", ["Geschlecht", "Alter"]),
        ("équitable selon le sexe", ["sexe"]),
        ("justo entre sexo y edad", ["sexo", "edad"]),
        ("敏感列: sex", ["sex"]),
        ("no sensitive columns", []),
        ("fair for all, whatever happens", None),
        ("a fair coin", None),
    ],
)
def test_sensitive_columns_are_read(text: str, sensitive: list[str] | None) -> None:
    assert people_params(read(text), "en").get("sensitive") == sensitive


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("equal opportunity gap at most 0.1", {"equal_opportunity_difference": 0.1}),
        ("equalised odds difference below 5%", {"equalized_odds_difference": 0.05}),
        ("demographic parity ratio at least 0.8", {"demographic_parity_ratio": 0.8}),
        ("disparate impact of at least 80%", {"demographic_parity_ratio": 0.8}),
        ("it must meet the four-fifths rule", {"demographic_parity_ratio": 0.8}),
        ("recall gap across sex at most 0.1", {"recall_difference": 0.1}),
        ("the gap between groups at most 0.1", {"metric_difference": 0.1}),
        ("the temperature difference is at most 5", None),
        ("recall at least 0.9", None),
    ],
)
def test_bounds_on_gaps_are_read(text: str, bounds: dict[str, float] | None) -> None:
    assert people_params(read(text), "en").get("gap_bounds") == bounds


def test_a_bound_on_a_gap_is_no_bound_on_its_metric() -> None:
    reading = without_gaps(read("recall at least 0.9 and recall gap at most 0.1"))
    bounds: list[JsonValue] = [{"metric": "recall", "at_least": 0.9}]
    assert metrics.constraints(reading, "en") == bounds


def test_columns_about_people_stay_features_and_are_measured_and_told() -> None:
    made = plan("Predict hired")
    assert made.data is not None and made.data.sensitive == ("gender", "age")
    assert {"gender", "age"} <= set(made.data.features)
    assert any("'gender' and 'age' tell of people" in note and "without using gender" in note for note in made.notes)


def test_without_using_a_column_leaves_it_out_and_measures_it_all_the_same() -> None:
    made = plan("Predict hired without using sex")
    assert made.data is not None
    assert "gender" not in made.data.features and made.data.sensitive == ("gender", "age")
    assert made.data.dropped["gender"] == "left out, as the request says"
    assert any("does not learn from 'gender'" in note for note in made.notes)


def test_the_request_names_other_columns_or_none() -> None:
    assert data("Predict hired, sensitive columns: zip").sensitive == ("zip",)
    assert data("Predict hired, fair between men and women").sensitive == ("gender",)
    assert data("Predict hired, no sensitive columns").sensitive == ()
    assert data("Predict age").sensitive == ("gender",), "the target groups nobody"


def test_words_that_mean_no_column_are_left_alone_and_near_misses_are_named() -> None:
    assert data("Predict hired without using calendars").features == data("Predict hired").features
    with pytest.raises(BadInput, match="no column 'gendr'"):
        plan("Predict hired without using gendr")
    with pytest.raises(BadInput, match="no column 'height'"):
        plan("Predict hired, sensitive columns: height")


def test_personal_data_is_left_out_unless_it_is_kept_by_name() -> None:
    plain, kept = data("Predict hired"), data("Predict hired, keep column mail")
    assert plain.personal == kept.personal == {"mail": "e-mail addresses", "born": "birth dates"}
    assert not {"mail", "born"} & set(plain.features) and "keep column mail" in plain.dropped["mail"]
    assert "mail" in kept.features and kept.kept == ("mail",) and "born" not in kept.features


def test_birth_dates_order_no_rows() -> None:
    assert data("Predict hired").split.kind == "stratified"


def test_groups_that_personal_data_would_name_are_refused() -> None:
    with pytest.raises(BadInput, match="e-mail addresses"):
        plan("Predict hired, sensitive columns: mail")
    assert data("Predict hired, sensitive columns: born").sensitive == ("born",)


def test_bounds_on_gaps_reach_the_plan_under_their_metric() -> None:
    assert data("Predict hired, the gap between groups at most 0.1").gap_bounds == {"roc_auc_difference": 0.1}
    assert data("Predict hired, equal opportunity gap at most 0.1").gap_bounds == {"equal_opportunity_difference": 0.1}
    with pytest.raises(BadInput, match="does not fit a regression"):
        plan("Predict skill, equal opportunity gap at most 0.1")
    with pytest.raises(BadInput, match="no column of groups"):
        plan("Predict hired, no sensitive columns, equal opportunity gap at most 0.1")
