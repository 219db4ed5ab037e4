"""What more is asked of the sealed rows: by task, by split, and without a second reading."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.core.profile import ArrayForm
from orchestrator.data.split import SplitRecord
from orchestrator.measure.bench import Scorer
from orchestrator.measure.details import FEATURES, detail_files, detail_scorers
from orchestrator.nodes.detail_sentences import calibration_claims, latency_claims, slice_claims
from skills.runtime.scoring.registry import scorers


def asked(task: Any, how: Any = "stratified", arrays: ArrayForm | None = None) -> dict[str, Scorer]:
    data = DataStrategy(
        file="t.csv", sha256="", target="y", task=task, features=("x",), split=SplitPlan(kind="random"),
        metric="rmse" if task == "regression" else "roc_auc", arrays=arrays,
    )  # fmt: skip
    split = SplitRecord.model_construct(how=how, test_inputs="/data/test_inputs.parquet")
    made = detail_scorers(data, split, ("linear", "constant"), {"seed": 7})
    files = {"p_delivered", "p_linear", "p_constant", "labels", *detail_files(split, data)}
    assert all(set(scorer.inputs.values()) <= files for scorer in made)
    assert all(scorer.params["seed"] == 7 and scorer.params["subject"] == "delivered" for scorer in made)
    assert {scorer.name for scorer in made} <= scorers().keys()
    return {scorer.name: scorer for scorer in made}


def test_classes_are_asked_for_curves_promises_slices_and_who_errs_where() -> None:
    found = asked("binary")
    assert found.keys() == {"curves", "calibration_error", "mcnemar", "worst_slices"}
    assert found["worst_slices"].inputs["features"] == FEATURES
    assert found["mcnemar"].inputs["linear"] == "p_linear"


@pytest.mark.parametrize("how", ["group", "time", "tail"])
def test_rows_that_hang_together_are_no_trials_of_mcnemars_test(how: str) -> None:
    assert "mcnemar" not in asked("multiclass", how)


def test_numbers_are_asked_for_residuals_and_arrays_have_no_slices() -> None:
    assert asked("regression").keys() == {"residuals", "worst_slices"}
    form = ArrayForm.model_construct(shape=(8, 8))
    assert asked("multiclass", arrays=form).keys() == {"curves", "calibration_error", "mcnemar"}


def told(name: str, value: float, low: float = 0.0, high: float = 1.0, **more: Any) -> Evidence:
    return Evidence(id="e1", name=name, value=value, interval=(low, high), **({"subject": "delivered", "n": 40} | more))


def texts(claims: Iterable[tuple[str, Evidence]]) -> str:
    return "\n".join(text for text, _ in claims)


@pytest.mark.parametrize(("low", "said"), [(0.06, True), (0.04, False)])
def test_probabilities_that_surely_miss_their_promise_are_told(low: float, said: bool) -> None:
    error = told("calibration_error", 0.09, low, 0.12, text="probability of 'yes'; 10 bins")
    found = texts(calibration_claims((error,)))
    assert ("miss what they promise: expected calibration error of the probability of 'yes' (95 %" in found) == said


@pytest.mark.parametrize("surely", [0.0, 2.0])
def test_the_worst_slice_is_told_where_chance_does_not_explain_it(surely: float) -> None:
    worst = told("worst_slice", 0.4, 0.2, 0.6, text="share of wrong classes where age > 60, against 0.1 over all rows")
    found = texts(slice_claims((worst, told("slices.worse", surely))))
    assert ("on 40 of the sealed rows: share of wrong classes where age > 60" in found) == bool(surely)


def test_the_time_of_a_prediction_names_its_rows_and_no_other_variant() -> None:
    rows = (
        told("latency_ms", 2.0, 1.5, 2.5, subject="delivered, batch 1"),
        told("latency_ms", 9.0, 8.0, 10.0, subject="delivered, batch 1024"),
        told("latency_ms", 1.0, 0.5, 1.5, subject="forest, batch 1"),
    )
    found = texts(latency_claims(rows)).splitlines()
    assert [line.partition(" on ")[0] for line in found] == [
        "Time of a prediction of one row", "Time of a prediction of 1024 rows",
    ]  # fmt: skip
