"""Running batches, and comparing what comes back with truths."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from skills.runtime.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
POINTS = 3000


@dataclass(frozen=True)
class Solved:
    """The out folder of a job that was done, and the points at which its model was asked."""

    out: Path
    points: np.ndarray

    def json(self, name: str) -> Any:
        return json.loads((self.out / name).read_text())

    @property
    def code(self) -> int:
        return int(self.json("told.json")["code"])

    @property
    def claims(self) -> dict[str, float]:
        return {claim["name"]: claim["value"] for claim in self.json("claims.json")}

    def values(self, variant: str = "delivered") -> np.ndarray:
        name = "predictions" if variant == "delivered" else f"predictions-{variant}"
        with np.load(self.out / f"{name}.npz") as held:
            return np.asarray(held["outputs"])

    def error(self, truth: Callable[[np.ndarray], np.ndarray], variant: str = "delivered") -> float:
        """Relative L2 error of the worst field at the points inside; a field that is zero counts by its values."""
        wanted = truth(self.points[-POINTS:])
        sizes = np.linalg.norm(wanted, axis=0)
        gaps = np.linalg.norm(self.values(variant)[-POINTS:] - wanted, axis=0)
        return float((gaps / np.where(sizes > 0, sizes, 1.0)).max())


def drawn(problem: Problem) -> np.ndarray:
    """Corners of the box, and points inside."""
    low, high = (np.array([getattr(axis, end) for axis in problem.coordinates]) for end in ("low", "high"))
    corners = np.stack(np.meshgrid(*zip(low, high, strict=True), indexing="ij"), axis=-1).reshape(-1, len(low))
    return np.vstack([corners, np.random.default_rng(11).uniform(low, high, size=(POINTS, len(low)))])


def solve(
    python: Path, folder: Path, specs: dict[str, dict[str, Any]], inputs: dict[str, dict[str, str]] | None = None
) -> dict[str, Solved]:
    """Each spec's job in one process, with its inputs and predictions of all its variants."""
    jobs, found = [], {}
    for place, (name, spec) in enumerate(specs.items()):
        problem = Problem.model_validate(spec["problem"])
        out, points = folder / str(place), drawn(problem)
        out.mkdir(parents=True)
        np.savez(out / "points.npz", inputs=points, input_names=list(problem.names))
        mode = spec.get("mode", "reference")
        variants = {"reference": ["delivered", "half"], "fit": ["delivered", "half"], "baseline": ["delivered"]}
        asked = {"points": str(out / "points.npz"), "variants": variants[mode]} if mode in variants else {}
        jobs.append({"work": {"out": str(out), "spec": spec, "inputs": (inputs or {}).get(name, {})}, **asked})
        found[name] = Solved(out, points)
    told = folder / "jobs.json"
    told.write_text(json.dumps(jobs))
    done = subprocess.run(
        [str(python), "-W", "error::RuntimeWarning", "-m", "tests.simulate.batch", str(told)], cwd=ROOT,
        capture_output=True, text=True, timeout=280, env={"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    for solved in found.values():
        if solved.code == 1:
            raise AssertionError(done.stderr[-4000:])
    return found
