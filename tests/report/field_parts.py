"""The plan, the evidence and the verdicts of a physics-informed run."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Estimate, Plan, Step
from orchestrator.core.request import Route

from .common import evidence, passed, thoughts


def field_plan() -> Plan:
    problem = {"name": "heat", "diffusion": "0.4", "units": {"x": "m", "t": "s", "u": "K"}}
    return Plan(
        route=Route.PINN,
        planner="rules",
        thoughts=thoughts("A tanh network of 2 × 20"),
        steps=(
            Step(id="train", worker="pinn", kind="skill"),
            Step(id="reference", worker="simulation-expert", kind="agent", skill="simulate"),
            Step(id="constraints", worker="statistical-physicist", kind="agent", skill="physics"),
            Step(
                id="physics",
                worker="statistical-physicist",
                kind="agent",
                skill="physics",
                needs=("train", "constraints"),
            ),
        ),
        estimate=Estimate(wall_s=25.0, cpu_s=40.0),
        problem=problem,
        tolerance=1e-4,
    )


def field_evidence() -> tuple[Evidence, ...]:
    return (
        evidence(1, "relative_l2", 3.1e-5, interval=(2.8e-5, 3.4e-5), n=4096, text="on points the judge drew"),
        evidence(2, "relative_l2", 0.41, "data_only", interval=(0.39, 0.43), n=4096),
        evidence(3, "residual", 2.4e-4, n=2501, text="on the judge's grid"),
        evidence(4, "residual", 1.7, "data_only", n=2501),
        evidence(5, "training.stopped", 1.0, "", n=57, text="Gauss–Newton; stopped by tolerance at 57 of 200"),
        evidence(6, "prediction_repeat", 0.0, n=2),
        evidence(7, "maximum_principle", None, text="the source is not zero"),
    )


def field_checks() -> tuple[Verdict, ...]:
    return (
        Verdict(id="data.leakage", verdict="not_applicable", reason="no measured data enters the training"),
        passed("model.baseline", 3.4e-5, 0.39, "error 3.1e-05 against 0.41 without the physics loss", "e1", "e2"),
        passed("training.loss", 2.4e-4, 1.7, "the residual is lower than without the physics loss", "e3", "e4"),
        passed("training.schedule", 1.0, 1.0, "stopped by tolerance at 57 of 200", "e5"),
        passed(
            "evaluation.metric", 3.4e-5, 1e-4, "relative L2 error (upper end of its interval): 3.4e-05 ≤ 0.0001", "e1"
        ),
        passed("reproducibility.seeds", 0.0, 0.0, "two fresh boxes predict the same bits", "e6"),
        passed("reproducibility.hyperparameters", 0.0, 0.0, "all 14 equal to the plan"),
    )
