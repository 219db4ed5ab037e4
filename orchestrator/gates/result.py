"""The judge's ruling on a finished plan: every required check, from evidence and the table alone. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan
from orchestrator.core.request import Route
from orchestrator.gates import (
    common,
    deploy,
    ethics,
    evaluation,
    field,
    interpret,
    inverse,
    physics,
    reference,
    search,
    table,
)
from orchestrator.gates.known import Known, unknown
from orchestrator.gates.required import collects, exempt, kind_of, required

Gate = Callable[[Known], Verdict]

COMMON: dict[str, Gate] = {
    "training.schedule": common.schedule,
    "reproducibility.seeds": common.seeds,
    "reproducibility.hyperparameters": common.hyperparameters,
}
FIELD: dict[str, Gate] = {
    "data.scaling": field.scaling,
    "model.inductive_bias": field.inductive_bias,
    "model.baseline": field.baseline,
    "training.loss": field.loss,
    "evaluation.metric": field.metric,
    "evaluation.uncertainty": field.uncertainty,
    "physics.residual": physics.residual,
    "physics.initial": physics.initial,
    "physics.boundary": physics.boundary,
    "physics.maximum_principle": physics.maximum_principle,
    "physics.conservation": physics.conservation,
    "simulate.convergence": reference.convergence,
    "inverse.identified": inverse.identified,
    "deploy.equivalence": deploy.equivalence,
    "data.leakage": table.leakage,
}
REFERENCE: dict[str, Gate] = {
    "evaluation.metric": reference.metric,
    "evaluation.uncertainty": reference.uncertainty,
    "simulate.convergence": reference.convergence,
}
DATASET: dict[str, Gate] = {
    "evaluation.metric": reference.dataset_metric,
    "evaluation.uncertainty": reference.dataset_uncertainty,
    "simulate.convergence": reference.dataset_convergence,
    "reproducibility.seeds": reference.dataset_seeds,
}
TABLE: dict[str, Gate] = {
    "data.leakage": table.leakage,
    "data.scaling": table.scaling,
    "model.inductive_bias": table.inductive_bias,
    "model.baseline": table.baseline,
    "training.loss": table.loss,
    "evaluation.metric": table.metric,
    "evaluation.uncertainty": table.uncertainty,
    "ethics.groups": ethics.groups,
    "ethics.personal": ethics.personal,
    "interpret.faithful": interpret.faithful,
}
SEARCH: dict[str, Gate] = {
    "search.complete": search.complete,
    "search.nested": search.nested,
}
EVALUATION: dict[str, Gate] = {
    "data.leakage": evaluation.leakage,
    "evaluation.metric": evaluation.metric,
    "evaluation.uncertainty": evaluation.uncertainty,
    "reproducibility.seeds": evaluation.seeds,
}
SERVICE: dict[str, Gate] = {
    "deploy.equivalence": deploy.says_the_same,
    "deploy.health": deploy.health,
    "deploy.image": deploy.image,
    "reproducibility.seeds": deploy.repeats,
}
GATES: dict[Route, Mapping[str, Gate]] = {
    Route.TABULAR: {**COMMON, **TABLE},
    Route.DEEP: {**COMMON, **TABLE},
    Route.SWEEP: {**COMMON, **TABLE, **SEARCH},
    Route.PINN: {**COMMON, **FIELD},
    Route.SIMULATE: {**COMMON, **REFERENCE},
    Route.EVALUATE: {**COMMON, **TABLE, **EVALUATION},
    Route.DEPLOY: {**COMMON, **SERVICE},
}


def judge_results(plan: Plan, evidence: tuple[Evidence, ...]) -> tuple[Verdict, ...]:
    """One verdict per check of the route, in the table's order."""
    known = Known(plan=plan, evidence=evidence, tolerance=plan.tolerance or DEFAULT_TOLERANCE)
    return tuple(_rule(check, plan, known) for check in required(plan))


DEFAULT_TOLERANCE = 1e-4


def _rule(check: str, plan: Plan, known: Known) -> Verdict:
    reason = exempt(plan, check, known.evidence)
    if reason:
        return Verdict(id=check, verdict="not_applicable", reason=reason)
    gates = {**COMMON, **DATASET} if collects(plan) else GATES[kind_of(plan)]
    gate = gates.get(check)
    return gate(known) if gate else unknown(check, "no gate measures this check on this route")


def shortfalls(plan: Plan, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """The verdicts that keep the run from being validated: failed or unknown ones, and checks that are absent."""
    ruled = {verdict.id for verdict in verdicts}
    absent = tuple(unknown(c, "the check was not ruled on") for c in required(plan) if c not in ruled)
    short = tuple(verdict for verdict in verdicts if verdict.verdict in ("failed", "unknown"))
    troubled = any(verdict.id.startswith(("step.", "loop.")) for verdict in short)
    return short if troubled else short + absent


def may_replan(plan: Plan, short: tuple[Verdict, ...], outcomes: Mapping[str, Outcome]) -> bool:
    """Whether another plan may be tried on these findings: only where it could change one of them.

    A table's test rows are scored once: choosing a new plan because of their score would tune on
    them, so only a leak (which makes a new split) or a failed step leads to a new plan there.
    Data that contradict the model of an inverse problem are its answer.
    """
    if plan.route in (Route.EVALUATE, Route.DEPLOY) or any(outcome.user_error for outcome in outcomes.values()):
        return False
    if plan.route in (Route.TABULAR, Route.DEEP, Route.SWEEP):
        return any(verdict.id == "data.leakage" or verdict.id.startswith("step.") for verdict in short)
    if any(
        verdict.final and verdict.verdict == "failed" and verdict.id == "evaluation.uncertainty" for verdict in short
    ):
        return False
    return bool(mendable(short))


def mendable(short: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """The findings that another attempt could change."""
    return tuple(verdict for verdict in short if not verdict.final)
