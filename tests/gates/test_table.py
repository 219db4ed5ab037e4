"""Gates of tables: what a worker says or supplies itself never decides alone."""

from __future__ import annotations

import pytest
from evidence import ROWS, Row, evidence_of, plan_for

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import SeriesPlan, SplitPlan
from orchestrator.core.request import Route
from orchestrator.gates.known import Known
from orchestrator.gates.result import judge_results
from orchestrator.gates.table import leakage

GOOD = ROWS[Route.TABULAR]


def ruled(rows: tuple[Row, ...], check: str, **data: object) -> Verdict:
    plan = plan_for(Route.TABULAR)
    assert plan.data is not None
    plan = plan.model_copy(update={"data": plan.data.model_copy(update=data)})
    return next(verdict for verdict in judge_results(plan, evidence_of(rows)) if verdict.id == check)


def without(*dropped: tuple[str, str]) -> tuple[Row, ...]:
    return tuple(row for row in GOOD if row[:2] not in dropped)


def test_the_skills_own_dummy_does_not_stand_in_for_the_hosts_constant_guess() -> None:
    easy: Row = ("paired_difference", "delivered vs dummy", 900.0, (890.0, 910.0))
    assert (
        ruled((*without(("paired_difference", "delivered vs constant")), easy), "model.baseline").verdict == "unknown"
    )
    lost: Row = ("paired_difference", "delivered vs constant", 0.1, (-1.0, 1.2))
    assert ruled((*without(lost[:2]), lost, easy), "model.baseline").verdict == "failed"


@pytest.mark.parametrize("absent", ["linear", "forest"])
def test_a_model_that_met_fewer_than_two_families_is_not_shown_to_suit_the_data(absent: str) -> None:
    rows = without(("rmse", absent), ("paired_difference", f"delivered vs {absent}"))
    found = ruled(rows, "model.inductive_bias")
    assert found.verdict == "unknown" and absent in found.reason


def test_a_series_must_beat_the_naive_forecast_and_not_the_constant_guess_alone() -> None:
    series = SeriesPlan(time="t", unit="month", size=1, start=0, steps=144)
    assert ruled(GOOD, "model.baseline", series=series).verdict == "unknown"
    naive: Row = ("paired_difference", "delivered vs last value", -1.0, (-2.0, -0.5))
    assert ruled((*GOOD, naive), "model.baseline", series=series).verdict == "failed"


def test_a_candidate_that_was_not_compared_leaves_the_choice_unknown() -> None:
    blank: Row = ("paired_difference", "delivered vs forest", 5.0, None)
    found = ruled((*without(blank[:2]), blank), "model.inductive_bias")
    assert found.verdict == "unknown" and "not every candidate was compared" in found.reason


@pytest.mark.parametrize(
    ("check", "bad", "remedy"),
    [
        ("model.inductive_bias", ("paired_difference", "delivered vs forest", -9.0, (-12.0, -6.0)), "another family"),
        ("model.baseline", ("paired_difference", "delivered vs constant", 0.1, (-1.0, 1.2)), "do not predict"),
        ("training.loss", ("cv_gap", "", 9.0, (6.0, 12.0)), "overfits"),
        ("training.loss", ("cv_gap", "", -9.0, (-12.0, -6.0)), "does not describe this model"),
    ],
)
def test_what_fails_has_a_remedy_of_its_own_and_what_passes_none(check: str, bad: Row, remedy: str) -> None:
    assert (ruled(GOOD, check).verdict, ruled(GOOD, check).remedy) == ("passed", "")
    found = ruled((*without(bad[:2]), bad), check)
    assert (found.verdict, remedy in found.remedy) == ("failed", True)


def test_the_hosts_constant_guess_is_no_candidate() -> None:
    worse: Row = ("paired_difference", "delivered vs constant", -9.0, (-12.0, -6.0))
    assert ruled((*without(worse[:2]), worse), "model.inductive_bias").verdict == "passed"


@pytest.mark.parametrize(("claimed", "ruling"), [(-3.0, "passed"), (0.0, "passed"), (9.0, "failed"), (-9.0, "failed")])
def test_a_claim_far_from_the_measured_score_fails_to_either_side(claimed: float, ruling: str) -> None:
    gap: Row = ("cv_gap", "", claimed, (claimed - 3.0, claimed + 3.0))
    assert ruled((*without(gap[:2]), gap), "training.loss").verdict == ruling


@pytest.mark.parametrize(
    ("claimed", "ruling"), [(-20.0, "passed"), (-40.0, "failed"), (-1e9, "failed"), (9.0, "failed")]
)
def test_folds_in_time_may_be_worse_but_not_worse_than_a_constant_guess(claimed: float, ruling: str) -> None:
    gap: Row = ("cv_gap", "", claimed, (claimed - 3.0, claimed + 3.0))
    by_time = SplitPlan(kind="time", column="t")
    assert ruled((*without(gap[:2]), gap), "training.loss", split=by_time).verdict == ruling


@pytest.mark.parametrize("end", [float("inf"), float("nan")])
def test_a_gap_that_is_no_number_is_never_a_pass(end: float) -> None:
    gap: Row = ("cv_gap", "", -1.0, (-end, -end))
    assert ruled((*without(gap[:2]), gap), "training.loss").verdict == "failed"


@pytest.mark.parametrize(
    ("interval", "units", "ruling", "why"),
    [
        ((0.84, 0.95), 90.0, "passed", "over 90 units"),
        ((0.3, 0.95), 90.0, "failed", "may be 0.5 wide"),
        ((0.84, 0.95), 3.0, "failed", "10 are needed"),
    ],
)
def test_an_interval_of_classes_fails_where_it_is_wide_or_rests_on_few(
    interval: tuple[float, float], units: float, ruling: str, why: str
) -> None:
    rows: tuple[Row, ...] = (
        ("accuracy", "delivered", 0.9, interval),
        ("bootstrap_units", "delivered", units, None),
    )
    found = ruled(rows, "evaluation.uncertainty", metric="accuracy", task="binary")
    assert (found.verdict, why in found.reason) == (ruling, True)


@pytest.mark.parametrize(("guess", "ruling"), [(0.69, "passed"), (0.2, "failed")])
def test_the_interval_of_a_loss_is_held_against_the_constant_guess(guess: float, ruling: str) -> None:
    rows: tuple[Row, ...] = (
        ("log_loss", "delivered", 0.2, (0.1, 0.35)),
        ("log_loss", "constant", guess, None),
        ("bootstrap_units", "delivered", 90.0, None),
    )
    found = ruled(rows, "evaluation.uncertainty", metric="log_loss", task="binary")
    assert found.verdict == ruling
    assert ruled(rows[::2], "evaluation.uncertainty", metric="log_loss", task="binary").verdict == "unknown"


@pytest.mark.parametrize("width", [1e9, 251.0])
def test_prediction_intervals_that_hold_everything_by_being_wide_fail(width: float) -> None:
    wide: Row = ("interval_width", "delivered", width, None)
    found = ruled((*without(wide[:2]), wide), "evaluation.uncertainty")
    assert found.verdict == "failed" and found.threshold == 250.0


def found(name: str, value: float, *columns: str) -> Evidence:
    return Evidence(id=name, name=name, value=value, bound=0.999, subject="split", text=name, columns=columns)


def leakage_of(leaks: float, *entries: Evidence) -> Verdict:
    count = Evidence(id="e1", name="leaks", value=leaks, subject="split", text="what was found")
    return leakage(Known(plan=plan_for(Route.TABULAR), evidence=(count, *entries)))


def test_the_ruling_on_leaks_names_the_columns_by_kind() -> None:
    ruled = leakage_of(2.0, found("leak.proxy", 1.0, "a, b", "c"), found("leak.groups", 0.0, "d"))
    assert ruled.verdict == "failed"
    assert ruled.columns == {"proxy": ("a, b", "c")}


def test_an_overridden_leak_passes_and_is_told() -> None:
    ruled = leakage_of(0.0, found("leak_overridden.proxy", 1.0, "c"))
    assert (ruled.verdict, ruled.columns) == ("passed", {})
    assert "overridden by the request" in ruled.reason
    both = leakage_of(1.0, found("leak_overridden.proxy", 1.0, "c"), found("leak.proxy_together", 1.0, "a", "b"))
    assert both.verdict == "failed" and both.columns == {"proxy_together": ("a", "b")}
    assert "overridden by the request" in both.reason and "what was found" in both.reason


@pytest.mark.parametrize(("low", "ruling"), [(0.06, "failed"), (0.01, "passed")])
def test_calibrated_probabilities_fail_only_where_chance_does_not_explain_the_error(low: float, ruling: str) -> None:
    error: Row = ("calibration_error", "delivered", 0.09, (low, 0.14))
    found = ruled((*GOOD, error), "evaluation.metric", constraints=({"metric": "calibration_error", "at_most": 0.05},))
    assert found.verdict == ruling
    assert ("recalibrate" in found.remedy) == (ruling == "failed")


@pytest.mark.parametrize(
    ("bound", "ruling"), [({"at_most": 5.0}, "passed"), ({"at_most": 1.0}, "failed"), ({}, "passed")]
)
def test_a_bound_on_the_latency_is_one_of_a_single_row(bound: dict[str, float], ruling: str) -> None:
    times: tuple[Row, ...] = (
        ("latency_ms", "delivered, batch 1", 2.0, (1.8, 2.2)), ("latency_ms", "delivered, batch 1024", 30.0, None),
    )  # fmt: skip
    wanted = ({"metric": "latency_ms", **bound},)
    assert ruled((*GOOD, *times), "evaluation.metric", constraints=wanted).verdict == ruling
    assert ruled(GOOD, "evaluation.metric", constraints=wanted).verdict == "unknown"


@pytest.mark.parametrize(
    ("bound", "ruling", "why"),
    [
        ({"metric": "accuracy", "at_least": 0.85}, "passed", "1 bounds of the request met"),
        ({"metric": "accuracy", "at_least": 0.95}, "failed", "asks for at least 0.95"),
        ({"metric": "log_loss", "at_most": 0.4}, "passed", "1 bounds of the request met"),
        ({"metric": "log_loss", "at_most": 0.2}, "failed", "asks for at most 0.2"),
    ],
)
def test_a_bound_of_the_request_is_held_from_its_own_side(bound: dict[str, object], ruling: str, why: str) -> None:
    rows: tuple[Row, ...] = (
        ("accuracy", "delivered", 0.9, (0.84, 0.95)), ("log_loss", "delivered", 0.3, (0.2, 0.4)),
    )  # fmt: skip
    found = ruled(rows, "evaluation.metric", metric="accuracy", task="binary", constraints=(bound,))
    assert (found.verdict, why in found.reason) == (ruling, True), found.reason
    assert "at least)" not in found.reason, "only of a calibration error is the lower end told"
    assert "bounds" not in ruled(rows, "evaluation.metric", metric="accuracy", task="binary").reason
