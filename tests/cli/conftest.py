from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.cli import road

from .fake_road import FakeRoad

ROOT = Path(__file__).parents[2]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeRoad:
    """A scripted road in place of the application."""
    scripted = FakeRoad(runs_dir=tmp_path)
    monkeypatch.setattr(road, "opener", lambda: scripted)
    return scripted


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Starts the command line as a process on a named scripted road; files of its own for temporary things."""

    def begin(name: str, *arguments: str, **more: object) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path), "TERM": "dumb"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **more}
        script = Path(__file__).with_name("scripted.py")
        command = [sys.executable, str(script), name, str(tmp_path), *arguments]
        return subprocess.Popen(command, env=environment, cwd=ROOT, text=True, **pipes)  # type: ignore[call-overload]

    return begin
