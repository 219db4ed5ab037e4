"""`mlexpert boxes` and `boxes reap`: what is shown, what is removed, and what is left alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.cli.main import main
from orchestrator.core.errors import BoxFailed
from sandbox import registry
from sandbox.files import paths
from sandbox.owner import this_process
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import BoxSpec

Made = Callable[[str, str], Path]


@pytest.fixture
def dead_owner() -> str:
    """The mark of a process that lived and ended."""
    script = "from sandbox.owner import this_process; print(this_process())"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def box_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """A process box's folder with that run and owner; no other sandbox is asked."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("MLEXPERT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(registry, "known", lambda: (registry.Known(name="process", target=""),))

    def make(run: str, owner: str) -> Path:
        with monkeypatch.context() as patch:
            patch.setattr(paths, "this_process", lambda: owner)
            return paths.make_folder(BoxSpec(run=run, step="train"), "process")

    return make


def test_open_boxes_are_shown_with_whether_their_owner_lives(
    box_of: Made, dead_owner: str, capsys: pytest.CaptureFixture[str]
) -> None:
    box_of("mine", this_process())
    box_of("lost", dead_owner)
    assert main(["boxes", "--output-format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)["boxes"]
    assert [(row["run"], row["step"], row["owner_alive"]) for row in shown] == [
        ("mine", "train", True), ("lost", "train", False),
    ]  # fmt: skip
    assert main(["boxes"]) == 0
    assert "owner is gone" in capsys.readouterr().out


def test_reaping_takes_what_nobody_owns_and_leaves_the_rest(box_of: Made, dead_owner: str) -> None:
    mine, lost = box_of("mine", this_process()), box_of("lost", dead_owner)
    assert main(["boxes", "reap"]) == 0
    assert mine.is_dir()
    assert not lost.exists()


def test_the_boxes_of_a_run_that_is_driven_are_not_reaped(box_of: Made, capsys: pytest.CaptureFixture[str]) -> None:
    mine = box_of("mine", this_process())
    assert main(["boxes", "reap", "mine"]) == 42
    assert "still driven" in capsys.readouterr().err
    assert mine.is_dir()


def test_only_the_named_run_is_reaped(box_of: Made, dead_owner: str) -> None:
    one, two = box_of("one", dead_owner), box_of("two", dead_owner)
    assert main(["boxes", "reap", "one"]) == 0
    assert not one.exists()
    assert two.is_dir()


def test_a_run_without_boxes_is_a_mistake(box_of: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["boxes", "reap", "nobody"]) == 42
    assert "'nobody'" in capsys.readouterr().err


def test_a_sandbox_that_cannot_be_asked_is_named_and_the_leases_stay(
    box_of: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dropped: list[str] = []

    async def drop(_: object, run: str = "") -> int:
        dropped.append(run)
        return 0

    async def broken(*_: object, **__: object) -> int:
        raise BoxFailed("the engine is ill")

    monkeypatch.setattr("sandbox.leases.ledger.Leases.drop_dead", drop)
    assert main(["boxes", "reap"]) == 0
    assert dropped == [""]
    monkeypatch.setattr(ProcessSandbox, "reap", broken)
    assert main(["boxes", "reap"]) == 1
    assert "process: the engine is ill" in capsys.readouterr().err
    assert dropped == [""]
