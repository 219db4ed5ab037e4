"""approve: a person says yes where the request asks for that; then the test rows are sealed and work begins."""

from __future__ import annotations

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from orchestrator.core.errors import UserError
from orchestrator.core.schedule import ready
from orchestrator.nodes.context import Context
from orchestrator.nodes.prepare import set_aside
from orchestrator.nodes.route import ending_of
from orchestrator.nodes.state import Ending, State


async def approve(state: State, runtime: Runtime[Context]) -> State:
    """Wait for approval if asked to, split the data, then name the first wave.

    `interrupt` runs this node again from its top on resume, so nothing before it has an effect.
    """
    context = runtime.context
    plan = context.load_plan(state)
    if context.request.approve and not state.get("approved", False):
        answer = interrupt({"question": "Run this plan?", "plan": str(context.run.plan_text)})
        context.journal.tell("approval.given", approved=answer is True)
        if answer is not True:
            return {"goto": "answer", "ending": Ending(status="planned", message="The plan was not approved.")}
    try:
        await set_aside(context, plan)
    except UserError as error:
        return {"goto": "answer", "ending": ending_of(error)}
    first = [step.id for step in ready(plan, context.load_outcomes(state))]
    return {"goto": "work", "ready": first, "approved": True, "wave": state.get("wave", 0) + 1}
