"""What plans and evidence of the test runs have in common."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Alternative, Thought

SHA = "9f2c4e8b1d7a3605" * 4


def thoughts(model: str) -> tuple[Thought, ...]:
    return (
        Thought(
            stage="formulation",
            decision="A regression of a field, governed by a stated equation",
            why="the request names the equation, and the accuracy that counts is that of the field",
        ),
        Thought(
            stage="data",
            decision="Sobol points in the interior, on the ends and at the start",
            why="low discrepancy covers the box with few points",
        ),
        Thought(
            stage="model",
            decision=model,
            why="smooth solution, one space dimension",
            considered=(
                Alternative(choice="a neural operator", why_not="one equation, not a family"),
                Alternative(choice="a Hamiltonian network", why_not="heat flow dissipates"),
            ),
        ),
        Thought(
            stage="training",
            decision="Gauss–Newton in float64 until the tolerance or a plateau",
            why="second order pays for 500 parameters",
            anti_patterns=("Fixed Epochs → stop by tolerance", "Pure Data Loss → the residual is the loss"),
        ),
        Thought(
            stage="validation",
            decision="Relative L2 error against the exact solution on the judge's points",
            why="the trainer has never seen them",
        ),
    )


def evidence(number: int, name: str, value: float | None, subject: str = "delivered", **more: object) -> Evidence:
    plain = {"file": "measured/grid/scores.json", "sha256": SHA, **more}
    return Evidence.model_validate({"id": f"e{number}", "name": name, "value": value, "subject": subject, **plain})


def passed(check: str, value: float, threshold: float, reason: str, *evidence: str) -> Verdict:
    return Verdict(id=check, verdict="passed", value=value, threshold=threshold, evidence=evidence, reason=reason)
