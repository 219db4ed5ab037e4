"""The skills: folders with a SKILL.md and a spec's schema. Their Python is never read here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import Field, JsonValue

from orchestrator.config.findings import FileReport, Finding, unknown_name
from orchestrator.config.frontmatter import FrontMatter, read_front_matter
from orchestrator.config.places import Origin, Place, places
from orchestrator.core.errors import BadConfig
from orchestrator.core.values import Value, sha256_tree

Trust = Literal["builtin", "user", "untrusted"]
FIELDS = ("name", "description", "license", "compatibility", "metadata", "allowed-tools")
OLDER_FIELDS = ("version",)
RESERVED = "runtime"  # skills/runtime is the package that the skills share
SCHEMA_BYTES = 1 << 20
_TRUST: dict[Origin, Trust] = {"builtin": "builtin", "user": "user", "project": "user", "plugin": "untrusted"}
_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}$")


class Skill(Value):
    """A skill. `spec_schema` is the JSON schema of its spec: empty for one that is instructions alone."""

    name: str
    description: str
    folder: Path
    spec_schema: dict[str, JsonValue] = Field(default_factory=dict)
    origin: Origin
    trust: Trust
    sha256: str
    metadata: dict[str, JsonValue] = Field(default_factory=dict)
    has_main: bool
    findings: tuple[Finding, ...] = ()

    @property
    def runnable(self) -> bool:
        """Whether a step can name it: it has code and says what its spec looks like."""
        return self.has_main and bool(self.spec_schema)

    @property
    def uses_gpu(self) -> bool:
        """Whether its code says that it can compute on a GPU (`metadata: {gpu: true}` in SKILL.md)."""
        return str(self.metadata.get("gpu")).lower() == "true"

    @property
    def preload(self) -> tuple[str, ...]:
        """The modules that a warm box imports once for it (`metadata: {preload: "torch numpy"}`)."""
        return tuple(str(self.metadata.get("preload") or "").split())


class Skills(Value):
    """The skills by name."""

    by_name: dict[str, Skill] = Field(default_factory=dict)
    shadowed: tuple[Skill, ...] = ()
    files: tuple[FileReport, ...] = ()

    def get(self, name: str) -> Skill:
        """The skill of that name. Raises: BadConfig with the nearest name where there is none."""
        if name not in self.by_name:
            raise BadConfig(unknown_name(name, self.by_name, "skill"), remedy="mlexpert skills lists them")
        return self.by_name[name]


def load_skills(
    *, project: Path | None = None, home: Path | None = None, plugins: Sequence[EntryPoint] | None = None
) -> Skills:
    """Every skill in reach: of plugins, built in, of `home`, of `project` (the current folder)."""
    found, lost = places("skills", project=project, home=home, plugins=plugins)
    return discover_skills(found, lost)


def discover_skills(places: Sequence[Place], lost: tuple[FileReport, ...] = ()) -> Skills:
    """Reads the skills of all `places` (weakest first). What cannot load is reported and left out."""
    counting: dict[str, Skill] = {}
    shadowed: list[Skill] = []
    reports = list(lost)
    for place in places:
        for folder in skill_folders(place.folder):
            skill, report = read_skill(folder, place.origin)
            reports.append(report)
            if skill is None:
                continue
            if skill.name in counting:
                shadowed.append(counting[skill.name])
            counting[skill.name] = skill
    return Skills(by_name=dict(sorted(counting.items())), shadowed=tuple(shadowed), files=tuple(reports))


def skill_folders(folder: Path) -> list[Path]:
    """The folder itself if it is a skill, else those of its folders that look like one."""
    if (folder / "SKILL.md").is_file():
        return [folder]
    marks = ("SKILL.md", "spec.schema.json", "main.py")
    inner = sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__")
    return [path for path in inner if any((path / mark).is_file() for mark in marks)]


def read_skill(folder: Path, origin: Origin) -> tuple[Skill | None, FileReport]:
    """The skill, or None where SKILL.md or the schema is missing or broken beyond use."""
    file = folder / "SKILL.md"
    name = folder.name
    try:
        matter = read_front_matter(file, (*FIELDS, *OLDER_FIELDS))
        schema, problems = _schema(folder)
        digest = sha256_tree(folder)
    except OSError as error:
        unreadable = Finding(line=0, level="error", message=f"cannot be read: {error.strerror or error}")
        return None, FileReport(path=str(file), name=name, loaded=False, findings=(unreadable,))
    findings = (*matter.findings, *_remarks(matter, folder), *problems)
    loaded = bool(matter.text("description")) and not problems and name != RESERVED
    report = FileReport(path=str(file), name=name, loaded=loaded, findings=findings)
    if not loaded:
        return None, report
    metadata = matter.fields.get("metadata")
    skill = Skill(
        name=name,
        description=matter.text("description"),
        folder=folder,
        spec_schema=schema,
        origin=origin,
        trust=_TRUST[origin],
        sha256=digest,
        metadata=metadata if isinstance(metadata, dict) else {},
        has_main=(folder / "main.py").is_file(),
        findings=findings,
    )
    return skill, report


def _remarks(matter: FrontMatter, folder: Path) -> Iterator[Finding]:
    if folder.name == RESERVED:
        yield Finding(line=0, level="error", message=f"a skill cannot be called {RESERVED!r}")
    if not matter.found:
        return
    name, line = matter.text("name"), matter.lines.get("name", 1)
    if name != folder.name:
        message = f"the name {name!r} differs from the folder's, which counts: {folder.name!r}"
        yield Finding(line=line, level="warning", message=message)
    if not _NAME.match(folder.name):
        message = f"{folder.name!r} is not 1 to 64 lower-case letters, digits and hyphens"
        yield Finding(line=line, level="warning", message=message)
    description = matter.text("description")
    if not description:
        yield Finding(line=matter.lines.get("description", 1), level="error", message="no description")
    elif len(description) > 1024:
        message = f"the description has {len(description)} characters, more than 1024"
        yield Finding(line=matter.lines["description"], level="warning", message=message)
    for key in matter.fields:
        if key in OLDER_FIELDS:
            message = f"{key!r} belongs under metadata and has no effect here"
            yield Finding(line=matter.lines[key], level="note", message=message)
        elif key not in FIELDS:
            yield Finding(line=matter.lines[key], level="warning", message=unknown_name(key, FIELDS, "field"))


def _schema(folder: Path) -> tuple[dict[str, JsonValue], list[Finding]]:
    """The schema of the skill's spec, and why it cannot be used. No code and no schema: neither."""
    file = folder / "spec.schema.json"
    if not file.is_file():
        missing = "main.py stands here without spec.schema.json, which says what its spec may hold"
        return {}, [Finding(line=0, level="error", message=missing)] if (folder / "main.py").is_file() else []
    try:
        if file.stat().st_size > SCHEMA_BYTES:
            raise ValueError(f"longer than {SCHEMA_BYTES} bytes")
        schema = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(schema, dict):
            raise ValueError("not a JSON object")
        Draft202012Validator.check_schema(schema)
        if outside := next(_references_outside(schema), ""):
            raise ValueError(f"refers to {outside!r}, outside this file")
    except (ValueError, RecursionError, SchemaError) as error:
        reason = error.message if isinstance(error, SchemaError) else str(error)
        return {}, [Finding(line=0, level="error", message=f"spec.schema.json cannot be used: {reason}")]
    return schema, []


def _references_outside(schema: JsonValue) -> Iterator[str]:
    if isinstance(schema, dict):
        for key in ("$ref", "$dynamicRef"):
            target = schema.get(key)
            if isinstance(target, str) and not target.startswith("#"):
                yield target
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from _references_outside(inner)
