"""agents.toml as frozen values: the built-in file, and the user's own laid over it."""

from __future__ import annotations

import json
import math
import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from orchestrator.config.builtin import builtin_root
from orchestrator.config.findings import Mistake, refuse, unknown_name
from orchestrator.config.mistakes import mistakes_in
from orchestrator.config.toml_lines import line_of
from orchestrator.core.errors import BadConfig
from orchestrator.core.plan import HostPort, Resources
from orchestrator.core.request import PlannerChoice, SandboxChoice
from orchestrator.core.values import Value
from sandbox import registry

FILE_NAME = "agents.toml"


def _located(path: Path, info: ValidationInfo) -> Path:
    """The path as seen from the folder of the file that names it."""
    folder = (info.context or {}).get("folder")
    return folder / path.expanduser() if isinstance(folder, Path) else path


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"no such file: {str(path)!r}")
    return path


def _runnable(path: Path) -> Path:
    if not os.access(path, os.X_OK):
        raise ValueError(f"{str(path)!r} is not a program that can be run")
    return path


def _sandbox_known(name: str) -> str:
    known = ("auto", *(entry.name for entry in registry.known()))
    if name not in known:
        raise ValueError(unknown_name(name, known, "sandbox"))
    return name


KnownSandbox = Annotated[SandboxChoice, AfterValidator(_sandbox_known)]
AgentName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Located = Annotated[Path, AfterValidator(_located)]
LocatedFile = Annotated[Located, AfterValidator(_existing)]
LocatedProgram = Annotated[LocatedFile, AfterValidator(_runnable)]


class OrchestratorSection(Value):
    """Where runs are kept, and the bounds of the road."""

    runs_dir: Located = Path("runs")
    max_replans: int = Field(default=2, ge=0, le=10)
    max_repairs: int = Field(default=2, ge=0, le=10)


class PlannerSection(Value):
    kind: PlannerChoice = "auto"


class ModelsSection(Value):
    """The model that each short name of an agent file stands for."""

    sonnet: str = "claude-sonnet-5-5"
    opus: str = "claude-opus-5-5"
    haiku: str = "claude-haiku-5-5"
    fable: str = "claude-fable-5-2"

    def full_name(self, model: str) -> str:
        """The full name of a short one, a full name as it is, `""` for `inherit` and for none."""
        short: dict[str, str] = self.model_dump()
        return "" if model in ("", "inherit") else short.get(model, model)


MODEL_NAMES = (*ModelsSection.model_fields, "inherit")


class SandboxSection(Value):
    """Where code runs. `memory_mb` is the most that one box may get (MiB), `parallel` how many boxes
    run at once, `image` the Docker image of containers where it is not our own, `python` the user's own box Python,
    `network` the hosts ("host:port") that a step may ask to reach.
    """

    kind: KnownSandbox = "auto"
    parallel: int = Field(default=4, ge=1, le=256)
    memory_mb: int = Field(default=8192, ge=64)
    image: str = ""
    network: tuple[HostPort, ...] = ()
    python: LocatedProgram | None = None

    @field_validator("python", mode="before")
    @classmethod
    def _empty_means_none(cls, value: object) -> object:
        return None if value == "" else value


class LeasesSection(Value):
    """What the boxes of all runs of this user may hold together: `cpus` processors, `memory_mb` MiB; 0 takes all that
    this machine has (nine tenths of the memory). A step waits at most `wait_s` seconds for its turn.
    """

    cpus: int = Field(default=0, ge=0)
    memory_mb: int = Field(default=0, ge=0)
    wait_s: float = Field(default=3600.0, gt=0)


class PoolSection(Value):
    """Boxes that are kept warm within a run. `boxes = 0` turns it off; `memory_mb` bounds the sum of their limits."""

    boxes: int = Field(default=2, ge=0, le=64)
    memory_mb: int = Field(default=16384, ge=64)


class BudgetSection(Value):
    """What one run may use where the command line says nothing. Not set: no limit."""

    wall_s: float | None = Field(default=None, gt=0)


class EngineSection(Value):
    kind: Literal["local"] = "local"


class AgentBinding(Value):
    """What agents.toml says of one peer. `None`: not said, so the agent file's own word holds."""

    definition: LocatedFile | None = None
    skills: tuple[str, ...] | None = None
    model: str | None = None
    delegates: tuple[str, ...] = ()
    resources: Resources = Resources()

    @field_validator("model")
    @classmethod
    def _known_model(cls, value: str | None) -> str | None:
        if value is not None and value not in MODEL_NAMES and "-" not in value:
            raise ValueError(unknown_name(value, MODEL_NAMES, "model"))
        return value


class Settings(Value):
    """All of agents.toml. `runs_dir` is absolute."""

    orchestrator: OrchestratorSection = OrchestratorSection()
    planner: PlannerSection = PlannerSection()
    models: ModelsSection = ModelsSection()
    sandbox: SandboxSection = SandboxSection()
    leases: LeasesSection = LeasesSection()
    pool: PoolSection = PoolSection()
    budget: BudgetSection = BudgetSection()
    engine: EngineSection = EngineSection()
    agents: dict[AgentName, AgentBinding] = Field(default_factory=dict)


def load_settings(path: Path | None = None, *, cwd: Path | None = None) -> Settings:
    """The built-in settings, with those of `path` (else of agents.toml in `cwd`) laid over them.

    Tables are merged key by key: a file that names one option or one agent leaves the rest as built
    in. Paths in a file are relative to its folder, the built-in `runs_dir` is relative to `cwd`.

    Raises:
        BadConfig: the file is missing, cannot be read or holds mistakes; the message names them all.
    """
    here = (cwd or Path.cwd()).resolve()
    builtin = builtin_root() / FILE_NAME
    own = own_file(path, cwd=here)
    layers = [_read(builtin)]
    if own is not None and own != builtin.resolve():
        layers.append(_read(own))
    merged: dict[str, object] = {}
    for layer in layers:
        merged = _laid_over(merged, layer.model_dump(exclude_unset=True))
    settings = Settings.model_validate(merged)
    road = settings.orchestrator.model_copy(update={"runs_dir": here / settings.orchestrator.runs_dir})
    return settings.model_copy(update={"orchestrator": road})


def own_file(path: Path | None, *, cwd: Path) -> Path | None:
    """The user's agents.toml: the one named, else the one in `cwd`, else none."""
    if path is None:
        usual = cwd / FILE_NAME
        return usual.resolve() if usual.is_file() else None
    file = (cwd / path.expanduser()).resolve()
    if not file.is_file():
        raise BadConfig(f"no such configuration file: {str(path)!r}", remedy=f"name an existing {FILE_NAME}")
    return file


def _read(file: Path) -> Settings:
    try:
        text = file.read_bytes().decode("utf-8-sig")
        table = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{str(file)!r} cannot be read: {error}", remedy="correct the file and try again") from error
    mistakes = list(_not_finite(table, file, text))
    try:
        # As JSON, because strict validation then takes arrays for tuples and strings for paths, and no more.
        settings = Settings.model_validate_json(
            json.dumps(table, default=str), strict=True, context={"folder": file.parent}
        )
    except ValidationError as error:
        mistakes += mistakes_in(error, Settings, file=file, text=text)
    if mistakes:
        raise refuse(mistakes, FILE_NAME)
    return settings


def _not_finite(value: object, file: Path, text: str, at: tuple[str, ...] = ()) -> Iterator[Mistake]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _not_finite(inner, file, text, (*at, str(key)))
    elif isinstance(value, float) and not math.isfinite(value):
        allowed = f"must be a finite number, not {value}"
        yield Mistake(path=".".join(at), value=str(value), allowed=allowed, file=str(file), line=line_of(text, at))


def _laid_over(weak: dict[str, object], strong: dict[str, object]) -> dict[str, object]:
    merged = dict(weak)
    for key, value in strong.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged
