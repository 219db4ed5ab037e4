"""route: the request's words become a route with parameters, or a reply in words."""

from __future__ import annotations

from langgraph.runtime import Runtime

from orchestrator.core.errors import Refused, UserError
from orchestrator.core.request import Route
from orchestrator.journal.rundir import write_json
from orchestrator.nodes.availability import nearest
from orchestrator.nodes.context import Context
from orchestrator.nodes.state import Ending, State


async def route(state: State, runtime: Runtime[Context]) -> State:
    """Decide the route. Replies in words and routes without a skill go straight to the answer."""
    context = runtime.context
    try:
        routing = await context.planner.route(context.request)
    except UserError as error:
        return {"goto": "answer", "ending": ending_of(error)}
    write_json(context.run.routing, routing)
    context.journal.tell(
        "route.decided",
        route=routing.route.value,
        params=routing.params,
        files=list(routing.files),
        language=routing.language,
        message=routing.message,
    )
    reference = context.reference(context.run.routing)
    if routing.route is Route.EXPLAIN:
        return {"goto": "answer", "routing": reference, "ending": Ending(status="explained", message=routing.message)}
    if routing.route is Route.CLARIFY:
        return {"goto": "answer", "routing": reference, "ending": Ending(status="clarify", message=routing.message)}
    if routing.route is Route.REFUSE:
        ending = ending_of(Refused(routing.message))
        return {"goto": "answer", "routing": reference, "ending": ending}
    missing = nearest(routing, context.skill_names)
    if missing is not None:
        return {"goto": "answer", "routing": reference, "ending": ending_of(missing)}
    return {"goto": "plan", "routing": reference}


def ending_of(error: UserError) -> Ending:
    """A user's error as the end of the road: its own status, its message and its remedy."""
    return Ending.model_validate({"status": error.status, "message": error.message, "error": error.as_json()})
