"""check: the gate before anything is spent."""

from __future__ import annotations

from langgraph.runtime import Runtime
from pydantic import JsonValue

from orchestrator.core.evidence import Verdict
from orchestrator.gates.plan import judge_plan
from orchestrator.journal.rundir import write_json
from orchestrator.nodes.context import Context
from orchestrator.nodes.state import Ending, State


async def check(state: State, runtime: Runtime[Context]) -> State:
    """Rule on the plan: go on, have it repaired (bounded), or stop with the reasons."""
    context = runtime.context
    plan = context.load_plan(state)
    verdicts = judge_plan(plan, context.request, context.settings, context.skills, context.agents)
    failed = tuple(verdict for verdict in verdicts if verdict.verdict == "failed")
    repairs = state.get("repairs", 0)
    decision = "go" if not failed else "repair" if repairs < context.settings.orchestrator.max_repairs else "stop"
    told: list[JsonValue] = [verdict.model_dump(mode="json") for verdict in verdicts]
    context.journal.tell("plan.checked", verdicts=told, decision=decision)
    if decision == "go":
        return {"goto": "approve"}
    if decision == "stop":
        return {"goto": "answer", "ending": rejected(failed)}
    path = context.run.path / f"findings-{repairs + 1}.json"
    write_json(path, [verdict.model_dump(mode="json") for verdict in failed])
    # The ending stands unless the repair makes another plan.
    return {"goto": "plan", "findings": context.reference(path), "repairs": repairs + 1, "ending": rejected(failed)}


def rejected(failed: tuple[Verdict, ...]) -> Ending:
    """The end of a plan that the gate does not let through: every reason, the first remedy."""
    message = "the plan cannot be carried out: " + "; ".join(verdict.reason for verdict in failed)
    error = {"type": "PlanRejected", "message": message, "remedy": next((v.remedy for v in failed if v.remedy), "")}
    return Ending(status="bad_input", message=message, error=error)
