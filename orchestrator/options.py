"""The options that a request takes beside its words, as keyword arguments of the Python API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from orchestrator.core.request import PlannerChoice, SandboxChoice

if TYPE_CHECKING:
    from orchestrator.problems import Problem


class Options(TypedDict, total=False):
    """What `Request` holds beside `text`; see there for the units and the defaults."""

    files: tuple[str, ...]
    seed: int
    planner: PlannerChoice
    sandbox: SandboxChoice
    approve: bool
    trust_code: bool
    allow_rows: tuple[str, ...]
    timeout_s: float | None
    budget_usd: float | None
    problem: Problem | Mapping[str, Any] | None
    trained_on: str
