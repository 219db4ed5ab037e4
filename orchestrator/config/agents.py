"""The peers: agent files as frozen definitions, found in every place and bound by agents.toml."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path

from pydantic import Field

from orchestrator.config.agent_file import AgentDefinition, read_agent
from orchestrator.config.builtin import builtin_root
from orchestrator.config.findings import FileReport, Finding, Mistake, refuse, unknown_name
from orchestrator.config.places import Place, places
from orchestrator.config.settings import FILE_NAME, AgentBinding, Settings
from orchestrator.core.errors import BadConfig
from orchestrator.core.plan import Resources
from orchestrator.core.values import Value


class Agent(Value):
    """A peer ready for work. `model` is a full name, or empty where it takes its caller's."""

    name: str
    description: str
    definition: AgentDefinition
    skills: tuple[str, ...] = ()
    model: str = ""
    delegates: tuple[str, ...] = ()
    resources: Resources = Resources()
    findings: tuple[Finding, ...] = ()


class AgentFiles(Value):
    """Every agent file that was found: the definitions that count, those they hide, and a report on each."""

    definitions: dict[str, AgentDefinition] = Field(default_factory=dict)
    shadowed: tuple[AgentDefinition, ...] = ()
    files: tuple[FileReport, ...] = ()


class Agents(Value):
    """The peers by name."""

    by_name: dict[str, Agent] = Field(default_factory=dict)
    shadowed: tuple[AgentDefinition, ...] = ()
    files: tuple[FileReport, ...] = ()

    def get(self, name: str) -> Agent:
        """The peer of that name. Raises: BadConfig with the nearest name where there is none."""
        if name not in self.by_name:
            raise BadConfig(unknown_name(name, self.by_name, "agent"), remedy="mlexpert agents lists them")
        return self.by_name[name]


def load_agents(
    settings: Settings,
    skills: Collection[str],
    *,
    project: Path | None = None,
    home: Path | None = None,
    plugins: Sequence[EntryPoint] | None = None,
) -> Agents:
    """Every peer in reach (of plugins, built in, of `home`, of `project`), bound by the settings.

    Raises:
        BadConfig: agents.toml names an agent, a delegate or a skill that there is not.
    """
    found, lost = places("agents", project=project, home=home, plugins=plugins)
    return bind(discover_agents(found, settings, lost), settings, skills)


def discover_agents(places: Sequence[Place], settings: Settings, lost: tuple[FileReport, ...] = ()) -> AgentFiles:
    """Reads the agent files of all `places` (weakest first) and those that agents.toml names."""
    found: list[AgentDefinition] = []
    reports = list(lost)
    for place in [*places, *_named_by(settings)]:
        files = [place.folder] if place.folder.is_file() else sorted(place.folder.rglob("*.md"))
        for file in files:
            definition, report = read_agent(file, place.origin)
            found += [definition] if definition else []
            reports.append(report)
    counting: dict[str, AgentDefinition] = {}
    shadowed: list[AgentDefinition] = []
    for definition in found:
        hidden = counting.get(definition.name)
        if hidden is not None and hidden.path != definition.path:
            shadowed.append(hidden)
        counting[definition.name] = definition
    return AgentFiles(definitions=counting, shadowed=tuple(shadowed), files=tuple(reports))


def _named_by(settings: Settings) -> list[Place]:
    """The files that a user's agents.toml names; the built-in ones are in the built-in folder already."""
    named = [binding.definition for binding in settings.agents.values() if binding.definition]
    own = [file for file in named if file.parent != builtin_root() / "agents"]
    return [Place(origin="project", folder=file) for file in own]


def bind(files: AgentFiles, settings: Settings, skills: Collection[str]) -> Agents:
    """Joins each definition with what agents.toml says of it.

    A file that agents.toml does not name gets the skills of its own front matter and no delegates;
    names in it that mean nothing here are reported and left out.

    Raises:
        BadConfig: agents.toml names an agent, a delegate or a skill that there is not.
    """
    mistakes = _unknown_in(settings, files.definitions, skills)
    if mistakes:
        raise refuse(mistakes, FILE_NAME)
    bound = {
        name: _bound(definition, settings.agents.get(name, AgentBinding()), settings, skills)
        for name, definition in sorted(files.definitions.items())
    }
    return Agents(by_name=bound, shadowed=files.shadowed, files=files.files)


def _unknown_in(settings: Settings, agents: Collection[str], skills: Collection[str]) -> list[Mistake]:
    mistakes = []
    for name, binding in settings.agents.items():
        place = f"agents.{name}"
        if name not in agents:
            allowed = f"{unknown_name(name, agents, 'agent')} (or give it a `definition`)"
            mistakes.append(Mistake(path=place, value=name, allowed=allowed))
        for delegate in binding.delegates:
            if delegate not in agents:
                allowed = unknown_name(delegate, agents, "agent")
                mistakes.append(Mistake(path=f"{place}.delegates", value=delegate, allowed=allowed))
        for skill in binding.skills or ():
            if skill not in skills:
                allowed = unknown_name(skill, skills, "skill")
                mistakes.append(Mistake(path=f"{place}.skills", value=skill, allowed=allowed))
    return mistakes


def _bound(definition: AgentDefinition, binding: AgentBinding, settings: Settings, skills: Collection[str]) -> Agent:
    wished = definition.skills if binding.skills is None else binding.skills
    unknown = [skill for skill in wished if skill not in skills]
    findings = [Finding(line=0, level="warning", message=unknown_name(skill, skills, "skill")) for skill in unknown]
    return Agent(
        name=definition.name,
        description=definition.description,
        definition=definition,
        skills=tuple(skill for skill in wished if skill in skills),
        model=settings.models.full_name(binding.model if binding.model is not None else definition.model),
        delegates=binding.delegates,
        resources=binding.resources,
        findings=(*definition.findings, *findings),
    )
