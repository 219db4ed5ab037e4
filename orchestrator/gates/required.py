"""Which checks each route requires, and the only reasons for which one may not apply."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.expression import evaluate
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
    "the maximum principle bounds a solution only where there is no source, no growth and no flux through the ends"
)
_SAMPLES = 17  # points a side at which "no growth" is looked at; a heuristic between them


def exempt(plan: Plan, check: str) -> str:
    """The table's reason why a check does not apply to this plan's own problem; empty where it applies."""
    if check == "physics.maximum_principle" and plan.problem is not None and not _bounded(plan.problem):
        return NO_MAXIMUM_PRINCIPLE
    return ""


def _bounded(problem: dict[str, JsonValue]) -> bool:
    """Whether u stays within the range of its initial and boundary data: no source, no reaction, quiet ends."""
    x, t = _span(problem["x"]), _span(problem["t"])
    grid = [(a, b) for a in x for b in t]
    if any(evaluate(str(problem.get("source", "0")), x=point[0], t=point[1]) != 0.0 for point in grid):
        return False
    if any(evaluate(str(problem.get("reaction", "0")), x=point[0], t=point[1]) != 0.0 for point in grid):
        return False
    return all(_quiet_end(problem.get(side), t) for side in ("left", "right"))


def _quiet_end(end: JsonValue, times: list[float]) -> bool:
    if not isinstance(end, dict):
        return True
    kind = end.get("kind", "dirichlet")
    if kind in ("dirichlet", "periodic"):
        return True
    value = str(end.get("value", "0"))
    return kind == "neumann" and all(evaluate(value, t=time) == 0.0 for time in times)


def _span(bounds: JsonValue) -> list[float]:
    low, high = (float(str(edge)) for edge in bounds) if isinstance(bounds, list) and len(bounds) == 2 else (0.0, 1.0)
    return [low + (high - low) * index / (_SAMPLES - 1) for index in range(_SAMPLES)]
