"""What a step gave back: claims and files. Nothing here is believed yet."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.core.search import Setting
from orchestrator.core.values import Value

ArtifactKind = Literal["model", "predictions", "reference", "figure", "table", "report", "log", "service"]


class Claim(Value):
    """A number that a worker states. `file` (relative to the step's out/) is where it says it comes from."""

    name: str
    value: float
    unit: str = ""
    file: str = ""


class Artifact(Value):
    """A file named by the hash that the host computed. `path` is relative to the run directory."""

    path: str
    kind: ArtifactKind
    step: str
    sha256: str
    bytes: int


class Usage(Value):
    """What a step or a run consumed."""

    wall_s: float = 0.0
    cpu_s: float = 0.0
    gpu_s: float = 0.0
    tokens: int = 0
    usd: float = 0.0

    def plus(self, other: Usage) -> Usage:
        return Usage(
            wall_s=self.wall_s + other.wall_s,
            cpu_s=self.cpu_s + other.cpu_s,
            gpu_s=self.gpu_s + other.gpu_s,
            tokens=self.tokens + other.tokens,
            usd=self.usd + other.usd,
        )


class Outcome(Value):
    """How one step ended. A failure is data: `reason` and `remedy` say why, siblings live on."""

    step: str
    status: Literal["done", "failed"]
    spec_sha256: str
    claims: tuple[Claim, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    reason: str = ""
    remedy: str = ""
    user_error: bool = False  # the user's input made it fail (bad data found inside the box)
    usage: Usage = Usage()
    setting: Setting = Field(default_factory=dict)  # what a search found to be best
    sandbox: str = ""
    isolated: bool = True  # False: the box was a plain process, and sealing is by convention
    device: str = "cpu"
    device_reason: str = ""  # why the processor, where a GPU was preferred
    started_at: float = Field(default=0.0)
    finished_at: float = Field(default=0.0)
