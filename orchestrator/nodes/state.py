"""What travels along the road: paths, hashes and counters. Never data, never arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypedDict

from orchestrator.core.answer import Status
from orchestrator.core.values import Value

Next = Literal["plan", "check", "approve", "work", "answer"]


class FileRef(Value):
    """A file of the run directory (`path` relative to it) as it was when it was written."""

    path: str
    sha256: str


class Ending(Value):
    """Why the road ends without evidence: the status, and the error in the contract's words."""

    status: Status
    message: str = ""
    error: dict[str, str] | None = None


def merge(old: Mapping[str, FileRef] | None, new: Mapping[str, FileRef] | None) -> dict[str, FileRef]:
    """Join the results of a fan-out; `None` starts over (a new plan)."""
    return {} if new is None else {**(old or {}), **new}


class State(TypedDict, total=False):
    """The state of a run. `goto` is the hop that the last node decided; edges only read it."""

    goto: Next
    routing: FileRef | None
    plan: FileRef | None
    findings: FileRef | None
    outcomes: Annotated[dict[str, FileRef] | None, merge]
    ready: list[str]
    repairs: int
    replans: int
    wave: int
    approved: bool
    ending: Ending | None


class WorkItem(TypedDict):
    """What one branch of the fan-out gets."""

    step: str
    plan: FileRef
    outcomes: dict[str, FileRef]
