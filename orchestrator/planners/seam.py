"""The seam of a planner, and the choice of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from orchestrator.core.errors import NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import PlannerChoice, Request, Routing
from orchestrator.planners.rules.planner import RulesPlanner


class Planner(Protocol):
    """Routes a request and plans it. `findings` are the verdicts that led to a repair or a replan."""

    name: str

    async def route(self, request: Request) -> Routing: ...

    async def plan(
        self, request: Request, routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...]
    ) -> Plan: ...


def choose(choice: PlannerChoice, environment: Mapping[str, str]) -> Planner:
    """The planner for `--planner CHOICE`; `environment` is where a key would be found.

    Raises NotAvailable for `claude`, whatever the environment holds: `auto` stays with the rules.
    """
    if choice == "claude":
        key = "is set" if environment.get("ANTHROPIC_API_KEY") else "is not set either"
        raise NotAvailable(
            f"the Claude planner is not there yet (ANTHROPIC_API_KEY {key})", remedy="Use --planner rules."
        )
    return RulesPlanner()
