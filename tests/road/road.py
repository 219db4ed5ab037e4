"""A scripted road: a planner that says what it is told to, the toy skill, real process boxes, real checkpoints."""

from __future__ import annotations

import sys
from pathlib import Path

from orchestrator.boxes.lending import Terms
from orchestrator.boxes.workshop import Workshop
from orchestrator.config.agents import Agent
from orchestrator.config.builtin import builtin_root
from orchestrator.config.settings import Settings, load_settings
from orchestrator.config.skills import Skill, read_skill
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan, Resources, Stage, Step, Thought
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request, Route, Routing
from orchestrator.journal.journal import Journal, Listener, read_events
from orchestrator.journal.rundir import RunDirectory, write_json
from orchestrator.nodes.context import Context
from sandbox.process.backend import ProcessSandbox

HERE = Path(__file__).parent
OPEN: list[Journal] = []  # closed by the fixture of conftest.py
STAGES: tuple[Stage, ...] = ("formulation", "data", "model", "training", "validation")
SMALL = Resources(cpus=1, memory_mb=256, disk_mb=16, timeout_s=30.0)


def toy(name: str, *needs: str, **spec: object) -> Step:
    return Step.model_validate(
        {"id": name, "worker": "toy", "kind": "skill", "needs": needs, "spec": spec, "resources": SMALL}
    )


def plan_of(*steps: Step, route: Route = Route.PINN) -> Plan:
    thoughts = tuple(Thought(stage=stage, decision="test", why="test") for stage in STAGES)
    return Plan(route=route, planner="scripted", thoughts=thoughts, steps=steps)


class ScriptedPlanner:
    """Gives the plans in turn, the last one for ever; remembers the findings it was shown."""

    name = "scripted"

    def __init__(self, *plans: Plan) -> None:
        self.plans = plans
        self.shown: list[tuple[Verdict, ...]] = []

    async def route(self, request: Request) -> Routing:
        return Routing(route=self.plans[0].route)

    async def plan(
        self, request: Request, routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...]
    ) -> Plan:
        self.shown.append(findings)
        return self.plans[min(len(self.shown), len(self.plans)) - 1]


def skills() -> dict[str, Skill]:
    """The toy, one that counts, one that is searched over, and toys for the three skills that the route wants."""
    found, _ = read_skill(HERE / "skills" / "toy", "builtin")
    counter, _ = read_skill(HERE / "skills" / "counter", "builtin")
    trial, _ = read_skill(HERE / "skills" / "trial", "builtin")
    assert found is not None and counter is not None and trial is not None
    return {"toy": found, "counter": counter, "trial": trial} | dict.fromkeys(("pinn", "simulate", "physics"), found)


def context_of(
    runs: Path, planner: ScriptedPlanner, *, run_id: str | None = None, listener: Listener | None = None,
    approve: bool = False, timeout_s: float | None = None, settings: Settings | None = None,
    agents: dict[str, Agent] | None = None, parallel: int = 4, seed: int = 0,
) -> Context:  # fmt: skip
    """A context on a new run, or (with `run_id`) on one that exists."""
    request = Request(text="scripted", approve=approve, timeout_s=timeout_s, sandbox="process", seed=seed)
    run = RunDirectory.find(runs, run_id) if run_id else RunDirectory.create(runs)
    if run_id is None:
        write_json(run.request, request)
        write_json(run.environment, {})
    journal = Journal(run.journal, run.run_id, (listener,) if listener else ())
    OPEN.append(journal)

    async def open_workshop() -> Workshop:
        runtime = builtin_root() / "skills" / "runtime"
        return Workshop(ProcessSandbox(), Path(sys.prefix), runtime, run.run_id, journal, Terms(parallel=parallel))

    return Context(
        request=request, run=run, journal=journal, settings=settings or load_settings(cwd=runs), skills=skills(),
        agents=agents or {}, planner=planner, open_workshop=open_workshop,
    )  # fmt: skip


def events_of(context: Context, kind: str) -> list[dict[str, object]]:
    return [{"step": e.step, **e.data} for e in read_events(context.run.journal) if e.event == kind]
