"""kill -9 at random moments until the run comes to its end: nothing lost, nothing twice, no box left."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from test_killed import processes_that_name, start

from orchestrator.journal.journal import read_events


def campaign(runs: Path, kills: int, seed: int) -> None:
    generator = random.Random(seed)
    run_id = ""
    for _ in range(kills):
        with start(runs, run_id, 1.5) as process:
            assert process.stdout is not None
            run_id = process.stdout.readline().strip() or run_id
            try:
                process.wait(generator.uniform(0.2, 6.0))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
    with start(runs, run_id, 1.5) as process:
        output, _ = process.communicate(timeout=120)
    assert output.split() == [run_id, "not_validated"]
    events = read_events(runs / run_id / "journal.jsonl")
    finished = [event.step for event in events if event.event == "step.finished"]
    assert len(finished) == len(set(finished)), "a finished step was run again"
    assert {path.parent.name for path in (runs / run_id / "steps").glob("*/result.json")} == {"quick", "slow", "last"}
    for step in ("quick", "slow", "last"):
        starts = [event.seq for event in events if event.event == "step.started" and event.step == step]
        ends = [event.seq for event in events if event.event == "step.finished" and event.step == step]
        assert all(begun < end for begun in starts for end in ends), f"{step} was started after it had finished"
    boxes = {str(event.data["box"]) for event in events if event.event == "box.opened"}
    deadline = time.monotonic() + 10
    while any(processes_that_name(box) for box in boxes) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [box for box in boxes if processes_that_name(box)]


def test_a_run_killed_at_random_moments_comes_to_its_end(tmp_path: Path) -> None:
    campaign(tmp_path, kills=2, seed=20261122)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10))
def test_many_runs_killed_at_random_moments_come_to_their_ends(tmp_path: Path, seed: int) -> None:
    campaign(tmp_path, kills=6, seed=seed)
