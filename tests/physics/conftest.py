"""The physics skill, run in a box's Python through the job contract."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Boxed:
    """A verb's end: exit code, standard output, and its out folder."""

    code: int
    output: str
    out: Path

    def json(self, name: str) -> Any:
        return json.loads((self.out / name).read_text())

    @property
    def claims(self) -> dict[str, float]:
        return {claim["name"]: claim["value"] for claim in self.json("claims.json")}


@pytest.fixture(scope="session")
def box(box_python: Path) -> Callable[..., Boxed]:
    """Run one verb of the job contract, as the host does."""

    def run(verb: str, out: Path, **job: Any) -> Boxed:
        out.mkdir(parents=True, exist_ok=True)
        told = out.parent / f"{out.name}-job.json"
        told.write_text(json.dumps({"out": str(out), "inputs": {}, "seed": 0, "threads": 1, **job}))
        done = subprocess.run(
            [str(box_python), "-m", "skills.runtime", verb, str(told)],
            cwd=ROOT, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}, timeout=300,
        )  # fmt: skip
        return Boxed(done.returncode, done.stdout + done.stderr, out)

    return run
