"""The command line as a process: signals, closed pipes and a real terminal."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .fake_road import RUN, validated

Start = Callable[..., "subprocess.Popen[str]"]


def _wait_for(process: subprocess.Popen[str], text: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"{text!r} was never said")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_and_says_how_to_go_on(start: Start, number: signal.Signals) -> None:
    process = start("hangs", "run", "x", "--output-format", "json")
    _wait_for(process, "train: 1 of 60")
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    shown = json.loads(out)
    assert (shown["status"], shown["run_id"]) == ("interrupted", RUN)
    assert f"--resume {RUN}" in shown["error"]["remedy"]
    assert "Traceback" not in err


def test_a_stopped_run_shows_the_answer_that_the_road_wrote(start: Start, tmp_path: Path) -> None:
    written = validated(status="interrupted", message="stopped in the middle", route="train/pinn")
    (tmp_path / RUN).mkdir()
    (tmp_path / RUN / "answer.json").write_text(json.dumps(written.as_json()))
    process = start("hangs", "run", "x", "--output-format", "json")
    _wait_for(process, "train: 1 of 60")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 130
    assert json.loads(out)["message"] == "stopped in the middle"


def test_a_reader_that_goes_away_breaks_nothing(start: Start) -> None:
    process = start("long", "run", "x", "--output-format", "stream-json")
    assert process.stdout is not None
    assert json.loads(process.stdout.readline())["event"] == "run.started"
    process.stdout.close()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Broken" not in err
    assert "Traceback" not in err


def test_an_output_without_utf8_gets_valid_json_and_readable_text(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii:strict")
    process = start("unicode", "run", "x", "--output-format", "json")
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert json.loads(out)["message"] == "Fehler ≤ 1e-4 – gültig"
    process = start("unicode", "run", "x")
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out.isascii()) == (0, True)
    assert "Traceback" not in err


def _on_a_terminal(start: Start, *arguments: str, types: str = "") -> tuple[int, str, str]:
    """(exit code, stdout, what the terminal showed) of a run whose stdin and stderr are one terminal."""
    ours, theirs = pty.openpty()
    process = start("asks", *arguments, stdin=theirs, stderr=theirs)
    os.close(theirs)
    screen, deadline = "", time.monotonic() + 20
    try:
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 0.2)[0]:
                if process.poll() is not None:
                    break
                continue
            try:
                piece = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            screen += piece.decode(errors="replace")
            if types and "[y/N]" in screen:
                os.write(ours, types.encode())
                types = ""
        assert process.stdout is not None
        return process.wait(timeout=20), process.stdout.read(), screen
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
        os.close(ours)


def test_approve_shows_the_plan_on_the_terminal_and_goes_on_after_yes(start: Start) -> None:
    code, out, screen = _on_a_terminal(start, "run", "x", "--approve", types="y\n")
    assert code == 0
    assert "1. Problem formulation" in screen
    assert "Solve u_t = 0.4 u_xx" in screen
    assert out.startswith("Validated")


def test_approve_stops_after_anything_but_yes(start: Start) -> None:
    code, out, _ = _on_a_terminal(start, "run", "x", "--approve", "--output-format", "json", types="\n")
    assert code == 0
    assert json.loads(out)["status"] == "planned"


def test_box_run_takes_the_kind_of_the_file_and_ends_quietly_when_told_to(tmp_path: Path) -> None:
    (tmp_path / "agents.toml").write_text('[sandbox]\nkind = "process"\n')
    command = [
        sys.executable,
        "-m",
        "orchestrator.cli.main",
        "box",
        "run",
        "--trust-code",
        "--output-format",
        "json",
        "--",
    ]
    done = subprocess.run([*command, "true"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["sandbox"] == "process", done.stderr
    with subprocess.Popen(
        [*command, "sh", "-c", "echo begun >&2; sleep 60"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert any("begun" in line for line in process.stderr)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["status"] == "interrupted"
    assert "Traceback" not in err
