"""The road, on one screen.

    request ─▶ route ─▶ plan ─▶ check ─▶ approve ─▶ work* ─▶ judge ─▶ answer
                         ▲        │                   ▲        │
                         └─repair─┘                   └────────┤ next wave, next round of a loop
                         └─────────────────────────────────────┘ replan, bounded

Every node decides where to go and writes it into the state (`goto`); the edges only look it up in
a map, since LangGraph ends a run "successfully" when a router names a node it does not know.
`judge` joins the fan-out: a conditional edge straight on `work` would run the next wave once per branch.
"""

from __future__ import annotations

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import RetryPolicy, Send, TimeoutPolicy

from orchestrator.core.errors import BoxFailed
from orchestrator.nodes.answer import answer
from orchestrator.nodes.approve import approve
from orchestrator.nodes.check import check
from orchestrator.nodes.context import Context
from orchestrator.nodes.judge import judge
from orchestrator.nodes.plan import plan
from orchestrator.nodes.route import route
from orchestrator.nodes.state import State, WorkItem
from orchestrator.nodes.work import BOX_ATTEMPTS, work

# Supersteps: 5 on the straight road, 3 a repair or replan, 2 a wave. LangGraph's own default is 10 007.
RECURSION_LIMIT = 400
THINKING = TimeoutPolicy(run_timeout=300.0)  # nodes that spend no box time; boxes carry their own deadlines
BOX_RETRY = RetryPolicy(max_attempts=BOX_ATTEMPTS, initial_interval=0.5, retry_on=BoxFailed)


def compile_road(saver: BaseCheckpointSaver[str] | None = None) -> CompiledStateGraph[State, Context, State, State]:
    """The compiled graph; with a saver, a run that was killed goes on where it stood."""
    road = StateGraph(State, context_schema=Context)
    road.add_node("route", route, timeout=THINKING)
    road.add_node("plan", plan, timeout=THINKING)
    road.add_node("check", check, timeout=THINKING)
    road.add_node("approve", approve)  # waits for a person: no timeout
    road.add_node("work", work, input_schema=WorkItem, retry_policy=BOX_RETRY)
    road.add_node("judge", judge, retry_policy=BOX_RETRY)
    road.add_node("answer", answer, timeout=THINKING)

    road.add_edge(START, "route")
    road.add_conditional_edges("route", hop, {"plan": "plan", "answer": "answer"})
    road.add_conditional_edges("plan", hop, {"check": "check", "answer": "answer"})
    road.add_conditional_edges("check", hop, {"plan": "plan", "approve": "approve", "answer": "answer"})
    road.add_conditional_edges("approve", fan_out, ["work", "answer"])
    road.add_edge("work", "judge")
    road.add_conditional_edges("judge", fan_out, ["work", "plan", "answer"])
    road.add_edge("answer", END)
    return road.compile(checkpointer=saver, name="mlexpert")


def hop(state: State) -> str:
    return state["goto"]


def fan_out(state: State) -> str | list[Send]:
    """One branch per ready step, or the single next node."""
    if state["goto"] != "work":
        return state["goto"]
    shared = {"plan": state["plan"], "outcomes": state.get("outcomes") or {}}
    return [Send("work", {"step": step, **shared}) for step in state["ready"]]
