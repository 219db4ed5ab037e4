"""What the verbs take: option types shared by their signatures, and the frozen values they fill."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How the result is printed on stdout."""

    TEXT = "text"
    JSON = "json"
    STREAM = "stream-json"


class Planner(StrEnum):
    AUTO = "auto"
    RULES = "rules"
    CLAUDE = "claude"


class GpuWish(StrEnum):
    NONE = "none"
    PREFER = "prefer"
    REQUIRE = "require"


class Accelerator(StrEnum):
    CPU = "cpu"
    CUDA = "cuda"


@dataclass(frozen=True)
class Place:
    """Where the runs and the registry are, and how to print."""

    runs_dir: Path | None = None
    config: Path | None = None
    format: Format = Format.TEXT


@dataclass(frozen=True)
class Asked:
    """Everything `run` and `plan` are told."""

    place: Place
    text: str = ""
    resume: str = ""
    files: tuple[str, ...] = ()
    approve: bool = False
    budget_usd: float | None = None
    timeout_s: float | None = None
    trust_code: bool = False
    allow_rows: tuple[str, ...] = ()
    seed: int = 0
    planner: str = "auto"
    sandbox: str = "auto"
    trained_on: str = ""


RunsDir = Annotated[Path | None, typer.Option("--runs-dir", metavar="DIR", help="Folder that holds the runs.")]
Config = Annotated[Path | None, typer.Option("--config", metavar="FILE", help="An agents.toml of your own.")]
OutputFormat = Annotated[
    Format, typer.Option("--output-format", help="text; json: one object; stream-json: events, then that object.")
]
Text = Annotated[str | None, typer.Argument(metavar="REQUEST", help="The request in plain words.")]
Data = Annotated[list[str] | None, typer.Option("--data", metavar="FILE", help="A data file; repeat it for several.")]
Approve = Annotated[bool, typer.Option("--approve", help="Show the plan and ask before anything is spent.")]
Budget = Annotated[
    float | None,
    typer.Option(
        "--budget-usd",
        metavar="USD",
        min=0.0,
        help="Refuse a plan estimated to cost more; plans made by rules cost nothing.",
    ),
]
Timeout = Annotated[
    float | None, typer.Option("--timeout", metavar="S", min=0.001, help="Stop after S seconds; what is done is kept.")
]
TrustCode = Annotated[bool, typer.Option("--trust-code", help="Let your own code run in a box without isolation.")]
AllowRows = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-rows",
        metavar="FILE",
        help="For planners that ask a model; refused by the rules planner, which shows rows to nobody.",
    ),
]
TrainedOn = Annotated[
    str, typer.Option("--trained-on", metavar="FILE", help="What the model to evaluate was trained on.")
]
Seed = Annotated[int, typer.Option("--seed", min=0, max=2**32 - 1, metavar="N", help="Seed of every random draw.")]
PlannerOption = Annotated[Planner, typer.Option("--planner", help="Who plans.")]


def _known_sandbox(name: str) -> str:
    """Refuses a name that nothing has, before anything else is done; what packages offer is looked up then only."""
    if name not in ("auto", "docker", "bubblewrap", "process"):
        from sandbox import registry

        registry.check(name)
    return name


SandboxOption = Annotated[
    str,
    typer.Option(
        "--sandbox",
        metavar="auto|docker|bubblewrap|process",
        callback=_known_sandbox,
        help="Where code runs; auto takes the first that works. A package may offer others.",
    ),
]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="A run id (a unique beginning or end will do) or `last`.")]
