"""Which skills a route needs, and what to offer while one of them is not there yet."""

from __future__ import annotations

from collections.abc import Collection

from orchestrator.core.errors import NotAvailable
from orchestrator.core.request import Route, Routing

NEEDS: dict[Route, tuple[str, ...]] = {
    Route.TABULAR: ("tabular",),
    Route.DEEP: ("deep",),
    Route.PINN: ("pinn", "simulate", "physics"),
    Route.OPERATOR: ("operator",),
    Route.SWEEP: ("deep",),
    Route.EVALUATE: ("evaluate",),
    Route.DEPLOY: ("deploy",),
    Route.SIMULATE: ("simulate",),
    Route.RESEARCH: ("research",),
    Route.JAX: ("jax",),
}

INSTEAD: dict[Route, str] = {
    Route.DEEP: 'train/tabular: `mlexpert run "Predict COLUMN in @FILE"` trains linear, forest and boosted models',
    Route.OPERATOR: 'train/pinn: `mlexpert run "Train a PINN to solve the heat equation"` learns one solution; '
    '`mlexpert run "64 solutions of Burgers for nu between 0.01 and 0.1"` makes data to learn many',
    Route.EVALUATE: "train/tabular, whose answer holds held-out metrics with intervals for a model that it trains",
    Route.DEPLOY: "train/tabular or train/pinn, whose run folder holds the model that a service would load",
    Route.RESEARCH: 'a question about a method, such as "When is a grouped split needed?"',
    Route.JAX: "train/pinn, which solves the same problem with PyTorch",
}


def nearest(routing: Routing, skills: Collection[str]) -> NotAvailable | None:
    """None where every skill of the route is loaded; else the error that names the nearest route that is."""
    missing = [skill for skill in NEEDS.get(routing.route, ()) if skill not in skills]
    if not missing:
        return None
    offer = INSTEAD.get(routing.route, "`mlexpert skills` lists what is there")
    return NotAvailable(
        f"the route {routing.route.value!r} is understood but not available yet: no skill {missing[0]!r} is loaded",
        remedy=f"the nearest thing that is there: {offer}",
    )


def next_wish(routing: Routing, run_id: str) -> str:
    """How to ask for a service of the model that the run has made, where the request wanted one as well."""
    if Route.DEPLOY not in routing.then or routing.route is Route.DEPLOY:
        return ""
    return f'Not deployed here; ask for it: `mlexpert run "Deploy run {run_id}"`.'


def left_undone(routing: Routing, skills: Collection[str]) -> tuple[str, ...]:
    """The further wishes of a request ("and then deploy it") that nothing here can do yet."""
    return tuple(wish.value for wish in routing.then if any(skill not in skills for skill in NEEDS.get(wish, ())))
