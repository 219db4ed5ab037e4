"""Whole runs on real input: the command line as a user types it, in process boxes and in containers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from whole import BIN, Mlexpert, Ran


@pytest.fixture
def mlexpert(tmp_path: Path) -> Mlexpert:
    """Run `mlexpert VERB …` with JSON output in an empty folder of its own."""
    return _in_folder(tmp_path)


@pytest.fixture(scope="module")
def diabetes(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One whole run on a real table, for all tests that only look at it."""
    run = _in_folder(tmp_path_factory.mktemp("diabetes"))
    return run("run", f"Predict target in @{tables}/diabetes.csv", "--sandbox", "process")


def _in_folder(tmp_path: Path) -> Mlexpert:
    def run(verb: str, *arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None) -> Ran:
        command = [
            str(BIN / "mlexpert"),
            verb,
            *arguments,
            "--output-format",
            "json",
            "--runs-dir",
            str(tmp_path / "runs"),
        ]
        done = subprocess.run(
            command, cwd=cwd or tmp_path, capture_output=True, text=True, timeout=400, env={**os.environ, **(env or {})}
        )
        assert done.stdout.count("\n") >= 1, done.stderr
        assert "Traceback" not in done.stderr and "Traceback" not in done.stdout
        return Ran(done.returncode, json.loads(done.stdout), done.stderr)

    return run


@pytest.fixture(scope="session")
def tables(box_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Real tables that packages ship, written as a user would have them."""
    folder = tmp_path_factory.mktemp("tables")
    script = (
        "import sys, pathlib; from sklearn import datasets as d\n"
        "out = pathlib.Path(sys.argv[1])\n"
        "for name in ('diabetes', 'breast_cancer', 'wine'):\n"
        "    getattr(d, 'load_' + name)(as_frame=True).frame.to_csv(out / f'{name}.csv', index=False)\n"
    )
    subprocess.run([str(box_python), "-c", script, str(folder)], check=True, timeout=120)
    return folder
