"""A wheel in an empty environment away from the checkout runs the same request, beside another `agents` package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.box


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, box_python: Path) -> Path:
    """The bin folder of a fresh environment with the wheel and openai-agents; the box environment is ready."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (wheel,) = folder.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "env")], check=True, timeout=120)
    pip = [str(folder / "env" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input"]
    lock = str(ROOT / "locks" / "host.txt")
    subprocess.run([*pip, "--constraint", lock, str(wheel)], check=True, timeout=600)
    subprocess.run([*pip, "--no-deps", "openai-agents"], check=True, timeout=300)
    return folder / "env" / "bin"


def test_a_wheel_away_from_the_checkout_runs_the_main_job(installed: Path, tmp_path: Path) -> None:
    command = [
        str(installed / "mlexpert"), "run", "Train a PINN to solve the heat equation", "--sandbox", "process",
        "--output-format", "json",
    ]  # fmt: skip
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, env=env)
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["status"]) == (0, "validated"), answer["message"] + done.stderr[-2000:]
    assert Path(answer["run_dir"]).is_relative_to(tmp_path)


def test_openai_agents_and_mlexpert_install_side_by_side(installed: Path, tmp_path: Path) -> None:
    where = "import importlib.util as u; print(u.find_spec('agents').origin); import orchestrator; orchestrator.Answer"
    done = subprocess.run(
        [str(installed / "python"), "-c", where], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "site-packages/agents/" in done.stdout
    files = subprocess.run(
        [str(installed / "python"), "-m", "pip", "show", "-f", "mlexpert"], capture_output=True, text=True, check=True
    ).stdout
    tops = {line.strip().split("/")[0] for line in files.split("Files:")[1].splitlines() if "/" in line}
    assert {top for top in tops if not top.startswith(("..", "mlexpert-"))} == {"orchestrator", "sandbox"}
