"""Which checks each route requires, and the only reasons for which one may not apply."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.errors import IllPosed
from orchestrator.core.expression import evaluate, names
from orchestrator.core.plan import Plan
from orchestrator.core.request import Route

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

REQUIRED: dict[Route, tuple[str, ...]] = {
    Route.TABULAR: CHECKS,
    Route.PINN: (
        *CHECKS,
        "physics.residual",
        "physics.initial",
        "physics.boundary",
        "physics.maximum_principle",
        "simulate.convergence",
    ),
    Route.SIMULATE: (*CHECKS, "simulate.convergence"),
}

NOT_APPLICABLE: dict[tuple[Route, str], str] = {
    (Route.PINN, "data.leakage"): (
        "no measured data enters the training: the loss samples the equation, and the judge draws its test points "
        "after the training has ended"
    ),
    (Route.SIMULATE, "data.leakage"): "a solver learns from no data",
    (Route.SIMULATE, "data.scaling"): "a solver works in the problem's own units; nothing is fitted to features",
    (Route.SIMULATE, "model.inductive_bias"): "the solver discretises the stated equation itself; no model is chosen",
    (Route.SIMULATE, "model.baseline"): "the coarser grids of the convergence study are the comparison",
    (Route.SIMULATE, "training.loss"): "nothing is trained",
    (Route.SIMULATE, "training.schedule"): "nothing is trained; the grids are refined until the error estimate is met",
}

NO_MAXIMUM_PRINCIPLE = (
    "the maximum principle bounds a solution only where there is no source, no growth, no given flux through an end "
    "and no end that feeds the field"
)
# Where the coefficients and the ends are looked at: the points of the boxes' own rule (skills/runtime/fields.py).
_INSIDE, _ALONG = 101, 1001


def exempt(plan: Plan, check: str) -> str:
    """The table's reason why a check does not apply to this plan's own problem; empty where it applies."""
    if check == "physics.maximum_principle" and plan.problem is not None and not _bounded(plan.problem):
        return NO_MAXIMUM_PRINCIPLE
    return ""


def _bounded(problem: dict[str, JsonValue]) -> bool:
    """Whether u stays within bounds that its data give: no source, no growth, no end that drives or feeds it.

    The rule of the boxes' `fields.bounds`: decay pulls u towards zero, and a robin end that gives off pulls it
    towards its surroundings; both keep u within bounds.
    """
    try:
        if any(value != 0.0 for value in _inside(problem, "source")):
            return False
        if any(value > 0.0 for value in _inside(problem, "reaction")):
            return False
        ends = (("left", -1.0), ("right", 1.0))
        return all(_quiet_end(problem.get(side), outward, problem) for side, outward in ends)
    except IllPosed:  # data that have no value somewhere: the check stays required, and the scorer tells why
        return True


def _inside(problem: dict[str, JsonValue], name: str) -> list[float]:
    """The values of a coefficient on the box; along an axis that it does not use it is taken once."""
    text = str(problem.get(name, "0"))
    used = names(text)
    x, t = (_span(problem["x"], _INSIDE if "x" in used else 1), _span(problem["t"], _INSIDE if "t" in used else 1))
    return [evaluate(text, x=a, t=b) for a in x for b in t]


def _quiet_end(end: JsonValue, outward: float, problem: dict[str, JsonValue]) -> bool:
    """Whether the end holds u to given values, lets nothing through, or exchanges with its surroundings."""
    if not isinstance(end, dict) or end.get("kind", "dirichlet") in ("dirichlet", "periodic"):
        return True
    value = str(end.get("value", "0"))
    coefficient = str(end.get("coefficient", "0")) if end.get("kind") == "robin" else "0"
    times = _span(problem["t"], _ALONG if names(value) | names(coefficient) else 1)
    for time in times:
        exchange = outward * evaluate(coefficient, t=time)
        if exchange < 0.0 or (exchange == 0.0 and evaluate(value, t=time) != 0.0):
            return False
    return True


def _span(bounds: JsonValue, count: int) -> list[float]:
    low, high = (float(str(edge)) for edge in bounds) if isinstance(bounds, list) and len(bounds) == 2 else (0.0, 1.0)
    return [low + (high - low) * index / max(1, count - 1) for index in range(count)]
