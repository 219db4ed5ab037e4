"""Tables on disk, and the plans that split them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.data.split import SplitRecord, split_table

Make = Callable[..., DataStrategy]
Split = Callable[..., SplitRecord]


@pytest.fixture
def csv(tmp_path: Path) -> Callable[..., Path]:
    """Write text or bytes to a CSV file and give its path."""

    def write(content: str | bytes, name: str = "data.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """A table of 60 rows: two numbers, a category, a patient (12 of them), a day, a number and a class to predict."""
    generator = np.random.default_rng(7)
    age = generator.normal(50, 10, 60).round(3)
    frame = pd.DataFrame(
        {
            "age": age,
            "dose": generator.normal(2, 0.5, 60).round(3),
            "site": generator.choice(["north", "south"], 60),
            "patient": [f"p{place % 12}" for place in range(60)],
            "day": pd.date_range("2026-01-01", periods=60).strftime("%Y-%m-%d"),
            "score": (age / 10 + generator.normal(0, 1, 60)).round(3),
            "ill": np.where(age > np.sort(age)[40], "yes", "no"),
        }
    )
    path = tmp_path / "visits.csv"
    frame.to_csv(path, index=False)
    return path


def strategy(path: Path, **changes: Any) -> DataStrategy:
    """A plan for the visits; `kind`, `column`, `shuffle` and `fraction` change its split, the rest the strategy."""
    split = SplitPlan(
        kind=changes.pop("kind", "random"),
        test_fraction=changes.pop("fraction", 0.2),
        column=changes.pop("column", None),
        shuffle=changes.pop("shuffle", True),
    )
    told: dict[str, Any] = {
        "file": str(path), "sha256": "", "target": "score", "task": "regression",
        "features": ("age", "dose", "site"), "metric": "rmse",
    }  # fmt: skip
    return DataStrategy(**{**told, **changes}, split=split)


@pytest.fixture
def split(tmp_path: Path) -> Split:
    """Split a file by a changed plan, into tmp_path/run and tmp_path/sealed."""

    def run(path: Path, seed: int = 0, **changes: Any) -> SplitRecord:
        return split_table(
            path, strategy(path, **changes), seed=seed, destination=tmp_path / "run", sealed=tmp_path / "sealed"
        )

    return run
