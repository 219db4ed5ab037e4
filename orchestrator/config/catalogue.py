"""What `mlexpert agents` and `mlexpert skills` list and validate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from pydantic import JsonValue

from orchestrator.config.agent_file import AgentDefinition, read_agent
from orchestrator.config.agents import Agents
from orchestrator.config.findings import FileReport, Finding
from orchestrator.config.places import Origin
from orchestrator.config.skills import Skill, Skills, read_skill, skill_folders
from orchestrator.core.values import Value


class Row(Value):
    """One line of a list. `shadows` names the files that this one hides, the strongest first."""

    name: str
    description: str
    origin: Origin
    path: str
    shadows: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()  # an agent's skills; whether a skill can run
    delegates: tuple[str, ...] = ()
    model: str = ""
    trust: str = ""
    findings: int = 0


class Listing(Value):
    """The rows and the files that did not load."""

    rows: tuple[Row, ...]
    broken: tuple[FileReport, ...]


def list_agents(agents: Agents) -> Listing:
    rows = tuple(
        Row(
            name=agent.name,
            description=agent.description,
            origin=agent.definition.origin,
            path=str(agent.definition.path),
            shadows=_hidden(agent.name, agents.shadowed),
            uses=agent.skills,
            delegates=agent.delegates,
            model=agent.model,
            findings=_count(agent.findings),
        )
        for agent in agents.by_name.values()
    )
    return Listing(rows=rows, broken=tuple(report for report in agents.files if not report.loaded))


def list_skills(skills: Skills) -> Listing:
    rows = tuple(
        Row(
            name=skill.name,
            description=skill.description,
            origin=skill.origin,
            path=str(skill.folder),
            shadows=_hidden(skill.name, skills.shadowed),
            uses=("runs",) if skill.runnable else (),
            trust=skill.trust,
            findings=_count(skill.findings),
        )
        for skill in skills.by_name.values()
    )
    return Listing(rows=rows, broken=tuple(report for report in skills.files if not report.loaded))


def _hidden(name: str, shadowed: Sequence[AgentDefinition] | Sequence[Skill]) -> tuple[str, ...]:
    places = [item.path if isinstance(item, AgentDefinition) else item.folder for item in shadowed if item.name == name]
    return tuple(str(place) for place in reversed(places))


def _count(findings: Iterable[Finding]) -> int:
    return sum(finding.level != "note" for finding in findings)


def validate_agents(paths: Iterable[Path]) -> tuple[FileReport, ...]:
    """A report on each agent file named, and on every Markdown file of each folder named."""
    reports = []
    for path in paths:
        files = sorted(path.rglob("*.md")) if path.is_dir() else [path]
        reports += [read_agent(file, "project")[1] for file in files] or [_nothing(path, "no Markdown file")]
    return tuple(reports)


def validate_skills(paths: Iterable[Path]) -> tuple[FileReport, ...]:
    """A report on each skill named by its folder or its SKILL.md, and on every skill of each folder of skills."""
    reports = []
    for path in paths:
        folder = path.parent if path.name == "SKILL.md" else path
        if folder.is_dir():
            folders = skill_folders(folder) if path is folder else [folder]
            reports += [read_skill(each, "project")[1] for each in folders] or [_nothing(path, "no skill")]
        else:
            reports.append(_nothing(path, "no such folder"))
    return tuple(reports)


def _nothing(path: Path, message: str) -> FileReport:
    finding = Finding(line=0, level="error", message=message)
    return FileReport(path=str(path), name=path.stem, loaded=False, findings=(finding,))


def as_json(reports: Iterable[FileReport]) -> dict[str, JsonValue]:
    """The object that `agents|skills validate --output-format json` prints."""
    return {"files": [report.model_dump(mode="json") for report in reports]}
