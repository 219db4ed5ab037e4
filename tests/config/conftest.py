"""A project and a home of one's own, and short ways to put agents and skills into them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

SCHEMA = {
    "type": "object",
    "properties": {"depth": {"type": "integer", "minimum": 1, "default": 3}},
    "additionalProperties": False,
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def write_toml(project: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = project / "agents.toml"
        file.write_text(dedent(text), encoding="utf-8")
        return file

    return write


@pytest.fixture
def add_agent() -> Callable[..., Path]:
    def add(folder: Path, name: str, *, text: str | None = None, description: str = "Does things.") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.md"
        usual = f"---\nname: {name}\ndescription: {description}\n---\nWork well.\n"
        file.write_text(usual if text is None else text, encoding="utf-8")
        return file

    return add


@pytest.fixture
def add_skill() -> Callable[..., Path]:
    def add(
        folder: Path,
        name: str,
        *,
        text: str | None = None,
        schema: object = SCHEMA,
        main: str | None = "raise SystemExit('the host must not run this')\n",
    ) -> Path:
        skill = folder / name
        skill.mkdir(parents=True)
        usual = f"---\nname: {name}\ndescription: Does one thing.\n---\nHow to.\n"
        (skill / "SKILL.md").write_text(usual if text is None else text, encoding="utf-8")
        if schema is not None:
            (skill / "spec.schema.json").write_text(json.dumps(schema), encoding="utf-8")
        if main is not None:
            (skill / "main.py").write_text(main, encoding="utf-8")
        return skill

    return add
