"""Which checks each plan requires, and the only reasons for which one may not apply."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from pydantic import JsonValue

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan
from orchestrator.core.request import Route
from orchestrator.gates.laws import set_aside

CHECKS: tuple[str, ...] = (
    "data.leakage",
    "data.scaling",
    "model.inductive_bias",
    "model.baseline",
    "training.loss",
    "training.schedule",
    "evaluation.metric",
    "evaluation.uncertainty",
    "reproducibility.seeds",
    "reproducibility.hyperparameters",
)
PHYSICS: tuple[str, ...] = (
    "physics.residual",
    "physics.initial",
    "physics.boundary",
    "physics.maximum_principle",
    "physics.conservation",
)
CONVERGENCE, IDENTIFIED, EQUIVALENCE = "simulate.convergence", "inverse.identified", "deploy.equivalence"
HEALTH, IMAGE = "deploy.health", "deploy.image"
GROUPS, PERSONAL = "ethics.groups", "ethics.personal"
FAITHFUL = "interpret.faithful"
SEARCHED: tuple[str, ...] = ("search.complete", "search.nested")

REQUIRED: dict[Route, tuple[str, ...]] = {
    Route.TABULAR: CHECKS,
    Route.DEEP: CHECKS,
    Route.SWEEP: (*CHECKS, *SEARCHED),
    Route.PINN: (*CHECKS, *PHYSICS, CONVERGENCE),
    Route.SIMULATE: (*CHECKS, CONVERGENCE),
    Route.EVALUATE: CHECKS,
    Route.DEPLOY: (*CHECKS, EQUIVALENCE, HEALTH, IMAGE),
}
UNSEEN = "nothing is trained here; how the model was trained was not seen"
UNSCORED = "nothing is trained or scored here: a service is held to saying what its model says, whatever that is worth"

NOT_APPLICABLE: dict[tuple[Route, str], str] = {
    (Route.SIMULATE, "data.leakage"): "a solver learns from no data",
    (Route.SIMULATE, "data.scaling"): "a solver works in the problem's own units; nothing is fitted to features",
    (Route.SIMULATE, "model.inductive_bias"): "the solver discretises the stated equation itself; no model is chosen",
    (Route.SIMULATE, "model.baseline"): "the coarser grids of the convergence study are the comparison",
    (Route.SIMULATE, "training.loss"): "nothing is trained",
    (Route.SIMULATE, "training.schedule"): "nothing is trained; the grids are refined until the error estimate is met",
    (Route.EVALUATE, "data.scaling"): UNSEEN,
    (Route.EVALUATE, "model.inductive_bias"): UNSEEN,
    (Route.EVALUATE, "training.loss"): UNSEEN,
    (Route.EVALUATE, "training.schedule"): UNSEEN,
    (Route.EVALUATE, "reproducibility.hyperparameters"): UNSEEN,
    **{(Route.DEPLOY, check): UNSCORED for check in CHECKS if not check.startswith("reproducibility.")},
}

NO_DATA = (
    "no measured data enters the training: the loss samples the equation, and the judge draws its test points "
    "after the training has ended"
)
NO_START = "the problem has no time, or no condition at its first time"
NO_BOUNDARY = "the problem has no conditions on its boundary and no ends that meet"
NO_MAXIMUM_PRINCIPLE = (
    "the strict maximum principle bounds the solution of one linear parabolic equation in a place and time without "
    "source, growth, a given flux through an end, or an end that feeds the field; other bounds are among the laws"
)
NO_LAW = "no conservation law, balance, bound or symmetry that a field could break follows from the problem's symbols"
LAWS_DERIVED = "laws.derived"  # evidence: how many laws the judge derived from the problem and can test


def kind_of(plan: Plan) -> Route:
    """The route whose checks count: a network in JAX is held to those of any physics-informed network."""
    modes = {step.spec.get("mode") for step in plan.steps}
    return Route.PINN if plan.route is Route.JAX and plan.problem is not None and "pinn" in modes else plan.route


def required(plan: Plan) -> tuple[str, ...]:
    """The checks of a plan: with unknown coefficients also whether they were found, of a model made quick whether it
    says the same, with sensitive columns how their groups fare, and with personal data whether it was kept out.
    """
    checks = REQUIRED.get(kind_of(plan), ())
    if any(step.skill_name == "interpret" for step in plan.steps):
        checks = (*checks, FAITHFUL)
    if plan.data is not None and plan.route is not Route.DEPLOY:
        hidden = set(plan.data.personal) - set(plan.data.kept)
        checks = (*checks, *((GROUPS,) if plan.data.sensitive else ()), *((PERSONAL,) if hidden else ()))
    if kind_of(plan) is not Route.PINN:
        return checks
    quick = any(step.spec.get("mode") == "inference" for step in plan.steps)
    return (*checks, *((IDENTIFIED,) if inverse(plan) else ()), *((EQUIVALENCE,) if quick else ()))


def inverse(plan: Plan) -> bool:
    """Whether the plan looks for unknown coefficients."""
    return bool((plan.problem or {}).get("unknown"))


def collects(plan: Plan) -> bool:
    """Whether the plan makes a data set of solutions rather than one."""
    return plan.route is Route.SIMULATE and any(step.spec.get("mode") == "collect" for step in plan.steps)


def exempt(plan: Plan, check: str, evidence: tuple[Evidence, ...] = ()) -> str:
    """The table's reason why a check does not apply to this plan's own problem; empty where it applies."""
    route = kind_of(plan)
    if told := NOT_APPLICABLE.get((route, check)):
        return told
    if route is not Route.PINN or plan.problem is None:
        return ""
    if check == "data.leakage" and plan.observations is None:
        return NO_DATA
    if check == "physics.initial" and not _starts(plan.problem):
        return NO_START
    if check == "physics.boundary" and not _ends(plan.problem):
        return NO_BOUNDARY
    if check == "physics.conservation" and (why := _lawless(evidence)):
        return why
    if check == "physics.maximum_principle" and not _bounded(plan.problem):
        return NO_MAXIMUM_PRINCIPLE
    return ""


def _lawless(evidence: tuple[Evidence, ...]) -> str:
    """Why no law can be tested: the judge derived none, or the reference misses each as much as the network."""
    derived = [entry.value for entry in evidence if entry.name == LAWS_DERIVED and entry.subject == "delivered"]
    count = derived[-1] if derived else None
    if count == 0.0:
        return NO_LAW
    aside = set_aside(evidence)
    return "; ".join(aside.values()) if count is not None and 0 < count <= len(aside) else ""


def _starts(problem: Mapping[str, JsonValue]) -> bool:
    return any(_at_start(problem, at) for at in _places(problem))


def _ends(problem: Mapping[str, JsonValue]) -> bool:
    return bool(problem.get("periodic")) or any(not _at_start(problem, at) for at in _places(problem))


def _places(problem: Mapping[str, JsonValue]) -> list[dict[str, JsonValue]]:
    conditions = problem.get("conditions")
    found = [one.get("at") for one in conditions if isinstance(one, dict)] if isinstance(conditions, list) else []
    return [at for at in found if isinstance(at, dict)]


def _at_start(problem: Mapping[str, JsonValue], at: dict[str, JsonValue]) -> bool:
    axes = problem.get("coordinates")
    told = [axis for axis in axes if isinstance(axis, dict)] if isinstance(axes, list) else []
    return "t" in at and any(axis.get("name") == "t" and axis.get("low") == at["t"] for axis in told)


def _bounded(problem: Mapping[str, JsonValue]) -> bool:
    """SymPy is loaded here, at the first question, and not when the command line starts."""
    return bool(importlib.import_module("orchestrator.gates.bounded").bounded(problem))
