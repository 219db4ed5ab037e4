"""The journal survives a torn line; the lock lets one process drive."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from orchestrator.core.errors import BadInput, RunBroken, RunLocked
from orchestrator.core.request import Request
from orchestrator.journal.events import Event
from orchestrator.journal.journal import Journal, read_events
from orchestrator.journal.lock import drive
from orchestrator.journal.rundir import RunDirectory, read_model, write_json


def test_events_are_numbered_and_told_to_every_listener(tmp_path: Path) -> None:
    heard: list[Event] = []
    journal = Journal(tmp_path / "journal.jsonl", "r1", (heard.append,))
    journal.tell("run.started", request="x")
    journal.tell("step.progress", "train", loss=0.5)
    journal.close()
    events = read_events(tmp_path / "journal.jsonl")
    assert [event.seq for event in events] == [0, 1]
    assert tuple(heard) == events
    assert events[1].data == {"loss": 0.5}


def test_a_torn_last_line_is_cut_off_and_the_count_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, "r1")
    journal.tell("note", text="one")
    journal.close()
    with path.open("a") as stream:
        stream.write('{"v": 1, "seq": 1, "ts"')
    assert len(read_events(path)) == 1
    again = Journal(path, "r1")
    again.tell("note", text="two")
    again.close()
    assert [event.data["text"] for event in read_events(path)] == ["one", "two"]
    assert [event.seq for event in read_events(path)] == [0, 1]


def _hold(lock: Path, held: multiprocessing.synchronize.Event, free: multiprocessing.synchronize.Event) -> None:
    with drive(lock):
        held.set()
        free.wait(20)


def test_a_second_driver_is_refused_and_a_dead_one_blocks_nobody(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, free = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(tmp_path / "r1.lock", held, free))
    other.start()
    assert held.wait(20)
    with pytest.raises(RunLocked, match=str(other.pid)), drive(tmp_path / "r1.lock"):
        pass
    other.kill()
    other.join()
    with drive(tmp_path / "r1.lock"):
        assert (tmp_path / "r1.lock").read_text().strip().isdigit()


def test_a_run_is_found_by_a_part_of_its_id_that_is_its_own(tmp_path: Path) -> None:
    for name in ("20260101-000000-aaaaaa", "20260101-000001-bbbbbb"):
        write_json(RunDirectory.create(tmp_path, name).request, Request(text="x"))
    assert RunDirectory.find(tmp_path, "bbbbbb").run_id.endswith("bbbbbb")
    assert RunDirectory.find(tmp_path, "last").run_id.endswith("bbbbbb")
    with pytest.raises(BadInput, match="fits 2 runs"):
        RunDirectory.find(tmp_path, "20260101")
    with pytest.raises(BadInput, match="no run 'zzz'"):
        RunDirectory.find(tmp_path, "zzz")


def test_an_altered_file_of_a_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text("{")
    with pytest.raises(RunBroken, match=r"request\.json"):
        read_model(tmp_path / "request.json", Request)
