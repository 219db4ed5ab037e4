"""Deployments as a user types them: without an engine in a box, with one as an image that is built and started."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.box


def run(models: Path, runs: Path, text: str, sandbox: str) -> tuple[int, dict[str, Any]]:
    command = [str(Path(sys.executable).parent / "mlexpert"), "run", text, "--runs-dir", str(runs),
               "--output-format", "json", "--sandbox", sandbox]  # fmt: skip
    done = subprocess.run(command, cwd=models, capture_output=True, text=True, timeout=300, env={**os.environ})
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.bwrap
def test_without_an_engine_the_service_is_proved_in_a_box_and_its_image_is_not(
    bwrap: None, models: Path, tmp_path: Path
) -> None:
    words = "Deploy m.joblib with the schema of train.csv, target y"
    code, answer = run(models, tmp_path / "runs", words, "bubblewrap")
    assert (code, answer["status"], answer["route"]) == (3, "not_validated", "deploy"), answer["message"]
    checks = {check["id"]: check for check in answer["checks"]}
    assert checks["deploy.equivalence"]["verdict"] == checks["deploy.health"]["verdict"] == "passed"
    assert "60 of rows of train.csv" in checks["deploy.equivalence"]["reason"]
    assert (
        checks["deploy.image"]["verdict"] == "unknown" and "wants a Docker engine" in checks["deploy.image"]["reason"]
    )
    document = json.loads((Path(answer["run_dir"]) / "steps/deploy/out/service/openapi.json").read_text())
    assert set(document["paths"]) == {"/predict", "/predict/batch", "/health", "/ready", "/metrics", "/model"}
    (sample,) = [one for name, one in document["components"]["schemas"].items() if name == "Sample"]
    assert sample["properties"]["size m2"]["type"] == "number" and sample["required"] == ["size m2", "b"]


@pytest.mark.docker
def test_the_image_is_built_started_proved_and_taken_away(engine: None, models: Path, tmp_path: Path) -> None:
    code, answer = run(models, tmp_path / "runs", "Deploy m.joblib with the schema of train.csv, target y", "docker")
    assert (code, answer["status"]) == (0, "validated"), answer["message"]
    values = {claim["text"]: claim["value"] for claim in answer["claims"]}
    assert values["Size of the image"] > 100 and values["From its start until it was ready"] > 0
    left = subprocess.run(["docker", "images", "-q", "mlexpert-service"], capture_output=True, text=True, check=True)
    running = ["docker", "ps", "-aq", "--filter", f"label=mlexpert.run={answer['run_id']}"]
    assert left.stdout == subprocess.run(running, capture_output=True, text=True, check=True).stdout == ""
