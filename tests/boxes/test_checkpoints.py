"""A job that is cut off goes on from its checkpoint, other work does not. Real process boxes, a skill that counts."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.boxes.job import Code, Job, JobResult, Unfinished
from orchestrator.boxes.workshop import Workshop
from orchestrator.core.errors import BoxFailed
from orchestrator.core.plan import Resources
from orchestrator.core.values import sha256_file
from orchestrator.journal.journal import Journal, read_events
from sandbox.leases.demand import Capacity, Gpu
from sandbox.leases.ledger import Leases
from sandbox.process.backend import ProcessSandbox
from sandbox.supervisors import words_of

ROOT = Path(__file__).parents[2]
COUNTER = Code(name="counter", folder=ROOT / "tests" / "road" / "skills" / "counter")
COUNTS = 30


class Bench:
    """A workshop, its journal, and one step's folders."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.journal = Journal(place / "journal.jsonl", "run")
        self.shelf = place / "unfinished" / "count"
        self.workshop = self.with_leases(None)

    def with_leases(self, leases: Leases | None) -> Workshop:
        runtime = ROOT / "skills" / "runtime"
        return Workshop(ProcessSandbox(), Path(sys.prefix), runtime, "run", self.journal, leases=leases)

    def job(self, key: str = "work", gpu: str = "none", **spec: object) -> Job:
        room = {"cpus": 2, "memory_mb": 256, "disk_mb": 16, "timeout_s": 120.0, "gpu": gpu}
        return Job(
            verb="work", step="count", agent="ml-expert", destination=self.place / "out", skill=COUNTER,
            spec={"counts": COUNTS, **spec}, resources=Resources.model_validate(room),
            unfinished=Unfinished(folder=self.shelf, key=key, every_s=1.0),
        )  # fmt: skip

    async def cut_off(self, job: Job, counts: int = 4) -> None:
        """Run the job until it has counted so far, then cancel it as Ctrl-C does."""
        before = len(self.told("step.progress", "done"))
        task = asyncio.create_task(self.workshop.do(job))
        end = time.monotonic() + 120
        while max(self.told("step.progress", "done")[before:], default=0) < counts and time.monotonic() < end:
            await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    def told(self, event: str, name: str) -> list[float]:
        return [e.data[name] for e in read_events(self.place / "journal.jsonl") if e.event == event]  # type: ignore[misc]

    def notes(self) -> list[str]:
        return [str(e.data["text"]) for e in read_events(self.place / "journal.jsonl") if e.event == "note"]

    def first_count_of_the_last_box(self) -> float:
        events = read_events(self.place / "journal.jsonl")
        opened = max(e.seq for e in events if e.event == "box.opened")
        return next(float(str(e.data["done"])) for e in events if e.seq > opened and e.event == "step.progress")

    def bits(self) -> str:
        return sha256_file(self.place / "out" / "model" / "state.npz")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.journal.close()


def effort(result: JobResult) -> float:
    return next(claim.value for claim in result.claims if claim.name == "training_cpu_s")


async def test_the_same_work_goes_on_from_where_it_was_cut_off_to_the_same_bits(bench: Bench) -> None:
    whole = await bench.workshop.do(bench.job("another", pause_s=0.0))
    bits = bench.bits()
    await bench.cut_off(bench.job())
    (kept,) = bench.told("checkpoint.kept", "done")
    assert kept >= 4
    result = await bench.workshop.do(bench.job())
    assert result.done, result.completed.output
    assert bench.told("step.resumed", "done") == [kept]
    assert bench.first_count_of_the_last_box() == kept + 1
    assert bench.bits() == bits
    # what the earlier attempt took, at most, is charged: two threads for as long as it ran
    spent = bench.told("step.resumed", "spent_s")[0]
    assert spent > 0.4
    assert effort(whole) == 1.0 and effort(result) == pytest.approx(1.0 + 2 * spent)
    written = {claim["name"]: claim["value"] for claim in json.loads((bench.place / "out" / "claims.json").read_text())}
    assert written["training_cpu_s"] == effort(result)


async def test_a_work_that_is_cut_off_twice_is_charged_for_both(bench: Bench) -> None:
    await bench.cut_off(bench.job())
    await bench.cut_off(bench.job(), counts=10)
    first, second = bench.told("checkpoint.kept", "spent_s")
    assert second > first + 0.3
    result = await bench.workshop.do(bench.job())
    assert effort(result) == pytest.approx(1.0 + 2 * second)


async def test_other_work_ignores_the_checkpoint(bench: Bench) -> None:
    await bench.cut_off(bench.job("work"))
    result = await bench.workshop.do(bench.job("other work", pause_s=0.0))
    assert result.done and bench.told("step.resumed", "done") == []
    assert bench.first_count_of_the_last_box() == 1
    assert effort(result) == 1.0


def cut_short(shelf: Path) -> None:
    (file,) = shelf.glob("*.npz")
    file.write_bytes(file.read_bytes()[:-10])


def flip_a_bit(shelf: Path) -> None:
    (file,) = shelf.glob("*.npz")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def lose(shelf: Path) -> None:
    (file,) = shelf.glob("*.npz")
    file.unlink()


@pytest.mark.parametrize("spoil", [cut_short, flip_a_bit, lose, lambda shelf: (shelf / "attempt.json").write_text("{")])
async def test_a_spoilt_checkpoint_is_told_and_the_work_starts_anew(bench: Bench, spoil) -> None:  # type: ignore[no-untyped-def]
    await bench.cut_off(bench.job())
    spoil(bench.shelf)
    result = await bench.workshop.do(bench.job(pause_s=0.0))
    assert result.done, result.completed.output
    assert bench.told("step.resumed", "done") == []
    assert bench.first_count_of_the_last_box() == 1
    (note,) = bench.notes()
    assert note.startswith("step 'count': an earlier attempt's checkpoint is of no use: ")


async def test_work_that_fails_with_its_checkpoint_starts_anew_once(bench: Bench) -> None:
    await bench.cut_off(bench.job(stumbles=True))
    result = await bench.workshop.do(bench.job(stumbles=True))
    assert result.done, result.completed.output
    assert bench.first_count_of_the_last_box() == 1
    assert bench.notes() == [
        "step 'count': it failed with an earlier attempt's checkpoint and starts anew: exit code 1"
    ]
    assert effort(result) == 1.0


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("link", "not a regular file"),
        ("fifo", "not a regular file"),
        ("object", "Python objects"),
        ("text", "cannot be read"),
    ],
)
async def test_a_file_that_is_no_plain_archive_never_gets_in(bench: Bench, kind: str, said: str) -> None:
    await bench.cut_off(bench.job(checkpoint=kind))
    (note,) = bench.notes()
    assert "could not be copied" in note and said in note
    assert [path.name for path in bench.shelf.iterdir()] == ["attempt.json"]
    await bench.cut_off(bench.job(checkpoint=kind), counts=2)
    assert bench.told("step.resumed", "done") == [] and bench.first_count_of_the_last_box() == 1


async def test_work_that_a_limit_ended_keeps_its_checkpoint(bench: Bench) -> None:
    result = await bench.workshop.do(bench.job(hoards_at=8))
    assert result.completed.ended == "memory"
    assert bench.told("checkpoint.kept", "done") == [8]
    result = await bench.workshop.do(bench.job(hoards_at=8))
    assert result.done and bench.first_count_of_the_last_box() == 9


async def test_a_box_that_dies_leaves_the_copy_that_was_taken_while_it_ran(bench: Bench) -> None:
    task = asyncio.create_task(bench.workshop.do(bench.job(pause_s=0.3)))
    end = time.monotonic() + 120
    record = bench.shelf / "attempt.json"
    while not (record.is_file() and json.loads(record.read_text())["kept"]) and time.monotonic() < end:
        await asyncio.sleep(0.05)
    (box,) = [str(e.data["box"]) for e in read_events(bench.place / "journal.jsonl") if e.event == "box.opened"]
    commands = {int(entry.name): " ".join(words_of(int(entry.name))) for entry in Path("/proc").glob("[0-9]*")}
    (supervisor,) = [pid for pid, words in commands.items() if "supervisor.py" in words and box in words]
    os.kill(supervisor, signal.SIGKILL)
    with pytest.raises(BoxFailed):
        await task
    result = await bench.workshop.do(bench.job(pause_s=0.3, counts=8))
    assert result.done, result.completed.output
    assert len(bench.told("step.resumed", "done")) == 1
    assert bench.first_count_of_the_last_box() > 1


async def test_bits_of_another_kind_of_device_are_not_gone_on_from(bench: Bench, tmp_path: Path) -> None:
    await bench.cut_off(bench.job())
    card = Gpu(uuid="GPU-1", name="fake", memory_mb=1)
    capacity = Capacity(cores=(0, 1), memory_mb=1024, gpus=(card,))
    bench.workshop = bench.with_leases(Leases(capacity, tmp_path / "leases"))
    result = await bench.workshop.do(bench.job(gpu="prefer", pause_s=0.0))
    assert result.done and result.device == "cuda", result.completed.output
    assert bench.first_count_of_the_last_box() == 1
    assert "computed on 'cpu'" in bench.notes()[0]
