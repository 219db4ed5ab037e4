"""The rules planner: routes by words, plans by tables."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request, Route, Routing
from orchestrator.planners.rules import clashes
from orchestrator.planners.rules.plan_deep import deep_plan
from orchestrator.planners.rules.plan_deploy import deploy_plan
from orchestrator.planners.rules.plan_evaluate import evaluate_plan
from orchestrator.planners.rules.plan_field import pinn_plan, simulate_plan
from orchestrator.planners.rules.plan_interpret import with_explanation
from orchestrator.planners.rules.plan_jax import jax_plan
from orchestrator.planners.rules.plan_sweep import sweep_plan
from orchestrator.planners.rules.plan_table import table_plan
from orchestrator.planners.rules.replies import NEAREST
from orchestrator.planners.rules.routing import route
from orchestrator.planners.rules.spelling import corrected
from orchestrator.planners.rules.text import read


class RulesPlanner:
    """Deterministic, without network or model: the same request and profile give the same plan."""

    name = "rules"

    async def route(self, request: Request) -> Routing:
        """The route of a request, with its params and the reply where no plan is needed."""
        return route(request)

    async def plan(
        self, request: Request, routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...]
    ) -> Plan:
        """The plan of a routed request. With `findings` it tries what could answer them.

        If nothing could, the plan is the same as before, and the caller sees that it is.
        Raises BadInput (contradiction, unknown column, unclear target, unusable data), IllPosed
        (a field problem without a stable solution), NotAvailable (understood, but not there yet).
        """
        if request.allow_rows:
            raise NotAvailable(
                f"--allow-rows {request.allow_rows[0]}: the rules planner asks no model, rows never leave this machine",
                remedy="Leave --allow-rows out.",
            )
        if request.trained_on and routing.route is not Route.EVALUATE:
            raise BadInput(
                f"--trained-on {request.trained_on!r} belongs to a model that is evaluated, and none is evaluated here",
                remedy="Leave it out, or ask: `Evaluate model.joblib on test.csv, target y`.",
            )
        self._refuse_contradictions(request, routing)
        if routing.route is Route.EVALUATE:
            return evaluate_plan(request, routing, profile, findings, self.name)
        if routing.route is Route.DEPLOY:
            return deploy_plan(request, routing, self.name)
        if routing.route is Route.SWEEP:
            return sweep_plan(request, routing, profile, findings, self.name)
        if routing.route in (Route.DEEP, Route.TABULAR, Route.JAX):
            deep = routing.route is Route.DEEP or (routing.route is Route.TABULAR and profile and profile.arrays)
            learns = deep_plan if deep else table_plan if routing.route is Route.TABULAR else jax_plan
            plan = learns(request, routing, profile, findings, self.name)
            return with_explanation(plan, read(request.text).plain)
        planners: dict[Route, Callable[..., Plan]] = {Route.PINN: pinn_plan, Route.SIMULATE: simulate_plan}
        if routing.route not in planners:
            nearest = NEAREST.get(routing.route, "`Train a PINN to solve the heat equation`")
            raise NotAvailable(
                f"`{routing.route.value}` is not available yet", remedy=f"The nearest thing that is: {nearest}."
            )
        return planners[routing.route](request, routing, findings, self.name)

    def _refuse_contradictions(self, request: Request, routing: Routing) -> None:
        reading = read(request.text)
        clash = clashes.find(corrected(reading), routing.language, routing.route, request.files)
        if clash:
            raise BadInput(
                f"the request contradicts itself: {clash[0]!r} and {clash[1]!r}",
                remedy="Keep one of the two and ask again.",
            )
