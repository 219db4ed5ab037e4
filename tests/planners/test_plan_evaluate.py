"""Evaluations: from words to models, rows and what is fitted, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evaluated import Evaluated, ModelFile
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request, Route
from orchestrator.planners.rules.routing import route
from orchestrator.planners.seam import choose
from tests.planners.test_plan_table import column, table

FILE = ModelFile(name="m.joblib", kind="pickle", path="/m.joblib", sha256="1" * 64, bytes=5 << 20)
RUN = ModelFile(name="run R", kind="run", path="/r", sha256="2" * 64, bytes=9, skill="tabular", run="R")
PEOPLE = table(
    column("id", "identifier", 900, low=1.0, high=900.0),
    column("a", "number", 800, low=0.0, high=1.0),
    column("b", "number", 800, low=0.0, high=1.0),
    column("y", "boolean", 2),
    column("size", "number", 850, low=0.0, high=9.0),
    rows=900,
)
RECALL_AT = {"maximize": "recall", "bound": {"metric": "false_positive_rate", "at_most": 0.05}}
PRECISION = {"maximize": "recall", "bound": {"metric": "precision", "at_least": 0.9}}


def plan(text: str, *, evaluated: Evaluated | None = None, rows: int = 900, **request: Any) -> Plan:
    """The plan of a request whose models the node has found already."""
    told = Evaluated(subject=FILE) if evaluated is None else evaluated
    asked = Request(text=text, **request)
    planner = choose("rules", {})

    async def made() -> Plan:
        routing = await planner.route(asked)
        params: dict[str, JsonValue] = {**routing.params, "evaluated": told.model_dump(mode="json")}
        found = routing.model_copy(update={"params": params, "files": ("x.csv",)})
        return await planner.plan(asked, found, PEOPLE.model_copy(update={"rows": rows}), ())

    return asyncio.run(made())


def spec(text: str, **more: Any) -> dict[str, JsonValue]:
    return plan(text, **more).steps[0].spec


@pytest.mark.parametrize(
    "text",
    ["Evaluate m.joblib on x.csv, target y", "Compare m.joblib with n.pkl on x.csv", "Recalibrate m.joblib on x.csv",
     "predict y in x.csv with m.joblib", "Conformal prediction intervals for m.joblib on x.csv, target price",
     "Evaluate run 20261126-002901-2c9ad5", "evaluate run last on new.csv",
     "Evaluate booster.ubj on x.csv, target y", "Is m.pkl better than n.pkl on x.csv?",
     "Bewerte m.joblib auf x.csv, Zielspalte y"],
)  # fmt: skip
def test_a_request_that_names_a_model_is_an_evaluation(text: str) -> None:
    found = route(Request(text=text))
    assert (found.route, found.message) == (Route.EVALUATE, "")
    assert found.params.get("models") or found.params.get("runs")


@pytest.mark.parametrize(
    ("words", "point"),
    [("recall at 5 % false positive rate", RECALL_AT), ("recall at a false positive rate of 5%", RECALL_AT),
     ("sensitivity at fpr <= 0.05", RECALL_AT), ("precision at least 0.9 at the best recall", PRECISION),
     ("the best recall with precision at least 90 %", PRECISION), ("recall at precision 0.9", PRECISION),
     ("the threshold with the best F1", {"maximize": "f1"}), ("recall", None), ("precision at least 0.9", None)],
)  # fmt: skip
def test_an_operating_point_is_read_from_words(words: str, point: dict[str, Any] | None) -> None:
    found = route(Request(text=f"Evaluate m.joblib on x.csv, target y, {words}"))
    assert found.params.get("operating_point") == point


@pytest.mark.parametrize(
    ("text", "told"),
    [("Evaluate m.joblib trained on old.csv on x.csv", {"trained_on": "old.csv"}),
     ("Compare run 20261126-002901-2c9ad5 and 20261126-002902-2c9ad6",
      {"runs": ["20261126-002901-2c9ad5", "20261126-002902-2c9ad6"]}),
     ("Evaluate my last run", {"runs": ["last"]}), ("Evaluate run nope99", {"runs": ["nope99"]}),
     ("ROC curve for run 42", {"runs": ["42"]}), ("Evaluate m.pkl on x.csv, run 5 times", {"runs": None}),
     ("Evaluate m.pkl on x.csv and run 5-fold checks", {"runs": None}),
     ("Recalibrate m.pkl on x.csv", {"recalibrate": True}),
     ("Evaluate m.pkl on x.csv, positive class yes, 95 % prediction sets", {"positive": "yes", "coverage": 0.95}),
     ("Check the calibration of m.pkl on x.csv", {"models": ["m.pkl"]})],
)  # fmt: skip
def test_models_runs_and_what_is_to_be_fitted_are_read_from_words(text: str, told: dict[str, Any]) -> None:
    params = route(Request(text=text)).params
    assert {key: params.get(key) for key in told} == told
    assert "recalibrate" in told or "recalibrate" not in params


def test_every_column_is_offered_to_the_model_and_half_of_the_rows_are_sealed() -> None:
    made = plan("Evaluate m.joblib on x.csv, target y")
    (step,) = made.steps
    assert made.data is not None and made.data.features == ("id", "a", "b", "size") and made.data.dropped == {}
    assert (made.data.split.kind, made.data.split.test_fraction, made.data.metric) == ("stratified", 0.5, "roc_auc")
    assert step.worker == "evaluate" and step.spec["features"] == ["id", "a", "b", "size"]
    assert step.resources.memory_mb > 2048, "a model needs room"


def test_few_rows_are_sealed_in_larger_part_unless_something_is_fitted_on_the_others() -> None:
    text = "Evaluate m.joblib on x.csv, target y"
    shares = [plan(text + more, rows=200).data for more in ("", ", recalibrate it", ", test size 0.3")]
    assert [data.split.test_fraction for data in shares if data] == [0.8, 0.5, 0.3]


def test_the_threshold_s_own_metrics_bind_neither_the_metric_nor_the_check() -> None:
    made = plan(
        "Evaluate m.joblib on x.csv, target y, precision at least 0.9 at the best recall, accuracy at least 0.7"
    )
    assert made.data is not None and made.steps[0].spec["operating_point"] == PRECISION
    assert made.data.constraints == ({"metric": "accuracy", "at_least": 0.7},)
    assert plan("Evaluate m.joblib on x.csv, target y, recall at 5% fpr").data.metric == "roc_auc"  # type: ignore[union-attr]


def test_a_quantity_gets_prediction_intervals_and_no_sets() -> None:
    told = spec("Evaluate m.joblib on x.csv, target size, conformal, coverage 0.8")
    assert (told["task"], told["metric"], told["coverage"]) == ("regression", "rmse", 0.8)
    assert "sets" not in told
    assert spec("Evaluate m.joblib on x.csv, target y, conformal")["sets"] is True


@pytest.mark.parametrize(
    ("text", "message"),
    [("Evaluate m.joblib on x.csv, target size, recall at 5% fpr", "separates two classes"),
     ("Recalibrate m.joblib on x.csv, target size", "'size' is a quantity"),
     ("Evaluate m.joblib on x.csv, target nothing", "no column 'nothing'"),
     ("Evaluate m.joblib on x.csv, target y, metric rmse", "does not measure a classification")],
)  # fmt: skip
def test_what_does_not_fit_the_target_is_bad_input(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        plan(text)


@pytest.mark.parametrize(("words", "bounded", "other"), [("precision at least 0.9", "precision", "recall"),
                                                         ("recall at least 0.9", "recall", "precision")])  # fmt: skip
def test_a_bare_bound_asks_for_a_threshold_that_keeps_to_it(words: str, bounded: str, other: str) -> None:
    made = plan(f"Evaluate m.joblib on x.csv, target y, {words}")
    assert made.steps[0].spec["operating_point"] == {
        "maximize": other, "bound": {"metric": bounded, "at_least": 0.9}
    }  # fmt: skip
    assert made.data is not None and made.data.constraints == () and made.data.metric == "roc_auc"


def test_a_run_on_its_own_rows_takes_over_its_strategy() -> None:
    own = plan("Evaluate m.joblib on x.csv, target y").data
    assert own is not None
    evaluated = Evaluated(subject=RUN, own_rows=True, assumed=True)
    planner, asked = choose("rules", {}), Request(text="Evaluate the model")

    def made(text: str) -> Plan:
        routing = asyncio.run(planner.route(Request(text=text)))
        told = {"evaluated": evaluated.model_dump(mode="json"), "strategy": own.model_dump(mode="json")}
        found = routing.model_copy(update={"params": {**routing.params, **told}})
        return asyncio.run(planner.plan(asked, found, None, ()))

    found = made("Evaluate the model")
    assert found.data == own and found.steps[0].spec["fresh"] is False
    curve = made("Evaluate run R with a learning curve").steps[0]
    assert curve.spec["learning_curve"] is True and curve.resources.memory_mb > found.steps[0].resources.memory_mb
    assert "the newest run" in found.notes[0] and "R" in found.notes[0]


def test_no_model_and_no_rows_are_asked_for_in_one_sentence() -> None:
    planner = choose("rules", {})
    asked = Request(text="Evaluate the model on the test set")
    routing = asyncio.run(planner.route(asked))
    with pytest.raises(BadInput, match="names no model") as caught:
        asyncio.run(planner.plan(asked, routing, None, ()))
    assert "Evaluate model.joblib on test.csv" in caught.value.remedy
    with_model = routing.model_copy(update={"params": {"evaluated": Evaluated(subject=FILE).model_dump(mode="json")}})
    with pytest.raises(BadInput, match="no file with labelled rows"):
        asyncio.run(planner.plan(asked, with_model, None, ()))


def test_training_rows_are_named_for_evaluations_alone() -> None:
    with pytest.raises(BadInput, match=r"old.csv. belongs to a model that is evaluated"):
        asked = Request(text="Predict y in x.csv", trained_on="old.csv")
        asyncio.run(choose("rules", {}).plan(asked, route(asked), PEOPLE, ()))
