"""A superstep of the road beside a superstep of bare LangGraph: the same saver, durability and machine, in one run.

The peer is a graph of one no-op node that loops; the road runs a plan whose steps wait for each other, in a workshop
whose boxes answer at once, so that only our own bookkeeping (files, hashes, journal) is measured.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import TypedDict

import aiosqlite
import record
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

from orchestrator.boxes.job import Job, JobResult
from orchestrator.boxes.workshop import Workshop
from orchestrator.config.registry import load_configuration
from orchestrator.core.plan import Plan, Stage, Step, Thought
from orchestrator.core.request import Request, Route, Routing
from orchestrator.driver import drive_run
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import RunDirectory, write_json
from orchestrator.nodes.context import Context
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import Completed

WAVES = 40
REPEATS = 5
STAGES: tuple[Stage, ...] = ("formulation", "data", "model", "training", "validation")


class Count(TypedDict):
    n: int


class InstantWorkshop(Workshop):
    """Boxes that answer at once and hand nothing back."""

    async def do(self, job: Job) -> JobResult:
        job.destination.mkdir(parents=True, exist_ok=True)
        return JobResult(completed=Completed(exit_code=0, ended="exit", output="", wall_s=0.0))


class ChainPlanner:
    """A chain of steps, so that every wave holds one."""

    name = "chain"

    async def route(self, request: Request) -> Routing:
        return Routing(route=Route.PINN)

    async def plan(self, request: Request, routing: Routing, profile: object, findings: object) -> Plan:
        steps = tuple(
            Step(id=f"s{n}", worker="physics", kind="skill", spec={"mode": "constraints"}, needs=before)
            for n, before in enumerate(((), *((f"s{m}",) for m in range(WAVES - 1))))
        )
        thoughts = tuple(Thought(stage=stage, decision="-", why="-") for stage in STAGES)
        return Plan(route=Route.PINN, planner="chain", thoughts=thoughts, steps=steps)


async def bare(folder: Path) -> float:
    async def tick(state: Count) -> Count:
        return {"n": state["n"] + 1}

    graph = StateGraph(Count)
    graph.add_node("tick", tick)
    graph.add_edge(START, "tick")
    graph.add_conditional_edges("tick", lambda s: "on" if s["n"] < 2 * WAVES else "end", {"on": "tick", "end": END})
    async with aiosqlite.connect(folder / "bare.sqlite") as connection:
        compiled = graph.compile(checkpointer=AsyncSqliteSaver(connection))
        config = {"configurable": {"thread_id": "t"}, "recursion_limit": 1000}
        started = time.perf_counter()
        await compiled.ainvoke({"n": 0}, config, durability="sync")
        return (time.perf_counter() - started) / (2 * WAVES)


async def road(folder: Path) -> float:
    run = RunDirectory.create(folder / "runs")
    request = Request(text="bench")
    write_json(run.request, request)
    write_json(run.environment, {})
    journal = Journal(run.journal, run.run_id)
    configuration = load_configuration(project=folder, home=folder)
    workshop = InstantWorkshop(ProcessSandbox(), folder, folder, run.run_id, journal)

    async def open_workshop() -> Workshop:
        return workshop

    context = Context(
        request=request, run=run, journal=journal, settings=configuration.settings, skills=configuration.skills.by_name,
        agents=configuration.agents.by_name, planner=ChainPlanner(), open_workshop=open_workshop,
    )  # fmt: skip
    started = time.perf_counter()
    await drive_run(context)
    taken = time.perf_counter() - started
    journal.close()
    return taken / (2 * WAVES)  # work and judge: two supersteps a wave


async def main() -> None:
    pairs = []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            pairs.append((await road(Path(folder)), await bare(Path(folder))))
    ours, peer = (statistics.median(pair[at] for pair in pairs) for at in (0, 1))
    record.write(
        "road",
        {
            "waves": WAVES,
            "road_ms_per_superstep": round(1e3 * ours, 2),
            "bare_langgraph_ms_per_superstep": round(1e3 * peer, 2),
            "ratio": round(statistics.median(a / b for a, b in pairs), 2),
        },
    )


if __name__ == "__main__":
    asyncio.run(main())
