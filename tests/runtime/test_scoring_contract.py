"""Scoring through the job contract: the closed registry, honest gaps, seeds."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT, Verb

pytestmark = pytest.mark.box


@pytest.fixture
def score(box_python: Path, tmp_path: Path):  # type: ignore[no-untyped-def]
    def run(*scorers: dict[str, Any]) -> subprocess.CompletedProcess[str]:
        told = tmp_path / "score.json"
        told.write_text(json.dumps({"out": str(tmp_path / "scored"), "seed": 0, "threads": 1, "scorers": scorers}))
        return subprocess.run(
            [str(box_python), "-m", "skills.runtime", "score", str(told)], cwd=ROOT, capture_output=True, text=True,
            env={"PATH": "/usr/bin:/bin"}, timeout=120,
        )  # fmt: skip

    return run


def read(tmp_path: Path) -> list[dict[str, Any]]:
    return json.loads((tmp_path / "scored" / "scores.json").read_text())["scores"]


def fingerprint_of(environment: Path, seed: int) -> dict[str, Any]:
    return {"name": "seed_fingerprint", "inputs": {"environment": str(environment)}, "params": {"seed": seed}}


def test_a_recorded_seed_is_recognised_and_a_wrong_one_exposed(do: Verb, score: Any, tmp_path: Path) -> None:
    environment = do("work", "out", skill="toy", seed=7).out / "environment.json"
    assert score(fingerprint_of(environment, 7), fingerprint_of(environment, 8)).returncode == 0
    right, wrong = read(tmp_path)
    assert (right["value"], wrong["value"]) == (1.0, 0.0)
    assert wrong["text"] == "differs: numpy, python"


def test_a_scorer_that_breaks_leaves_a_gap_and_the_others_count(do: Verb, score: Any, tmp_path: Path) -> None:
    environment = do("work", "out", skill="toy").out / "environment.json"
    (tmp_path / "broken.json").write_text("{")
    done = score(fingerprint_of(tmp_path / "broken.json", 0), fingerprint_of(environment, 0))
    assert done.returncode == 0
    broken, whole = read(tmp_path)
    assert broken["value"] is None and "JSONDecodeError" in broken["text"]
    assert whole["value"] == 1.0
    assert "Traceback" in done.stderr


def test_a_scorer_outside_the_registry_is_an_error(score: Any) -> None:
    done = score({"name": "flattery"})
    assert done.returncode == 1 and "no scorer 'flattery'" in done.stderr
