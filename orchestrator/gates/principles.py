"""The four principles as numbers in [0, 1], computed from what was ruled; None where nothing was measured."""

from __future__ import annotations

from orchestrator.core.answer import AnswerClaim
from orchestrator.core.evidence import Verdict
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan

REPRODUCIBILITY = ("reproducibility.seeds", "reproducibility.hyperparameters")


def principles(
    plan: Plan | None, claims: tuple[AnswerClaim, ...], verdicts: tuple[Verdict, ...], outcomes: tuple[Outcome, ...]
) -> dict[str, float | None]:
    """rigor: claims on held-out data beside a baseline ÷ claims. reproducibility: its checks passed ÷ ruled.

    efficiency: processor seconds used ÷ seconds held (threads x wall) over all steps.
    ethics: sensitive columns that no check of ethics faults ÷ all of them; None where the data tells nothing of people.
    """
    ruled = {verdict.id: verdict.verdict for verdict in verdicts}
    with_baseline = ruled.get("model.baseline") in ("passed", "not_applicable")
    backed = [claim for claim in claims if claim.evidence]
    own = [ruled[check] for check in REPRODUCIBILITY if check in ruled and ruled[check] != "not_applicable"]
    threads = {step.id: step.resources.cpus for step in plan.steps} if plan else {}
    held = sum(outcome.usage.wall_s * threads.get(outcome.step, 1) for outcome in outcomes)
    used = sum(outcome.usage.cpu_s for outcome in outcomes)
    return {
        "rigor": len(backed) * with_baseline / len(claims) if claims else None,
        "reproducibility": own.count("passed") / len(own) if own else None,
        "efficiency": min(1.0, used / held) if held > 0 and used > 0 else None,
        "ethics": _ethics(plan, verdicts),
    }


def _ethics(plan: Plan | None, verdicts: tuple[Verdict, ...]) -> float | None:
    """None as well where the checks of a plan with sensitive columns were never ruled on."""
    people = set(plan.data.sensitive) if plan and plan.data else set()
    ruled = [verdict for verdict in verdicts if verdict.id.startswith("ethics.")]
    if not people or not ruled:
        return None
    faulted = {name for verdict in ruled for columns in verdict.columns.values() for name in columns}
    return len(people - faulted) / len(people)
