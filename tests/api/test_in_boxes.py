"""The Python API with real boxes: a real table, a stream that is left, a plan that is gone on with."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import time
from pathlib import Path

import pytest

from orchestrator import Orchestrator
from orchestrator.app import Run
from orchestrator.journal.journal import read_events

pytestmark = [pytest.mark.box, pytest.mark.usefixtures("box_python")]

# Long enough to be found at work: all weights of three layers are trained.
LONG = "Train a PINN with 3 hidden layers of 30 to solve the heat equation by Gauss-Newton"


@pytest.fixture
def penguins() -> Path:
    found = importlib.util.find_spec("palmerpenguins")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "data" / "penguins.csv"


def processes_of(boxes: list[str]) -> list[str]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().decode(errors="replace")
        except OSError:
            continue  # it ended while we looked
        found += [line for box in boxes if box in line]
    return found


def measured(run: Run) -> list[tuple[str, str, float | None]]:
    lines = (run.directory / "evidence.jsonl").read_text().splitlines()
    return [(entry["name"], entry["subject"], entry["value"]) for entry in map(json.loads, lines)]


async def test_a_plan_gone_on_with_by_its_id_measures_what_a_run_of_another_orchestrator_does(
    here: Path, penguins: Path
) -> None:
    request = f"Predict body_mass_g in @{penguins} with 2 folds"
    async with Orchestrator.open(runs_dir=here / "one") as one, Orchestrator.open(runs_dir=here / "two") as two:
        planned = await one.plan(request, sandbox="process")
        assert planned.status == "planned" and not (planned.directory / "steps").exists()
        resumed, whole = await asyncio.gather(one.resume(planned.id[-6:]), two.run(request, sandbox="process"))
        again = await one.resume(planned.id)
    assert resumed.id == planned.id != whole.id
    assert resumed.status == whole.status == "validated", resumed.answer.message
    assert measured(resumed) == measured(whole) != []
    assert again.answer.claims == resumed.answer.claims
    started = [e.step for e in read_events(planned.directory / "journal.jsonl") if e.event == "step.started"]
    assert started == ["train"]


async def test_leaving_a_stream_stops_the_run_closes_its_boxes_and_keeps_what_is_done() -> None:
    async with Orchestrator.open() as orch:
        async for event in orch.stream(LONG, sandbox="process"):
            if event.event == "step.progress" and event.step == "train":
                break
        folder = orch.runs_dir / event.run
        boxes = [str(e.data["box"]) for e in read_events(folder / "journal.jsonl") if e.event == "box.opened"]
        assert processes_of(boxes), "no process of a box was found while it ran: the search itself is broken"
        end = time.monotonic() + 30
        while (stopped := read_events(folder / "journal.jsonl"))[-1].event != "run.finished":
            assert time.monotonic() < end, "the run went on after its stream was left"
            await asyncio.sleep(0.1)
    assert stopped[-1].data["status"] == "interrupted"
    assert json.loads((folder / "answer.json").read_text())["error"]["remedy"].endswith(f"{event.run}`")
    assert not [e for e in stopped if e.event == "step.finished" and e.step == "train" and e.data["status"] == "done"]
    assert processes_of(boxes) == []
