"""kill -9 of mlexpert while it trains in a container: the training runs on, and `--resume` picks it up."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest
from test_killed_training import REQUEST, boxes_left, run_dir, seen
from whole import BIN, Mlexpert

from orchestrator.journal.journal import read_events

pytestmark = [pytest.mark.box, pytest.mark.docker]


def test_a_training_in_a_container_goes_on_and_is_picked_up(mlexpert: Mlexpert, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = [str(BIN / "mlexpert"), "run", REQUEST, "--sandbox", "docker", "--runs-dir", str(runs)]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        end = time.monotonic() + 180
        while not all(seen(runs, *what) for what in (
            ("step.finished", "reference"), ("step.finished", "constraints"), ("step.progress", "train")
        )):  # fmt: skip
            assert process.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < end
            time.sleep(0.05)
        folder = run_dir(runs)
        assert folder is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
    time.sleep(2.0)
    [left] = boxes_left(folder, "docker")
    listed = subprocess.run([str(BIN / "mlexpert"), "boxes"], capture_output=True, text=True, check=True).stdout
    [row] = [line for line in listed.splitlines() if folder.name in line]
    assert row.startswith(left)
    assert " kept " in row
    assert "owner is gone" in row

    done = subprocess.run(
        [str(BIN / "mlexpert"), "run", "--resume", folder.name, "--runs-dir", str(runs), "--output-format", "json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["status"]) == (0, "validated"), answer["message"]
    events = read_events(folder / "journal.jsonl")
    opened = [e.data["box"] for e in events if e.event == "box.opened" and e.step == "train"]
    rejoined = [e.data["box"] for e in events if e.event == "box.rejoined"]
    assert rejoined == opened, "the very box of the killed run was picked up, and no second one trained"
    assert boxes_left(folder, "docker") == []
