"""Plans for tables: which target, which task, which split, what is left out, and what is refused."""

from __future__ import annotations

import asyncio

import pytest

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import DataStrategy, Plan
from orchestrator.core.profile import Column, ColumnKind, DataProfile
from orchestrator.core.request import Request
from orchestrator.planners.rules.strategy import infer_task
from orchestrator.planners.seam import choose


def column(name: str, kind: ColumnKind, unique: int, **more: object) -> Column:
    return Column.model_validate({"name": name, "kind": kind, "unique": unique, "missing": 0.0, **more})


def table(*columns: Column, rows: int = 400) -> DataProfile:
    return DataProfile(file="x.csv", sha256="0" * 64, rows=rows, columns=columns)


HOMES = table(
    column("id", "identifier", 400),
    column("area", "number", 300, low=20.0, high=300.0),
    column("city", "category", 12),
    column("notes", "text", 390),
    column("same", "constant", 1),
    column("void", "empty", 0, missing=1.0),
    column("sold", "boolean", 2),
    column("price", "number", 380, low=1e4, high=1e6),
)


def plan(text: str, profile: DataProfile | None = HOMES, *findings: Verdict, files: tuple[str, ...] = ()) -> Plan:
    planner = choose("rules", {})
    request = Request(text=text, files=files)

    async def made() -> Plan:
        return await planner.plan(request, await planner.route(request), profile, findings)

    return asyncio.run(made())


def data(text: str, profile: DataProfile = HOMES, *findings: Verdict) -> DataStrategy:
    strategy = plan(text, profile, *findings).data
    assert strategy is not None
    return strategy


def leak(kind: str, *columns: str) -> Verdict:
    return Verdict(id="data.leakage", verdict="failed", columns={kind: columns})


def test_a_training_may_take_twice_its_estimate_where_that_is_long() -> None:
    wide = table(*(column(f"x{k}", "number", 9000) for k in range(200)), column("y", "boolean", 2), rows=200_000)
    made = plan("Predict y in x.csv", wide)
    assert made.steps[0].resources.timeout_s == 2 * made.estimate.wall_s > 1800
    assert plan("Predict price in x.csv").steps[0].resources.timeout_s == 900


def test_a_table_plan_is_one_step_with_a_full_spec() -> None:
    made = plan("Predict price in x.csv, seed 3, 10 folds, 50 trees")
    (step,) = made.steps
    assert (step.id, step.worker, step.kind) == ("train", "tabular", "skill")
    assert step.spec == {
        "target": "price", "task": "regression", "metric": "rmse", "numeric": ["area"], "categorical": ["city", "sold"],
        "text": ["notes"], "time": [], "cv": {"kind": "kfold", "folds": 10, "column": None},
        "models": ["dummy", "linear", "forest", "boosting", "lightgbm", "xgboost"],
        "seed": 3, "trees": 50,
    }  # fmt: skip
    assert [thought.stage for thought in made.thoughts] == ["formulation", "data", "model", "training", "validation"]
    assert made.estimate.wall_s > 0


def test_columns_that_teach_nothing_are_left_out_with_a_reason() -> None:
    dropped = data("Predict price in x.csv without the column `city`").dropped
    assert set(dropped) == {"id", "same", "void", "city"}
    assert dropped["city"] == "left out, as the request says"
    assert "identifier" in dropped["id"] and "constant" in dropped["same"]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Predict price in x.csv", "price"),
        ("Predict PRICE in x.csv", "price"),
        ("predict house prices from x.csv", "price"),
        ("What will the price be? x.csv", "price"),
    ],
)
def test_the_target_is_found_by_name_case_plural_or_mention(text: str, target: str) -> None:
    assert data(text).target == target


def test_a_target_that_is_usual_is_taken_and_said() -> None:
    made = plan("train a model", table(column("a", "number", 90), column("target", "boolean", 2)), files=("x.csv",))
    assert made.data is not None and made.data.target == "target"
    assert any("names no target" in note for note in made.notes)


def test_an_unclear_target_is_asked_for_with_the_candidates() -> None:
    with pytest.raises(BadInput) as asked:
        plan("train a model on x.csv")
    assert "'area'" in asked.value.remedy and "'price'" in asked.value.remedy and "'id'" not in asked.value.remedy


def test_an_unknown_column_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadInput, match="'pirce'") as refused:
        plan("predict pirce in x.csv")
    assert "Did you mean 'price'?" in refused.value.remedy


@pytest.mark.parametrize(
    ("of", "rows", "asked", "task"),
    [
        (column("y", "number", 300), 400, "", "regression"),
        (column("y", "boolean", 2), 400, "", "binary"),
        (column("y", "category", 3), 400, "", "multiclass"),
        (column("y", "number", 3, low=0.0, high=2.0, integer=True), 150, "", "multiclass"),
        (column("y", "number", 6, low=3.0, high=8.0, integer=True), 400, "", "regression"),
        (column("y", "number", 6, low=3.0, high=8.0, integer=True), 400, "classification", "multiclass"),
        (column("y", "number", 3, low=0.0, high=2.0, integer=True), 150, "regression", "regression"),
    ],
)
def test_the_task_follows_from_the_target_and_the_request(of: Column, rows: int, asked: str, task: str) -> None:
    assert infer_task(of, rows, asked)[0] == task


def test_the_default_metric_follows_the_task_and_bounds_are_kept() -> None:
    assert data("Predict sold in x.csv").metric == "roc_auc"
    assert data("Predict city in x.csv").metric == "f1"
    bound = data("Predict sold in x.csv with recall >= 0.9")
    assert (bound.metric, bound.constraints) == ("recall", ({"metric": "recall", "at_least": 0.9},))


TIMED = table(
    column("when", "time", 400, monotone=True), column("patient_id", "category", 60),
    column("x", "number", 300), column("y", "number", 300), column("c", "category", 3),
)  # fmt: skip
TIME_ONLY = table(*(each for each in TIMED.columns if each.name != "patient_id"))
PLAIN = table(column("x", "number", 300), column("y", "number", 300), column("c", "category", 3))


@pytest.mark.parametrize(
    ("text", "profile", "kind", "by", "shuffle"),
    [
        ("Predict y in x.csv", PLAIN, "random", None, True),
        ("Predict c in x.csv", PLAIN, "stratified", None, True),
        ("Predict c in x.csv with a random split", PLAIN, "random", None, True),
        ("Predict y in x.csv, don't shuffle", PLAIN, "random", None, False),
        ("Predict y in x.csv", TIME_ONLY, "time", "when", False),
        ("Predict c in x.csv, stratified split", TIME_ONLY, "stratified", None, True),
        ("Predict y in x.csv", TIMED, "group", "patient_id", True),
        ("Forecast y in x.csv chronologically", TIMED, "time", "when", False),
        ("Predict y in x.csv, group by c", TIMED, "group", "c", True),
        ("Predict y in x.csv, time column `when`", TIMED, "time", "when", False),
    ],
)
def test_the_split_is_what_the_request_says_or_the_columns_show(
    text: str, profile: DataProfile, kind: str, by: str | None, shuffle: bool
) -> None:
    split = data(text, profile).split
    assert (split.kind, split.column, split.shuffle) == (kind, by, shuffle)


def test_folds_are_cut_like_the_test_rows() -> None:
    assert plan("Predict y in x.csv", TIMED).steps[0].spec["cv"] == {
        "kind": "group",
        "folds": 5,
        "column": "patient_id",
    }
    assert plan("Predict y in x.csv, don't shuffle", PLAIN).steps[0].spec["cv"] == {
        "kind": "time",
        "folds": 5,
        "column": None,
    }


@pytest.mark.parametrize(
    ("text", "profile", "says"),
    [
        ("predict same in x.csv", HOMES, "one and the same value"),
        ("predict void in x.csv", HOMES, "no values at all"),
        ("predict notes in x.csv", HOMES, "neither a quantity nor classes"),
        ("predict y in x.csv", table(*PLAIN.columns, rows=12), "12 usable rows"),
        ("predict price in x.csv with accuracy above 90%", HOMES, "does not measure a regression"),
        ("predict sold in x.csv, metric RMSE", HOMES, "does not measure a classification"),
        ("predict price in x.csv, drop price", HOMES, "both the target and to be dropped"),
        ("predict price in x.csv, group by branch", HOMES, "no column 'branch'"),
        ("predict price in x.csv with 99 folds", HOMES, "99 folds"),
        ("classify price in x.csv", HOMES, "too many for classes"),
        ("regression of city in x.csv", HOMES, "regression needs numbers"),
        ("predict price in x.csv chronologically", HOMES, "no time column"),
    ],
)
def test_what_cannot_be_used_is_bad_input_with_a_remedy(text: str, profile: DataProfile, says: str) -> None:
    with pytest.raises(BadInput, match=says) as refused:
        plan(text, profile)
    assert refused.value.remedy


def test_clustering_and_models_that_are_not_there_name_what_is() -> None:
    for text in ("cluster the rows of x.csv", "tabnet on x.csv, target price", "svm on x.csv, target price"):
        with pytest.raises(NotAvailable):
            plan(text)


def test_a_named_model_is_compared_with_the_baselines_only() -> None:
    assert plan("random forest on x.csv, target price").steps[0].spec["models"] == ["dummy", "linear", "forest"]
    for family in ("xgboost", "lightgbm", "gradient boosting"):
        boosted = plan(f"{family} on x.csv, target price").steps[0].spec["models"]
        assert boosted == ["dummy", "linear", "forest", family.removeprefix("gradient ")]
    stand_in = plan("catboost on x.csv, target price")
    assert any("stands in" in note for note in stand_in.notes)


def test_leaks_that_were_found_change_the_plan_and_others_do_not() -> None:
    text = "Predict y in x.csv with a random split"
    assert data(text, TIMED, leak("groups", "c")).split.column == "c"
    assert data(text, TIMED, leak("time_order", "when")).split.kind == "time"
    assert "x" in data(text, TIMED, leak("proxy", "x")).dropped
    assert {"x", "c"} <= set(data(text, TIMED, leak("proxy_together", "x", "c")).dropped)
    assert {"x", "c"} <= set(data(text, TIMED, leak("proxy", "x"), leak("proxy", "c")).dropped)
    other = Verdict(id="training.loss", verdict="failed", reason="it overfits")
    assert plan(text, TIMED, other).steps == plan(text, TIMED).steps


def test_a_count_of_rows_is_learned_from_where_nothing_else_is_left() -> None:
    counted = column("step", "identifier", 400, low=0.0, high=399.0, integer=True)
    made = plan("Predict y in x.csv", table(counted, column("y", "number", 300)))
    assert made.data is not None and made.data.features == ("step",) and made.steps[0].spec["numeric"] == ["step"]
    beside = data("Predict y in x.csv", table(counted, *PLAIN.columns))
    assert beside.features == ("x", "c") and "identifier" in beside.dropped["step"]
    assert "x" in data("Predict y in x.csv", PLAIN, leak("identifier", "x")).dropped


def test_a_plan_without_a_profile_asks_for_the_file() -> None:
    with pytest.raises(BadInput, match="no data file"):
        plan("Predict price in x.csv", None)
