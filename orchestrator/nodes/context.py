"""What every node may use: the request, the run's folder, and the services around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.boxes.workshop import Workshop
from orchestrator.config.agents import Agent
from orchestrator.config.settings import Settings
from orchestrator.config.skills import Skill
from orchestrator.core.errors import RunBroken
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request, Routing, seed_of
from orchestrator.core.values import sha256_file
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import RunDirectory, read_model
from orchestrator.nodes.state import FileRef, State
from orchestrator.planners.seam import Planner


@dataclass(frozen=True)
class Context:
    """Injected into the nodes by LangGraph; nothing of it is checkpointed."""

    request: Request
    run: RunDirectory
    journal: Journal
    settings: Settings
    skills: Mapping[str, Skill]
    agents: Mapping[str, Agent]
    planner: Planner
    open_workshop: Callable[[], Awaitable[Workshop]]

    @property
    def skill_names(self) -> tuple[str, ...]:
        return tuple(self.skills)

    def reference(self, path: Path) -> FileRef:
        return FileRef(path=self.run.relative(path), sha256=sha256_file(path))

    def verified(self, reference: FileRef) -> Path:
        """The file of a reference.

        Raises:
            RunBroken: it is missing or is no longer what the run wrote.
        """
        path = self.run.path / reference.path
        if not path.is_file() or sha256_file(path) != reference.sha256:
            raise RunBroken(
                f"the run's file {reference.path!r} is missing or was altered",
                remedy="start the request anew with `mlexpert run`",
            )
        return path

    def load_plan(self, state: State) -> Plan:
        reference = state.get("plan")
        if reference is None:
            raise RunBroken("the run has no plan yet", remedy="start the request anew with `mlexpert run`")
        return read_model(self.verified(reference), Plan)

    def load_routing(self, state: State) -> Routing | None:
        reference = state.get("routing")
        return read_model(self.verified(reference), Routing) if reference else None

    @property
    def seed(self) -> int:
        """The seed of the split, of every step and of the judge's draws."""
        return seed_of(self.request, read_model(self.run.routing, Routing))

    def load_outcomes(self, state: State) -> dict[str, Outcome]:
        return self.read_outcomes(state.get("outcomes") or {})

    def read_outcomes(self, references: Mapping[str, FileRef]) -> dict[str, Outcome]:
        return {step: read_model(self.verified(reference), Outcome) for step, reference in references.items()}
