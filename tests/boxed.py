"""One verb of the job contract, run in a box's Python as the host does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


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


Box = Callable[..., Boxed]


def runner(python: Path) -> Box:
    """`run(verb, out, **job)` with that Python."""

    def run(verb: str, out: Path, **job: Any) -> Boxed:
        out.mkdir(parents=True, exist_ok=True)
        told = out.parent / f"{out.name}-job.json"
        told.write_text(json.dumps({"out": str(out), "inputs": {}, "seed": 0, "threads": 1, **job}))
        done = subprocess.run(
            [str(python), "-m", "skills.runtime", verb, str(told)],
            cwd=ROOT, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}, timeout=300,
        )  # fmt: skip
        return Boxed(done.returncode, done.stdout + done.stderr, out)

    return run
