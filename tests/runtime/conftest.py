"""A library folder as a box sees it: the runtime and one toy skill, run by this Python as the host runs a box's."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """A job's end: exit code, what it printed, its out folder."""

    code: int
    stdout: str
    stderr: str
    out: Path

    def json(self, name: str) -> Any:
        return json.loads((self.out / name).read_text())


Verb = Callable[..., Ended]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    skills = tmp_path / "lib" / "skills"
    skills.mkdir(parents=True)
    (skills / "runtime").symlink_to(ROOT / "skills" / "runtime")
    (skills / "toy").symlink_to(Path(__file__).parent / "toy")
    return skills.parent


@pytest.fixture
def do(library: Path, tmp_path: Path) -> Verb:
    """`do("work", "out-name", skill="toy", …)`: one verb in a fresh process."""

    def run(verb: str, name: str, **job: Any) -> Ended:
        out = tmp_path / name
        told = tmp_path / f"{name}.json"
        told.write_text(json.dumps({"out": str(out), "inputs": {}, "models": {}, "seed": 0, "threads": 1, **job}))
        done = subprocess.run(
            [sys.executable, "-m", "skills.runtime", verb, str(told)],
            cwd=tmp_path, capture_output=True, text=True, timeout=60,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(library), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr, out)

    return run
