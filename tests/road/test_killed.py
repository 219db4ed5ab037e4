"""kill -9 of the orchestrator in the middle of a wave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from orchestrator.journal.journal import read_events

HERE = Path(__file__).parent


def start(runs: Path, run_id: str, seconds: float) -> subprocess.Popen[str]:
    return drive("drive_toy.py", runs, run_id, str(seconds))


def drive(script: str, runs: Path, *arguments: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    command = [sys.executable, str(HERE / script), str(runs), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": paths})


def wait_for(journal: Path, event: str, step: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if any(e.event == event and e.step == step for e in read_events(journal)):
            return
        time.sleep(0.05)
    raise AssertionError(f"{event} of {step} never came")


def wait_for_checkpoint(run: Path, step: str) -> None:
    record = run / "unfinished" / step / "attempt.json"
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if record.is_file() and json.loads(record.read_text())["kept"]:
            return
        time.sleep(0.02)
    raise AssertionError(f"no checkpoint of {step} was kept")


def processes_that_name(text: str) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended while we looked
        if text in line and str(os.getpid()) != entry.parent.name:
            found.append(line)
    return found


def test_a_killed_run_resumes_without_repeating_finished_steps_and_leaves_no_box(tmp_path: Path) -> None:
    # one spec for both lives: the second must find the first one's finished step, not a cheaper plan
    with start(tmp_path, "", 4.0) as first:
        assert first.stdout is not None
        run_id = first.stdout.readline().strip()
        journal = tmp_path / run_id / "journal.jsonl"
        wait_for(journal, "step.finished", "quick")
        wait_for(journal, "box.opened", "slow")
        boxes = [str(e.data["box"]) for e in read_events(journal) if e.event == "box.opened" and e.step == "slow"]
        first.send_signal(signal.SIGKILL)
        first.wait()
    end = time.monotonic() + 10
    while processes_that_name(boxes[0]) and time.monotonic() < end:
        time.sleep(0.05)
    assert processes_that_name(boxes[0]) == []

    with start(tmp_path, run_id, 4.0) as second:
        output, _ = second.communicate(timeout=120)
    assert output.split() == [run_id, "not_validated"]  # nothing here measures a toy; that it came to its end counts
    started = [e.step for e in read_events(journal) if e.event == "step.started"]
    assert started == ["quick", "slow", "slow", "last"]
    finished = [e.step for e in read_events(journal) if e.event == "step.finished"]
    assert sorted(finished) == ["last", "quick", "slow"]
    assert [e.seq for e in read_events(journal)] == list(range(len(read_events(journal))))


def test_a_killed_step_goes_on_from_its_checkpoint_to_the_same_bits(tmp_path: Path) -> None:
    with drive("drive_counter.py", tmp_path / "whole", "") as whole:
        told, _ = whole.communicate(timeout=120)
    with drive("drive_counter.py", tmp_path / "cut", "") as first:
        assert first.stdout is not None
        run = tmp_path / "cut" / first.stdout.readline().strip()
        wait_for_checkpoint(run, "count")
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert not (run / "steps/count/result.json").exists()

    with drive("drive_counter.py", tmp_path / "cut", run.name) as second:
        output, _ = second.communicate(timeout=120)
    assert output.split() == [run.name, "not_validated"]
    events = read_events(run / "journal.jsonl")
    (resumed,) = [event for event in events if event.event == "step.resumed"]
    counts = [event.data["done"] for event in events if event.event == "step.progress" and event.seq > resumed.seq]
    # what was last heard may be one count ahead of what was copied, or one behind
    assert counts[0] > 1 and abs(float(str(counts[0])) - float(str(resumed.data["done"]))) <= 2
    made = [path / "steps/count/out/model/state.npz" for path in (run, tmp_path / "whole" / told.split()[0])]
    assert made[0].read_bytes() == made[1].read_bytes()
    assert not (run / "unfinished").exists()
