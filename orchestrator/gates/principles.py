"""The four principles as numbers in [0, 1], computed from what was ruled; None where nothing was measured."""

from __future__ import annotations

from orchestrator.core.answer import AnswerClaim
from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan
from orchestrator.gates.ethics import hidden_columns

OF_RATES = ("gap.demographic_parity_difference", "gap.equalized_odds_difference")
REPRODUCIBILITY = ("reproducibility.seeds", "reproducibility.hyperparameters")


def principles(
    plan: Plan | None,
    claims: tuple[AnswerClaim, ...],
    verdicts: tuple[Verdict, ...],
    outcomes: tuple[Outcome, ...],
    evidence: tuple[Evidence, ...] = (),
) -> dict[str, float | None]:
    """rigor: claims on held-out data beside a baseline ÷ claims. reproducibility: its checks passed ÷ ruled.

    efficiency: processor seconds used ÷ seconds held (threads x wall) over all steps.
    ethics: how columns that tell of people fare, on average over them (see `fairness`).
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
        "ethics": fairness(plan, verdicts, evidence),
    }


def fairness(plan: Plan | None, verdicts: tuple[Verdict, ...], evidence: tuple[Evidence, ...]) -> float | None:
    """The mean over sensitive and personal columns; None where there is none, or no check of ethics was ruled on.

    A column counts 0 where a check faults it: its gaps were not measured or exceed a bound of the request, or values of
    it were found in the run's files. Else a sensitive column counts 1 less the lower end of its largest gap in rates
    (of a regression, the upper end of its ratio of the metric), and one of personal data counts 1.
    """
    columns = tuple(dict.fromkeys((*plan.data.sensitive, *hidden_columns(plan.data)))) if plan and plan.data else ()
    ruled = [verdict for verdict in verdicts if verdict.id.startswith("ethics.")]
    if not columns or not ruled:
        return None
    faulted = {name for verdict in ruled for names in verdict.columns.values() for name in names}
    shares = [0.0 if name in faulted else 1.0 - _certain(name, evidence) for name in columns]
    return sum(shares) / len(shares)


def _certain(column: str, evidence: tuple[Evidence, ...]) -> float:
    """The part of a column's gaps that chance does not explain, in [0, 1]."""
    gaps = [entry for entry in evidence if entry.subject == column and entry.interval is not None]
    rates = [entry for entry in gaps if entry.name in OF_RATES]
    if rates:
        return max(max(0.0, entry.interval[0]) for entry in rates if entry.interval)
    ratios = [
        entry.interval[1]
        for entry in gaps
        if entry.name.startswith("gap.") and entry.name.endswith("_ratio") and entry.interval
    ]
    return max(0.0, 1.0 - min(ratios, default=1.0))
