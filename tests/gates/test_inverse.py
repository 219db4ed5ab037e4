"""Unknown coefficients: found, near the classical fit and the field itself, and held-out observations fit."""

from __future__ import annotations

import pytest
from evidence import FIELD, PROBLEM, Row, evidence_of, plan_for

from orchestrator.core.plan import Observations, Plan
from orchestrator.core.request import Route
from orchestrator.gates.required import REQUIRED
from orchestrator.gates.result import judge_results, shortfalls

ROWS: tuple[Row, ...] = (
    *(row for row in FIELD if row[1] != "classical"),
    ("identified.alpha", "delivered", 0.02, None),
    ("agreement.alpha", "delivered", 0.4, None),
    ("implied.alpha", "delivered", 0.7, None),
    ("observations_chi2", "delivered", 1.04, (0.8, 1.3)),
    ("leaks", "split", 0.0, None),
)


def plan() -> Plan:
    unknown = {"alpha": {"low": 0.1, "high": 1.0, "guess": 0.5}}
    told = Observations(file="d.csv", sha256="0", columns={"x": "x", "t": "t", "u": "u"})
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
