"""Unknown coefficients: found, near the classical fit and the field itself, and held-out observations fit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evidence import FIELD, PROBLEM, Row, evidence_of, plan_for

from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Observations, Plan
from orchestrator.core.request import Route
from orchestrator.gates.inverse import ratio_limits
from orchestrator.gates.required import REQUIRED
from orchestrator.gates.result import judge_results, may_replan, shortfalls

ROWS: tuple[Row, ...] = (
    *(row for row in FIELD if row[1] != "classical"),
    ("identified.alpha", "delivered", 0.02, None),
    ("agreement.alpha", "delivered", 0.4, None),
    ("implied.alpha", "delivered", 0.7, None),
    ("observations_chi2", "delivered", 1.04, (0.8, 1.3)),
    ("leaks", "split", 0.0, None),
)


def plan(noise: float | None = 0.01) -> Plan:
    unknown = {"alpha": {"low": 0.1, "high": 1.0, "guess": 0.5}}
    told = Observations(file="d.csv", sha256="0", columns={"x": "x", "t": "t", "u": "u"}, noise=noise)
    return plan_for(
        Route.PINN, problem={**PROBLEM, "parameters": {}, "unknown": unknown}, observations=told
    )  # fmt: skip


def rulings(rows: tuple[Row, ...]) -> dict[str, str]:
    return {verdict.id: verdict.verdict for verdict in judge_results(plan(), evidence_of(rows))}


def test_coefficients_that_were_found_pass_and_add_their_check() -> None:
    verdicts = judge_results(plan(), evidence_of(ROWS))
    assert shortfalls(plan(), verdicts) == ()
    assert [verdict.id for verdict in verdicts] == [*REQUIRED[Route.PINN], "inverse.identified"]


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("identified.alpha", 1.2, "inverse.identified"),
        ("agreement.alpha", 4.0, "inverse.identified"),
        ("implied.alpha", 4.0, "inverse.identified"),
        ("observations_chi2", 3.0, "evaluation.uncertainty"),
        ("observations_chi2", 0.2, "evaluation.uncertainty"),
        ("leaks", 2.0, "data.leakage"),
    ],
)
def test_each_bad_measurement_fails_its_check_and_an_absent_one_is_unknown(name: str, value: float, check: str) -> None:
    bad = tuple((n, s, value, None) if n == name else (n, s, v, i) for n, s, v, i in ROWS)
    (ruled,) = (verdict for verdict in judge_results(plan(), evidence_of(bad)) if verdict.id == check)
    assert ruled.verdict == "failed" and ruled.reason and ruled.remedy and ruled.evidence
    assert rulings(tuple(row for row in ROWS if row[0] != name))[check] == "unknown"


def test_a_classical_solver_of_the_fit_itself_is_told_and_cannot_win() -> None:
    better: Row = ("relative_l2", "classical", 1e-9, (1e-9, 1e-9))
    missed = tuple(
        (n, s, 5e-4, None) if (n, s) == ("relative_l2", "delivered") else (n, s, v, i) for n, s, v, i in ROWS
    )
    assert rulings(missed)["model.baseline"] == "passed"
    (ruled,) = (v for v in judge_results(plan(), evidence_of((*missed, better))) if v.id == "model.baseline")
    assert ruled.verdict == "passed" and "1e-09" in ruled.reason and "the yardstick" in ruled.reason
    lost = tuple(entry.model_copy(update={"value": None, "interval": None}) if entry.subject == "classical" else entry
                 for entry in evidence_of((*missed, better)))  # fmt: skip
    assert {v.id: v.verdict for v in judge_results(plan(), lost)}["model.baseline"] == "unknown"


UNSTATED: Row = ("observation_noise", "observations", 0.01, (0.009, 0.011))  # with 90 degrees of freedom


def fit(chi2: float, *more: Row) -> Verdict:
    rows = tuple((n, s, chi2, i) if n == "observations_chi2" else (n, s, v, i) for n, s, v, i in ROWS)
    ruled = judge_results(plan(None), evidence_of((*rows, *more)))
    return next(verdict for verdict in ruled if verdict.id == "evaluation.uncertainty")


def test_without_a_stated_noise_or_an_estimate_of_it_nothing_is_said_of_held_out_observations() -> None:
    for ruled in (fit(1.0), fit(50.0)):
        assert ruled.verdict == "unknown" and "not measured: the noise is not stated" in ruled.reason
        assert "say how large the noise is" in ruled.remedy


def test_noise_that_the_judge_estimated_widens_the_limits_and_is_told() -> None:
    stated = next(v for v in judge_results(plan(), evidence_of(ROWS)) if v.id == "evaluation.uncertainty")
    ruled, far = fit(1.04, UNSTATED), fit(3.0, UNSTATED)
    assert (ruled.verdict, far.verdict) == ("passed", "failed")
    assert (
        "the noise is not stated and is estimated" in ruled.reason and len(ruled.evidence) == len(stated.evidence) + 1
    )
    assert ratio_limits(90, 90, 3)[1] == far.threshold > ratio_limits(90, math.inf, 3)[1]


def test_a_field_nearer_to_held_out_values_than_the_estimated_noise_shows_that_the_estimate_is_too_large() -> None:
    ruled = fit(0.2, UNSTATED)
    assert ruled.verdict == "unknown" and "smaller" in ruled.reason


@pytest.mark.parametrize(("above", "below"), [(40, math.inf), (40, 100), (40, 12)])
def test_limits_of_a_ratio_hold_as_many_draws_as_they_say(above: float, below: float) -> None:
    generator = np.random.default_rng(0)
    known = 1.0 if math.isinf(below) else generator.chisquare(below, 200_000) / below
    ratios = generator.chisquare(above, 200_000) / above / known
    low, high = ratio_limits(above, below, 2.0)
    assert np.mean(ratios < low) == pytest.approx(0.0228, abs=0.003)
    assert np.mean(ratios > high) == pytest.approx(0.0228, abs=0.003)


def test_data_that_contradict_the_model_are_an_answer_and_cause_no_replan() -> None:
    missed = tuple((n, s, 8.0, i) if n == "observations_chi2" else (n, s, v, i) for n, s, v, i in ROWS)
    poor = tuple((n, s, 0.5, (0.49, 0.51)) if n == "relative_l2" else (n, s, v, i) for n, s, v, i in missed)
    fits: Row = ("observations_chi2", "reference", 1.1, None)
    for rows, fit, again in ((missed, fits, True), (missed, (*fits[:2], 7.5, None), False),
                             (poor, (*fits[:2], 7.5, None), False)):  # fmt: skip
        short = shortfalls(plan(), judge_results(plan(), evidence_of((*rows, fit))))
        ruled = next(verdict for verdict in short if verdict.id == "evaluation.uncertainty")
        assert ("the data contradict the model" in ruled.reason) != again
        assert may_replan(plan(), short, {}) == again


def test_an_interval_as_wide_as_the_classical_fits_causes_no_replan() -> None:
    wide = tuple((n, s, 0.9, i) if n == "identified.alpha" else (n, s, v, i) for n, s, v, i in ROWS)
    for interval, again in (((0.1, 0.95), False), ((0.4, 0.5), True)):
        rows = (*wide, ("posterior.alpha", "reference", 0.45, interval))
        (ruled,) = shortfalls(plan(), judge_results(plan(), evidence_of(rows)))
        assert ruled.id == "inverse.identified" and may_replan(plan(), (ruled,), {}) == again
