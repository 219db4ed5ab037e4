"""A service is held to its model, to its manners, and to what its image holds."""

from __future__ import annotations

import pytest

from orchestrator.core.evaluated import Evaluated, ModelFile
from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Route
from orchestrator.gates.result import judge_results, may_replan

PLAN = Plan(
    route=Route.DEPLOY,
    planner="rules",
    thoughts=(),
    steps=(Step(id="deploy", worker="deploy", kind="skill"),),
    evaluated=Evaluated(subject=ModelFile(name="m.pt2", kind="torch", path="/m", sha256="0", bytes=1)),
)
GOOD: dict[str, float | None] = {
    "hyperparameters.differences": 0.0, "served_difference": 2e-9, "served_alone": 0.0, "service_pages": 0.0,
    "service_failures": 0.0, "service_refusals": 0.0, "engine_health": 1.0, "image_mb": 500.0, "image_root": 0.0,
    "image_secrets": 0.0, "image_data": 0.0,
}  # fmt: skip


def verdicts(**changed: float | None) -> dict[str, str]:
    values = {**GOOD, **changed}
    evidence = tuple(
        Evidence(id=f"e{n}", name=name, value=value, text=f"told of {name}")
        for n, (name, value) in enumerate(values.items())
    )
    return {verdict.id: verdict.verdict for verdict in judge_results(PLAN, evidence)}


def test_a_sound_service_passes_what_applies_and_the_table_exempts_the_rest() -> None:
    found = verdicts()
    own = {
        "deploy.equivalence",
        "deploy.health",
        "deploy.image",
        "reproducibility.seeds",
        "reproducibility.hyperparameters",
    }
    assert {check for check, verdict in found.items() if verdict == "passed"} == own
    assert {verdict for check, verdict in found.items() if check not in own} == {"not_applicable"}


@pytest.mark.parametrize(
    ("check", "name", "value"),
    [("deploy.equivalence", "served_difference", 2e-6), ("reproducibility.seeds", "served_alone", 1e-3),
     ("deploy.health", "service_pages", 1.0), ("deploy.health", "service_failures", 3.0),
     ("deploy.health", "service_refusals", 1.0), ("deploy.health", "engine_health", 0.0),
     ("deploy.image", "image_root", 1.0), ("deploy.image", "image_secrets", 1.0), ("deploy.image", "image_data", 1.0)],
)  # fmt: skip
def test_each_fault_fails_its_own_check_alone(check: str, name: str, value: float) -> None:
    found = verdicts(**{name: value})
    assert [failed for failed, verdict in found.items() if verdict == "failed"] == [check]


@pytest.mark.parametrize(
    ("check", "name"),
    [("deploy.equivalence", "served_difference"), ("deploy.health", "service_failures"),
     ("deploy.image", "image_mb"), ("deploy.image", "image_secrets")],
)  # fmt: skip
def test_what_was_not_measured_is_unknown(check: str, name: str) -> None:
    found = verdicts(**{name: None})
    assert [unknown for unknown, verdict in found.items() if verdict == "unknown"] == [check]


def test_no_other_plan_is_tried_for_a_service() -> None:
    evidence = (Evidence(id="e1", name="served_difference", value=1.0),)
    assert not may_replan(PLAN, judge_results(PLAN, evidence), {})
