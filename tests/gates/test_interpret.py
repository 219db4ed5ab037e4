"""The gate of explanations: what was not measured is unknown, and each of its bounds binds."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.importance import stands_out
from orchestrator.core.plan import DataStrategy, Plan, SplitPlan, Step
from orchestrator.core.request import Route
from orchestrator.gates.interpret import faithful
from orchestrator.gates.known import Known
from orchestrator.gates.required import FAITHFUL, required

NOISE = "noise (control)"
GOOD: dict[tuple[str, str], dict[str, Any]] = {
    ("explanation_repeat", "interpret"): {"value": 0.0, "bound": 0.0},
    ("additivity", "shap"): {"value": 1e-9, "bound": 1e-6},
    ("attribution_difference", "shap"): {"value": 0.4, "bound": 1.0},
    ("permutation_importance", NOISE): {"value": 0.0, "interval": (-0.01, 0.01)},
}


def plan() -> Plan:
    data = DataStrategy(
        file="x.csv", sha256="", target="y", task="regression", features=("a",), split=SplitPlan(kind="random"),
        metric="rmse",
    )  # fmt: skip
    steps = (
        Step(id="train", worker="tabular", kind="skill"),
        Step(id="interpret", worker="interpret", kind="skill", needs=("train",),
             spec={"methods": ["permutation", "shap"]}),
    )  # fmt: skip
    return Plan(route=Route.TABULAR, planner="rules", thoughts=(), steps=steps, data=data)


def ruled(changed: dict[tuple[str, str], dict[str, Any]] | None = None, absent: str = "") -> Verdict:
    told = {**GOOD, **(changed or {})}
    evidence = tuple(
        Evidence(id=f"e{place}", name=name, subject=subject, n=40, text="told", **parts)
        for place, ((name, subject), parts) in enumerate(told.items())
        if name != absent
    )
    return faithful(Known(plan=plan(), evidence=evidence))


def test_an_explanation_that_holds_passes_and_is_required_of_a_plan_that_explains() -> None:
    assert (ruled().verdict, ruled().remedy) == ("passed", "")
    assert ruled({("additivity", "shap"): {"value": 0.1, "bound": 1e-6}}).remedy
    assert FAITHFUL in required(plan())
    alone = plan()
    assert FAITHFUL not in required(alone.model_copy(update={"steps": alone.steps[:1]}))


@pytest.mark.parametrize(
    ("name", "subject", "value"),
    [("explanation_repeat", "interpret", 1e-12), ("additivity", "shap", 1e-3), ("attribution_difference", "shap", 1.2)],
)
def test_each_bound_binds(name: str, subject: str, value: float) -> None:
    verdict = ruled({(name, subject): {**GOOD[name, subject], "value": value}})
    assert verdict.verdict == "failed" and verdict.value == value and verdict.remedy


@pytest.mark.parametrize("name", sorted({name for name, _ in GOOD}))
def test_what_was_not_measured_is_unknown(name: str) -> None:
    assert ruled(absent=name).verdict == "unknown"


def test_noise_without_an_interval_tells_nothing() -> None:
    assert ruled({("permutation_importance", NOISE): {"value": 0.0}}).verdict == "unknown"


@pytest.mark.parametrize(
    ("interval", "told"), [((0.02, 0.3), True), ((0.005, 0.3), False), ((-0.1, 0.3), False), (None, False)]
)
def test_a_column_stands_out_where_its_whole_interval_is_above_the_noise_s(
    interval: tuple[float, float] | None, told: bool
) -> None:
    column = Evidence(id="e1", name="permutation_importance", subject="a", value=0.2, interval=interval, n=40)
    noise = Evidence(id="e2", name="permutation_importance", subject=NOISE, value=0.0, interval=(-0.01, 0.01), n=40)
    assert stands_out(column, noise) is told
