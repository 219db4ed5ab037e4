"""What is trained on both devices: arrays of three kinds with networks of two sizes, and three problems in symbols."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

Arrays = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Case:
    """A job: its skill and spec, what makes its training samples (nothing for problems), its exact solution."""

    skill: str
    spec: dict[str, Any]
    samples: Callable[[], Arrays] | None = None
    truth: Callable[[np.ndarray], np.ndarray] | None = None

    def train(self, folder: Path) -> dict[str, str]:
        """The job's inputs, written to a folder."""
        if self.samples is None:
            return {}
        inputs, labels = self.samples()
        flat = [row.astype(np.float32).tobytes() for row in inputs]
        path = folder / "train.parquet"
        frame = {"inputs": flat, "label": [f"class {one}" for one in labels], "row_id": np.arange(len(flat))}
        pd.DataFrame(frame).to_parquet(path)
        return {"train": str(path)}


def vectors(count: int, width: int) -> Arrays:
    """Ten classes by the largest of ten random smooth functions of normal vectors."""
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(count, width))
    hidden = np.tanh(inputs @ generator.normal(size=(width, 64)) / np.sqrt(width))
    return inputs, (hidden @ generator.normal(size=(64, 10))).argmax(1)


def images(count: int, side: int = 28) -> Arrays:
    """Ten classes of strokes: a class is a random walk, drawn at a random place, with noise."""
    generator = np.random.default_rng(1)
    walks = np.cumsum(np.random.default_rng(2).integers(-1, 2, size=(10, 24, 2)), axis=1)
    labels = np.arange(count) % 10
    found = 0.6 * generator.normal(size=(count, 1, side, side))
    for at, label in enumerate(labels):
        steps = walks[label] - walks[label].min(0) + generator.integers(0, side // 3, size=2)
        found[at, 0, np.clip(steps[:, 0], 0, side - 1), np.clip(steps[:, 1], 0, side - 1)] += 2
    return found, labels


def series(count: int, length: int = 128) -> Arrays:
    """Ten classes of chirps at random times, two channels, with noise."""
    generator = np.random.default_rng(3)
    labels, at = np.arange(count) % 10, np.linspace(0, 1, length)
    start = generator.random((count, 1))
    chirp = np.sin(2 * np.pi * (3 + labels[:, None]) * (at - start) * (1 + 0.5 * (at - start)))
    both = np.stack((chirp, np.roll(chirp, length // 7, axis=1)), axis=1)
    return both + 0.7 * generator.normal(size=both.shape), labels


def deep(shape: list[int], model: str, samples: Callable[[], Arrays], **more: Any) -> Case:
    spec = {"target": "label", "task": "multiclass", "metric": "accuracy", "shape": shape, "patience": 1000, **more}
    return Case("deep", {**spec, "models": ["dummy", model], "cv": {"kind": "stratified", "folds": 3}}, samples)


def problem(equation: str, start: str, low: float, **parameters: float) -> dict[str, Any]:
    faces = [{"at": {"x": end}, "equations": ["u"]} for end in (low, 1)]
    return {
        "coordinates": [{"name": "x", "low": low, "high": 1}, {"name": "t", "low": 0, "high": 1}], "fields": ["u"],
        "equations": [equation], "conditions": [{"at": {"t": 0}, "equations": [f"u - ({start})"]}, *faces],
        "parameters": parameters, "name": "heat" if low == 0 else "burgers",
    }  # fmt: skip


HEAT = problem("u_t - 0.4*u_xx", "sin(pi*x)", 0)
BURGERS = problem("u_t + u*u_x - nu*u_xx", "-sin(pi*x)", -1, nu=0.01 / np.pi)


def heat(points: np.ndarray) -> np.ndarray:
    return np.sin(np.pi * points[:, 0]) * np.exp(-0.4 * np.pi**2 * points[:, 1])


def burgers(points: np.ndarray) -> np.ndarray:
    """Cole's solution by Gauss–Hermite quadrature (Basdevant et al. 1986, doi:10.1016/0045-7930(86)90036-8)."""
    nu = BURGERS["parameters"]["nu"]
    nodes, weights = np.polynomial.hermite.hermgauss(200)
    at = points[:, :1] - np.sqrt(4 * nu * np.maximum(points[:, 1:], 1e-12)) * nodes
    power = -np.cos(np.pi * at) / (2 * np.pi * nu)
    kernel = weights * np.exp(power - power.max(1, keepdims=True))
    return -(kernel * np.sin(np.pi * at)).sum(1) / kernel.sum(1)


def network(told: dict[str, Any], truth: Callable[[np.ndarray], np.ndarray], skill: str = "pinn", **more: Any) -> Case:
    return Case(skill, {"problem": told, **more}, truth=truth)


SHORT = {"optimizer": "gauss_newton", "tolerance": 1e-9, "iterations": 60}
CASES: dict[str, Case] = {
    "mlp, 2,000 vectors of 64": deep([64], "mlp", lambda: vectors(2000, 64), epochs=20),
    "mlp of 1024-1024-512, 20,000 vectors of 784": deep(
        [784], "mlp", lambda: vectors(20_000, 784), epochs=8, hidden=[1024, 1024, 512], batch=256
    ),
    "cnn, 2,000 series of 2 x 128": deep([2, 128], "cnn", lambda: series(2000), epochs=12),
    "cnn, 6,000 images of 28 x 28": deep([1, 28, 28], "cnn", lambda: images(6000), epochs=4),
    "lstm, 2,000 series of 2 x 128": deep([2, 128], "lstm", lambda: series(2000), epochs=8),
    "transformer, 6,000 series of 2 x 128": deep([2, 128], "transformer", lambda: series(6000), epochs=4),
    "transformer of 4 x 256, 6,000 series of 2 x 128": deep(
        [2, 128], "transformer", lambda: series(6000), epochs=2, width=256, layers=4, batch=128
    ),
    "heat": network(HEAT, heat, tolerance=1e-6),
    "heat, 40-40-40": network(HEAT, heat, hidden=[40, 40, 40], **{**SHORT, "iterations": 20}),
    "burgers": network(BURGERS, burgers, tolerance=1e-4),
    "burgers, 20-20": network(BURGERS, burgers, hidden=[20, 20], **SHORT),
    "burgers, 40-40-40": network(BURGERS, burgers, hidden=[40, 40, 40], **{**SHORT, "iterations": 20}),
    "burgers, 60-60-40": network(BURGERS, burgers, hidden=[60, 60, 40], **{**SHORT, "iterations": 20}),
    "heat in jax": network(HEAT, heat, "jax", mode="pinn", tolerance=1e-6),
    "burgers in jax": network(BURGERS, burgers, "jax", mode="pinn", tolerance=1e-4, iterations=60),
}
FULL = deep(
    [2, 128], "transformer", lambda: series(20_000), epochs=1, width=512, heads=16, layers=12, batch=8192
)  # takes some 250 GB
