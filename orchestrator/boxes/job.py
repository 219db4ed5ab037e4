"""A job: what one box is asked to do, and what came back."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, JsonValue

from orchestrator.core.outcome import Claim, Usage
from orchestrator.core.plan import Resources
from orchestrator.core.values import Value
from sandbox.protocol import Completed, Trust

Verb = Literal["work", "predict", "time", "draw", "score"]


class Code(Value):
    """A skill's folder as a box sees it: `name` below `lib/skills`."""

    name: str
    folder: Path
    trust: Trust = "builtin"


class ModelFiles(Value):
    """A finished step's model folder and the skill whose `predict` reads it."""

    skill: Code
    folder: Path


class Unfinished(Value):
    """Where the checkpoint of a job waits between its attempts.

    `key` names the work, so that no other work finds it; `every_s`: seconds between two copies while the job runs.
    """

    folder: Path
    key: str
    every_s: float = Field(gt=0)


class Job(Value):
    """One box job. Everything named here is a path of the host; the box sees it read-only."""

    verb: Verb
    step: str
    agent: str  # whose job it is: a warm box serves one agent only
    destination: Path
    warm: bool = False  # a box that served this agent before will do
    preload: tuple[str, ...] = ()  # modules that such a box may have imported already
    key: str = ""  # names the work; a box that outlived a killed run is found by it. Empty: it ends with the run
    skill: Code | None = None
    spec: dict[str, JsonValue] = Field(default_factory=dict)
    inputs: dict[str, Path] = Field(default_factory=dict)
    models: dict[str, ModelFiles] = Field(default_factory=dict)
    variants: tuple[str, ...] = ()
    scorers: tuple[dict[str, JsonValue], ...] = ()
    seed: int = 0
    resources: Resources = Resources()
    unfinished: Unfinished | None = None  # None: a job that is cut off starts anew

    @property
    def trust(self) -> Trust:
        """The least trusted code in the box decides."""
        codes = [model.skill.trust for model in self.models.values()] + ([self.skill.trust] if self.skill else [])
        return next((level for level in ("untrusted", "user") if level in codes), "builtin")


class Told(Value):
    """A user's mistake that the skill found inside the box."""

    type: str
    message: str
    remedy: str = ""


class JobResult(Value):
    """What a job gave back: how its command ended, and what the host took out of the box."""

    completed: Completed
    files: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    artifacts: tuple[tuple[str, str], ...] = ()  # (path below destination, kind)
    mistake: Told | None = None
    usage: Usage = Usage()
    device: str = "cpu"
    device_reason: str = ""

    @property
    def done(self) -> bool:
        return self.completed.exit_code == 0 and self.completed.ended == "exit"
