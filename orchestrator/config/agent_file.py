"""One agent file (Claude Code's sub-agent Markdown) as a frozen definition, with what is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import JsonValue

from orchestrator.config.findings import FileReport, Finding, Level, unknown_name
from orchestrator.config.frontmatter import FrontMatter, read_front_matter
from orchestrator.config.places import Origin
from orchestrator.config.settings import MODEL_NAMES
from orchestrator.core.values import Value

FIELDS = (
    "name", "description", "tools", "disallowedTools", "model", "permissionMode", "maxTurns", "skills",
    "mcpServers", "hooks", "memory", "background", "effort", "isolation", "initialPrompt", "color",
)  # fmt: skip
OLDER_FIELDS = ("version", "maturity", "specialization")
CHOICES: dict[str, tuple[str, ...]] = {
    "permissionMode": ("default", "acceptEdits", "auto", "dontAsk", "bypassPermissions", "plan"),
    "memory": ("user", "project", "local"),
    "effort": ("low", "medium", "high", "xhigh", "max"),
    "isolation": ("worktree",),
    "color": ("red", "blue", "green", "yellow", "purple", "orange", "pink", "cyan", "magenta"),
}
_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")
_COMMA = re.compile(r",\s*(?![^()]*\))")  # a comma outside parentheses: `Read, Agent(a, b)` names two tools


class AgentDefinition(Value):
    """What an agent file says. `tools` is None where the file names none: all of them."""

    name: str
    description: str
    tools: tuple[str, ...] | None = None
    model: str = ""
    skills: tuple[str, ...] = ()
    body: str = ""
    path: Path
    origin: Origin
    findings: tuple[Finding, ...] = ()


def read_agent(path: Path, origin: Origin) -> tuple[AgentDefinition | None, FileReport]:
    """The definition, or None where the file cannot be read or holds no front matter."""
    try:
        matter = read_front_matter(path, (*FIELDS, *OLDER_FIELDS))
    except OSError as error:
        unreadable = Finding(line=0, level="error", message=f"cannot be read: {error.strerror or error}")
        return None, FileReport(path=str(path), name=path.stem, loaded=False, findings=(unreadable,))
    name = matter.text("name") or path.stem
    findings = (*matter.findings, *_remarks(matter, path))
    loaded = matter.found and bool(matter.fields)
    if matter.found and not loaded:
        findings = (*findings, Finding(line=1, level="error", message="the front matter holds no field"))
    report = FileReport(path=str(path), name=name, loaded=loaded, findings=findings)
    if not loaded:
        return None, report
    definition = AgentDefinition(
        name=name,
        description=matter.text("description"),
        tools=_names(matter.fields.get("tools")),
        model=matter.text("model"),
        skills=_names(matter.fields.get("skills")) or (),
        body=matter.body,
        path=path,
        origin=origin,
        findings=findings,
    )
    return definition, report


def _names(value: JsonValue) -> tuple[str, ...] | None:
    """A list, or names between commas, as names; None where nothing is said."""
    if value is None or isinstance(value, dict | bool):
        return None
    items = value if isinstance(value, list) else _COMMA.split(str(value))
    return tuple(name for item in items if (name := str(item).strip()))


def _remarks(matter: FrontMatter, path: Path) -> Iterator[Finding]:
    if not matter.found:
        return
    yield from _remarks_on_name(matter, path)
    for key, value in matter.fields.items():
        if message := _remark(key, value):
            level: Level = "note" if key in OLDER_FIELDS else "warning"
            yield Finding(line=matter.lines[key], level=level, message=message)
    if not matter.text("description"):
        line = matter.lines.get("description", 1)
        yield Finding(line=line, level="warning", message="no description: nobody can tell when to call this agent")
    if not matter.body.strip():
        yield Finding(line=matter.body_line, level="warning", message="no body: the agent has no instructions")


def _remarks_on_name(matter: FrontMatter, path: Path) -> Iterator[Finding]:
    name, line = matter.text("name"), matter.lines.get("name", 1)
    if not name:
        yield Finding(line=line, level="error", message=f"no name in text: the file's name {path.stem!r} is taken")
        return
    if not _NAME.match(name):
        message = f"the name {name!r} is not 1 to 63 lower-case letters, digits and hyphens"
        yield Finding(line=line, level="warning", message=message)
    if name != path.stem:
        yield Finding(line=line, level="note", message=f"the name {name!r} differs from the file's name {path.stem!r}")


def _remark(key: str, value: JsonValue) -> str:
    """What is odd about one field, or nothing."""
    if key in OLDER_FIELDS:
        return f"{key!r} is a field of older files and has no effect"
    if key not in FIELDS:
        return f"{unknown_name(key, FIELDS, 'field')}"
    if key in CHOICES and value not in CHOICES[key]:
        return f"{key} {value!r} is none of {', '.join(CHOICES[key])}"
    if key == "maxTurns" and not (isinstance(value, int) and not isinstance(value, bool) and value > 0):
        return f"maxTurns {value!r} is not a whole number above 0"
    if key == "background" and not isinstance(value, bool):
        return f"background {value!r} is neither true nor false"
    if key == "model" and not _is_model(value):
        return unknown_name(str(value), MODEL_NAMES, "model")
    if key in ("tools", "disallowedTools", "skills") and value is not None and _names(value) is None:
        return f"{key} is neither a list nor names between commas"
    if key in ("initialPrompt", "description") and not isinstance(value, str):
        return f"{key} is not text"
    return ""


def _is_model(value: JsonValue) -> bool:
    return isinstance(value, str) and (value in MODEL_NAMES or "-" in value)
