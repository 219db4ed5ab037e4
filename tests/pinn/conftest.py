"""The pinn skill in a box's Python, through the job contract."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Boxed:
    """A verb's end."""

    code: int
    output: str
    out: Path

    def json(self, name: str) -> Any:
        return json.loads((self.out / name).read_text())


Box = Callable[..., Boxed]
Field = Callable[..., np.ndarray]


@pytest.fixture(scope="session")
def box(box_python: Path) -> Box:
    """`box("work", folder, spec=…, seed=…)`: one verb in a fresh process; `path` stands before the skills."""

    def run(verb: str, out: Path, path: Path = ROOT, **job: Any) -> Boxed:
        out.mkdir(parents=True, exist_ok=True)
        told = out.parent / f"{out.name}-job.json"
        told.write_text(json.dumps({"skill": "pinn", "out": str(out), "inputs": {}, "seed": 0, "threads": 1, **job}))
        done = subprocess.run(
            [str(box_python), "-m", "skills.runtime", verb, str(told)], cwd=ROOT, capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{path}:{ROOT}"}, timeout=300,
        )  # fmt: skip
        return Boxed(done.returncode, done.stdout + done.stderr, out)

    return run


def grid(low: tuple[float, float] = (0.0, 0.0), high: tuple[float, float] = (1.0, 1.0), count: int = 41) -> np.ndarray:
    """(count², 2) points, columns x and t."""
    x, t = np.meshgrid(np.linspace(low[0], high[0], count), np.linspace(low[1], high[1], count))
    return np.column_stack([x.ravel(), t.ravel()])


@pytest.fixture
def field(box: Box, tmp_path: Path) -> Field:
    """`field(model, points, variant, names)`: fields (n, k), or u (n,) where there is one, by a predict job."""

    def predict(
        model: Path, points: np.ndarray, variant: str = "delivered", names: tuple[str, ...] = ("x", "t")
    ) -> np.ndarray:
        np.savez(tmp_path / "points.npz", inputs=points, input_names=np.array(names))
        done = box(
            "predict", tmp_path / f"predicted-{variant}", inputs={"points": str(tmp_path / "points.npz")},
            models={"subject": {"skill": "pinn", "path": str(model)}}, variants=[variant],
        )  # fmt: skip
        assert done.code == 0, done.output
        with np.load(done.out / "predictions.npz") as held:
            return held["outputs"][:, 0] if held["outputs"].shape[1] == 1 else held["outputs"]

    return predict


def relative_l2(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))
