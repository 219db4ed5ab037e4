"""kill -9 of a run with three Docker boxes at work: nothing is lost, repeated or left, and the results are the same."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from drive_parallel import STEPS, ledger

from benchmarks import record
from orchestrator.journal.events import Event
from orchestrator.journal.journal import read_events
from sandbox.docker.backend import DockerSandbox

HERE = Path(__file__).parent
ALL = {*STEPS, "last"}
pytestmark = [pytest.mark.docker, pytest.mark.box]


@pytest.fixture(scope="module", autouse=True)
def engine() -> None:
    if why := asyncio.run(DockerSandbox().probe()):
        pytest.skip(why)  # under CI the skip is a failure


def start(place: Path, run_id: str, seconds: float) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    (place / "tmp").mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(place / "tmp")}
    command = [sys.executable, str(HERE / "drive_parallel.py"), str(place), run_id, str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def to_its_end(place: Path, run_id: str, seconds: float) -> str:
    with start(place, run_id, seconds) as process:
        output, _ = process.communicate(timeout=300)
    told = output.split()
    assert process.returncode == 0 and told[1:] == ["not_validated"], output
    return told[0]


def results(place: Path, run_id: str) -> dict[str, object]:
    """What each step brought: its claims, and the files that came out with their contents."""
    found: dict[str, object] = {}
    for step in sorted(ALL):
        folder = place / run_id / "steps" / step
        result = json.loads((folder / "result.json").read_text())
        files = {str(path.relative_to(folder)): path.read_text() for path in (folder / "out").rglob("*.txt")}
        assert files, f"{step} brought no file"
        found[step] = {"claims": result.get("claims"), "files": files}
    return found


def left(run_id: str, place: Path) -> list[str]:
    """Containers and volumes of the run, folders of its boxes."""
    label = ["--quiet", "--filter", f"label=mlexpert.run={run_id}"]
    told = [
        subprocess.run(["docker", *words, *label], capture_output=True, text=True, check=True).stdout.split()
        for words in (["ps", "--all"], ["volume", "ls"], ["network", "ls"])
    ]
    return [*(name for names in told for name in names), *(path.name for path in (place / "tmp").glob("mlexpert-*"))]


def has_printed(place: Path, run_id: str, process: subprocess.Popen[str]) -> None:
    """Waits until a step's command has printed: its box then outlives whoever is killed."""
    patience = time.monotonic() + 120
    while not any(event.event == "step.progress" for event in journal_of(place, run_id)):
        assert process.poll() is None, "it ended before a step's command printed"
        assert time.monotonic() < patience, "no step's command printed"
        time.sleep(0.05)


def journal_of(place: Path, run_id: str) -> Sequence[Event]:
    return read_events(place / run_id / "journal.jsonl")


def killed_run(place: Path, most: int, seconds: float, generator: random.Random, *, sure: bool) -> tuple[str, int]:
    """A run that is killed up to `most` times while it lasts, then driven to its end; how often it was killed.

    The moments are drawn by chance; with `sure` the first one is when a step is at work in its box.
    """
    run_id, kills = "", 0
    while kills < most:
        with start(place, run_id, seconds) as process:
            assert process.stdout is not None
            run_id = process.stdout.readline().strip() or run_id
            try:
                if sure and not kills:
                    has_printed(place, run_id, process)
                    process.wait(0)
                else:
                    process.wait(generator.uniform(0.1, 5.0 + seconds))
                break  # it came to its end first
            except subprocess.TimeoutExpired:
                kills += 1
            finally:
                process.kill()
    return to_its_end(place, run_id, seconds), kills


def open_at_once(events: Sequence[Event]) -> int:
    """The most boxes that one driver of the run had open at one moment."""
    held: set[str] = set()
    most = 0
    for event in events:
        if event.event == "run.started":
            held.clear()  # whoever held them was killed
        elif event.event in ("box.opened", "box.rejoined"):
            held.add(str(event.data["box"]))
        elif event.event == "box.closed":
            held.discard(str(event.data["box"]))
        most = max(most, len(held))
    return most


def check(place: Path, run_id: str, expected: dict[str, object]) -> None:
    events = journal_of(place, run_id)
    finished = [event.step for event in events if event.event == "step.finished"]
    assert sorted(finished) == sorted(ALL), "every step finished once"
    for step in ALL:
        end = max(event.seq for event in events if event.event == "step.finished" and event.step == step)
        again = [event.seq for event in events if event.event == "step.started" and event.step == step]
        assert all(seq < end for seq in again), f"{step} was started after it had finished"
    assert [event.seq for event in events] == list(range(len(events)))
    assert results(place, run_id) == expected
    patience = time.monotonic() + 15
    while left(run_id, place) and time.monotonic() < patience:
        time.sleep(0.2)
    assert left(run_id, place) == []
    assert asyncio.run(ledger(place).held()) == ()


def campaign(place: Path, kills: int, each: int, seconds: float, seed: int) -> dict[str, int]:
    """Runs, each killed up to `each` times, until so many kills have hit one that was not done."""
    generator = random.Random(seed)
    expected = results(place, to_its_end(place, "", seconds))
    seen = Counter(dict.fromkeys(("kills", "runs", "box.opened", "box.rejoined"), 0))
    most = 0
    while seen["kills"] < kills and seen["runs"] < 4 * kills:
        limit = min(each, kills - seen["kills"])
        run_id, done = killed_run(place, limit, seconds, generator, sure=seen["runs"] % 2 == 0)
        check(place, run_id, expected)
        events = journal_of(place, run_id)
        seen.update({"kills": done, "runs": 1})
        seen.update(event.event for event in events if event.event in ("box.opened", "box.rejoined"))
        most = max(most, open_at_once(events))
    assert seen["kills"] == kills
    assert most == len(STEPS), "the three were in their boxes at one moment"
    assert seen["box.rejoined"] > 0, "no box was picked up after a kill"
    return {**{name.replace(".", "_"): number for name, number in seen.items()}, "open_at_once": most}


def test_a_run_of_three_boxes_that_is_killed_twice_ends_as_if_it_was_not(tmp_path: Path) -> None:
    campaign(tmp_path, kills=2, each=2, seconds=3.0, seed=20261123)


@pytest.mark.soak
def test_runs_of_three_boxes_killed_at_twenty_moments_end_as_if_they_were_not(tmp_path: Path) -> None:
    began = time.monotonic()
    told = campaign(tmp_path, kills=20, each=5, seconds=4.0, seed=7)
    record.write("soak_kill_parallel", {**told, "wall_s": round(time.monotonic() - began)})
