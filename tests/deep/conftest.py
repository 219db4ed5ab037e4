"""Array data for the deep skill, split by the host and worked on in a box's Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.data.arrays_profile import profile_arrays
from orchestrator.data.arrays_split import split_arrays
from orchestrator.data.split import SplitRecord

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = np.array([
    [5, 6, 6.5, 6.75, 7, 7, 7, 7, 6.75, 6.5, 6, 5], [5, 3, 3, 3.4, 3.8, 4.2, 4.6, 5, 5.4, 5.8, 5, 5],
    [5, 6, 6.5, 6.5, 6, 5.25, 4.75, 4, 3.5, 3.5, 4, 5], [5, 6, 6.5, 6.5, 6, 5, 5, 6, 6.5, 6.5, 6, 5],
    [5, 4.4, 3.8, 3.2, 2.6, 2.6, 5, 5, 5, 5, 5, 5], [5, 3, 3, 3, 3, 5, 6, 6.5, 6.5, 6, 4.5, 5],
    [5, 4, 3.5, 3.25, 3, 3, 3, 3, 3.25, 3.5, 4, 5], [5, 7, 7, 6.6, 6.2, 5.8, 5.4, 5, 4.6, 4.2, 5, 5],
    [5, 4, 3.5, 3.5, 4, 5, 5, 4, 3.5, 3.5, 4, 5], [5, 4, 3.5, 3.5, 4, 5, 5, 5, 5, 4.7, 4.3, 5],
])  # fmt: skip


def signals(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(count, 40) signals of ten classes: a template padded, scaled, moved and sheared, with smooth and white noise.

    After MNIST-1D, Greydanus, S. & Kobak, D. (2024) arXiv:2011.14439: the class lies in the order of the values alone.
    """
    generator = np.random.default_rng(seed)
    classes = np.arange(count) % len(TEMPLATES)
    smooth = np.exp(-0.5 * (np.arange(-6, 7) / 2.0) ** 2)
    found = []
    for kind in classes:
        shape = TEMPLATES[kind] - TEMPLATES[kind].mean()
        padded = np.concatenate([shape / shape.std(), np.zeros(generator.integers(36, 61))])
        wide = np.interp(np.linspace(0, len(padded) - 1, 72), np.arange(len(padded)), padded)
        moved = np.roll(wide * (1 + 0.4 * (generator.random() - 0.5)), generator.integers(0, 48))
        moved = moved + 0.25 * np.convolve(generator.normal(size=72), smooth / np.sqrt((smooth**2).sum()), "same")
        sheared = moved + 0.75 * (generator.random() - 0.5) * np.linspace(-0.5, 0.5, 72)
        found.append(np.interp(np.linspace(0, 71, 40), np.arange(72), sheared) + 0.02 * generator.normal(size=40))
    return np.array(found), classes


def plan_for(path: Path, *, task: str = "multiclass", metric: str = "accuracy", **split: Any) -> DataStrategy:
    profile = profile_arrays(path)
    target = next(column.name for column in profile.columns if column.name not in ("inputs", "groups"))
    kind = "random" if task == "regression" else "stratified"
    return DataStrategy.model_validate(
        {
            "file": str(path), "sha256": profile.sha256, "target": target, "task": task, "features": ("inputs",),
            "split": SplitPlan(kind=split.pop("kind", kind), **split), "metric": metric, "arrays": profile.arrays,
        }
    )  # fmt: skip


def split(path: Path, plan: DataStrategy, root: Path, seed: int = 0) -> SplitRecord:
    return split_arrays(path, plan, seed=seed, destination=root / "run", sealed=root / "sealed")


def spec_for(plan: DataStrategy, **changes: Any) -> dict[str, Any]:
    """A spec small enough for a test."""
    assert plan.arrays is not None
    kind = "kfold" if plan.task == "regression" else "stratified"
    return {
        "target": plan.target, "task": plan.task, "metric": plan.metric, "shape": list(plan.arrays.shape),
        "dtype": plan.arrays.dtype, "cv": {"kind": kind, "folds": 2}, "trees": 20, "epochs": 8, "hidden": [32],
        "channels": [8, 16], **changes,
    }  # fmt: skip


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """160 small images with a bright row or a bright column somewhere."""
    generator = np.random.default_rng(1)
    labels = np.arange(160) % 2
    images = 0.5 * generator.normal(size=(160, 6, 6))
    for place, label in enumerate(labels):
        at = generator.integers(6)
        images[(place, at) if label else (place, slice(None), at)] += 1.5
    path = tmp_path / "bars.npz"
    np.savez(path, images=images, labels=np.where(labels, "row", "column"))
    return path
