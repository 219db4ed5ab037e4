"""A road that plays a scripted run through the command line's own seam."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.cli.road import Approver, Listener
from orchestrator.core.answer import Answer, AnswerClaim
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan, Step, Thought
from orchestrator.core.request import Request, Route
from orchestrator.journal.events import Event

RUN = "20261122-231502-5f3a9c"
PLAN = Plan(
    route=Route.PINN,
    planner="rules",
    thoughts=(
        Thought(stage="formulation", decision="Solve u_t = 0.4 u_xx", why="the request names the heat equation"),
    ),
    steps=(
        Step(id="train", worker="pinn", kind="skill"),
        Step(id="reference", worker="simulation-expert", kind="agent"),
    ),
)


def validated(**changes: object) -> Answer:
    return Answer(
        run_id=RUN,
        status="validated",
        route="train/pinn",
        params={"equation": "heat"},
        message="The network solves the heat equation.",
        claims=(AnswerClaim(text="relative L2 error of the field", value=3.1e-5, evidence=("e1",)),),
        checks=(Verdict(id="model.baseline", verdict="passed", value=0.01, threshold=0.5, evidence=("e1",)),),
        plan=PLAN,
    ).model_copy(update=changes)


def events(*told: tuple[str, str, dict[str, object]]) -> list[Event]:
    return [
        Event.model_validate({"seq": i, "ts": 1000.0 + i, "run": RUN, "event": kind, "step": step, "data": data})
        for i, (kind, step, data) in enumerate(told)
    ]


STORY = events(
    ("run.started", "", {"request": "train", "seed": 0, "resumed": False}),
    ("route.decided", "", {"route": "train/pinn", "params": {"equation": "heat"}}),
    ("plan.made", "", {"planner": "rules", "steps": ["train", "reference"], "attempt": 1}),
    ("step.started", "train", {"worker": "pinn", "skill": "pinn", "sandbox": "process", "box": "b1"}),
    ("step.started", "reference", {"worker": "simulation-expert", "skill": "simulate", "sandbox": "process"}),
    ("step.progress", "train", {"done": 1, "total": 60, "loss": 0.5}),
    ("step.progress", "train", {"done": 20, "total": 60, "loss": 0.0005}),
    ("step.finished", "train", {"status": "done", "wall_s": 4.2}),
    ("step.finished", "reference", {"status": "failed", "reason": "no convergence", "wall_s": 1.0}),
    ("evidence.measured", "", {"id": "e1", "name": "relative_l2", "value": 3.1e-5, "unit": "", "subject": "delivered"}),
    ("wave.judged", "", {"wave": 1, "decision": "answer", "reason": ""}),
    ("note", "", {"text": "process boxes give no isolation"}),
    ("run.finished", "", {"status": "validated", "wall_s": 12.0}),
)


@dataclass
class Ended:
    answer: Answer


@dataclass
class FakeRoad:
    """Tells its story, then ends with its answer, its error, or never."""

    answer: Answer = field(default_factory=validated)
    runs_dir: Path = Path("runs")
    story: list[Event] = field(default_factory=lambda: list(STORY))
    error: Exception | None = None
    hangs: bool = False
    asks: bool = False
    says: str = ""
    requests: list[Request] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    opened: list[tuple[Path | None, Path | None]] = field(default_factory=list)

    @asynccontextmanager
    async def __call__(self, config: Path | None, *, runs_dir: Path | None) -> AsyncIterator[FakeRoad]:
        self.opened.append((config, runs_dir))
        yield self

    async def run(
        self, request: Request, *, on_event: Listener | None = None, approver: Approver | None = None
    ) -> Ended:
        self.requests.append(request)
        return await self._play(on_event, approver)

    async def plan(self, request: Request, *, on_event: Listener | None = None) -> Ended:
        self.requests.append(request)
        return await self._play(on_event, None)

    async def resume(
        self,
        run_id: str,
        *,
        on_event: Listener | None = None,
        approver: Approver | None = None,
        timeout_s: float | None = None,
    ) -> Ended:
        self.resumed.append(run_id)
        return await self._play(on_event, approver)

    async def _play(self, on_event: Listener | None, approver: Approver | None) -> Ended:
        if self.says:
            print(self.says)
        for event in self.story:
            if on_event:
                on_event(event)
        if self.asks and approver and not await approver(PLAN):
            return Ended(validated(status="planned", message="The plan was not approved."))
        if self.hangs:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return Ended(self.answer)
