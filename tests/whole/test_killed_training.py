"""kill -9 of a real training, then resume: what was finished is not run again, and no box is left.

The boxes here end with their owner; `test_picked_up.py` is about those that do not.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from whole import BIN, Mlexpert

from orchestrator.journal.journal import read_events

pytestmark = pytest.mark.box

# All weights of three layers are trained, so that the kill finds the training at work; the peers are done by then.
REQUEST = "Train a PINN with 3 hidden layers of 20 to solve the heat equation by Gauss-Newton"


def run_dir(runs: Path) -> Path | None:
    return next((path.parent for path in runs.glob("*/request.json")), None)


def seen(runs: Path, event: str, step: str) -> bool:
    folder = run_dir(runs)
    return folder is not None and any(
        e.event == event and e.step == step for e in read_events(folder / "journal.jsonl")
    )


def boxes_opened(folder: Path) -> list[str]:
    return [str(e.data["box"]) for e in read_events(folder / "journal.jsonl") if e.event == "box.opened"]


def boxes_left(folder: Path, sandbox: str) -> list[str]:
    """What runs of the run's boxes: containers by their label, else processes whose command names a box's id."""
    run_id = folder.name
    if sandbox == "docker":
        told = subprocess.run(
            ["docker", "ps", "-a", "-q", "--filter", f"label=mlexpert.run={run_id}"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return told.stdout.split()
    boxes = boxes_opened(folder)
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().decode(errors="replace")
        except OSError:
            continue  # it ended while we looked
        if any(box in line for box in boxes):
            found.append(line)
    return found


@pytest.mark.parametrize("sandbox", ["process", "bubblewrap"])
def test_a_killed_training_is_resumed(
    mlexpert: Mlexpert, tmp_path: Path, sandbox: str, request: pytest.FixtureRequest
) -> None:
    runs = tmp_path / "runs"
    if sandbox == "bubblewrap":
        request.getfixturevalue("bwrap")
    command = [str(BIN / "mlexpert"), "run", REQUEST, "--sandbox", sandbox, "--runs-dir", str(runs)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 120
        while not all(seen(runs, *what) for what in (
            ("step.finished", "reference"), ("step.finished", "constraints"), ("step.progress", "train")
        )):  # fmt: skip
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < end
            time.sleep(0.05)
        assert not seen(runs, "step.finished", "train")
        folder = run_dir(runs)
        assert folder is not None
        assert boxes_left(folder, sandbox), "no box was found while the training ran: the search itself is broken"
        process.send_signal(signal.SIGKILL)
        process.wait()
    end = time.monotonic() + 15
    while boxes_left(folder, sandbox) and time.monotonic() < end:
        time.sleep(0.1)
    assert boxes_left(folder, sandbox) == []

    done = subprocess.run(
        [str(BIN / "mlexpert"), "run", "--resume", folder.name, "--runs-dir", str(runs), "--output-format", "json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, env=dict(os.environ),
    )  # fmt: skip
    answer = json.loads(done.stdout)
    started = [e.step for e in read_events(folder / "journal.jsonl") if e.event == "step.started"]
    assert sorted(started) == ["classical", "constraints", "physics", "reference", "train", "train"]
    assert {"evaluation.metric"} <= {check["id"] for check in answer["checks"]}
    assert (done.returncode, answer["status"]) == (0, "validated"), answer["message"]
    assert boxes_left(folder, sandbox) == []
