"""What a job's box is given, what it waits for, and what is freed again. Real process boxes, real leases."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest

from orchestrator.boxes.job import Code, Job
from orchestrator.boxes.lending import Lending, Terms
from orchestrator.boxes.workshop import Workshop
from orchestrator.core.errors import LimitReached, NotAvailable
from orchestrator.core.plan import Resources
from orchestrator.journal.journal import Journal, read_events
from sandbox.leases.demand import Capacity, Gpu
from sandbox.leases.ledger import Leases
from sandbox.process.backend import ProcessSandbox

ROOT = Path(__file__).parents[2]
TOY = Code(name="toy", folder=ROOT / "tests" / "road" / "skills" / "toy")
TELLER = """
import os

def work(job):
    (job.out / "seen.txt").write_text(f"{job.device} {os.environ.get('CUDA_VISIBLE_DEVICES', 'nothing')}")
"""
ONE_CORE = Capacity(cores=(0,), memory_mb=1024, gpu_reason="there is none")


@pytest.fixture
def journal(tmp_path: Path):  # type: ignore[no-untyped-def]
    journal = Journal(tmp_path / "journal.jsonl", "run")
    yield journal
    journal.close()


def job(tmp_path: Path, step: str = "train", **fields: object) -> Job:
    small = {"memory_mb": 256, "disk_mb": 16, "timeout_s": 30.0, **fields}
    return Job(
        verb="work", step=step, agent="ml-expert", destination=tmp_path / "steps" / step / "out", skill=TOY,
        resources=Resources.model_validate(small),
    )  # fmt: skip


def lending(tmp_path: Path, journal: Journal, capacity: Capacity = ONE_CORE, **terms: object) -> Lending:
    leases = Leases(capacity, tmp_path / "leases")
    runtime = ROOT / "skills" / "runtime"
    return Lending(ProcessSandbox(), Path(sys.prefix), runtime, "run", journal, Terms(**terms), leases=leases)  # type: ignore[arg-type]


def notes(tmp_path: Path) -> list[str]:
    return [str(e.data["text"]) for e in read_events(tmp_path / "journal.jsonl") if e.event == "note"]


async def test_a_box_holds_its_lease_as_long_as_it_is_open(tmp_path: Path, journal: Journal) -> None:
    lent = lending(tmp_path, journal)
    ledger = Leases(ONE_CORE, tmp_path / "leases")
    async with lent.lend(job(tmp_path)) as one:
        assert one.grant.cores == (0,)
        assert [record.what for record in await ledger.held()] == ["run/train"]
    assert await ledger.held() == ()


async def test_a_box_that_does_not_open_gives_its_lease_back(tmp_path: Path, journal: Journal) -> None:
    lost = job(tmp_path).model_copy(update={"inputs": {"train": tmp_path / "missing"}})
    with pytest.raises(Exception, match="missing"):
        async with lending(tmp_path, journal).lend(lost):
            raise AssertionError("it opened")
    assert await Leases(ONE_CORE, tmp_path / "leases").held() == ()


async def test_two_jobs_on_one_core_run_one_after_the_other_and_the_second_says_why_it_waits(
    tmp_path: Path, journal: Journal
) -> None:
    lent, open_now, most = lending(tmp_path, journal), 0, 0

    async def use(step: str) -> None:
        nonlocal open_now, most
        async with lent.lend(job(tmp_path, step)):
            open_now += 1
            most = max(most, open_now)
            await asyncio.sleep(0.3)
            open_now -= 1

    await asyncio.gather(use("one"), use("two"))
    assert most == 1
    assert len(notes(tmp_path)) == 1
    assert "waits for 1 core" in notes(tmp_path)[0]


async def test_a_turn_that_does_not_come_ends_with_the_name_of_the_holder(tmp_path: Path, journal: Journal) -> None:
    lent = lending(tmp_path, journal, wait_s=0.3)
    async with lent.lend(job(tmp_path, "long")):
        with pytest.raises(LimitReached, match="run/long"):
            async with lent.lend(job(tmp_path, "late")):
                raise AssertionError("it opened")


@pytest.mark.parametrize("wish", [{"cpus": 2}, {"memory_mb": 2048}, {"gpu": "require"}])
async def test_what_this_machine_never_has_is_refused_at_once(
    tmp_path: Path, journal: Journal, wish: dict[str, object]
) -> None:
    with pytest.raises(NotAvailable):
        async with lending(tmp_path, journal).lend(job(tmp_path, **wish)):
            raise AssertionError("it opened")
    assert await Leases(ONE_CORE, tmp_path / "leases").held() == ()


async def test_a_gpu_that_is_preferred_and_missing_is_recorded_with_its_reason(
    tmp_path: Path, journal: Journal
) -> None:
    leases = Leases(ONE_CORE, tmp_path / "leases")
    runtime = ROOT / "skills" / "runtime"
    workshop = Workshop(ProcessSandbox(), Path(sys.prefix), runtime, "run", journal, leases=leases)
    done = await workshop.do(job(tmp_path, gpu="prefer"))
    assert done.done, done.completed.output
    assert (done.device, done.device_reason) == ("cpu", "there is none")
    assert notes(tmp_path) == ["device: cpu, because there is none"]


async def test_a_granted_gpu_is_named_in_the_box_and_its_time_is_counted(tmp_path: Path, journal: Journal) -> None:
    card = Gpu(uuid="GPU-1", name="fake", memory_mb=1)
    capacity = ONE_CORE.model_copy(update={"gpus": (card,), "gpu_reason": ""})
    runtime = ROOT / "skills" / "runtime"
    workshop = Workshop(
        ProcessSandbox(), Path(sys.prefix), runtime, "run", journal, leases=Leases(capacity, tmp_path / "leases")
    )
    teller = tmp_path / "teller"
    shutil.copytree(TOY.folder, teller)
    (teller / "main.py").write_text(TELLER)
    told = {}
    for gpu in ("require", "none"):
        wanted = job(tmp_path, gpu, gpu=gpu).model_copy(update={"skill": Code(name="teller", folder=teller)})
        done = await workshop.do(wanted)
        assert done.done, done.completed.output
        told[gpu] = (done.device, (wanted.destination / "seen.txt").read_text())
        counted = done.usage.gpu_s
        assert counted == (done.completed.wall_s if gpu == "require" else 0.0)
        assert (counted > 0) == (gpu == "require")
    assert told["require"] == ("cuda", "cuda GPU-1")
    assert told["none"][0] == "cpu"
    assert "GPU-1" not in told["none"][1]


async def test_only_work_that_could_be_found_again_outlives_its_owner(tmp_path: Path, journal: Journal) -> None:
    class Keeping(ProcessSandbox):  # type: ignore[misc]  # the same boxes, under a promise that is not kept here
        keeps = True

    runtime = ROOT / "skills" / "runtime"
    lent = Lending(Keeping(), Path(sys.prefix), runtime, "run", journal, Terms())
    keyed = job(tmp_path).model_copy(update={"key": "k"})
    for wanted, keep_s in ((keyed, 30.0 + 120.0), (job(tmp_path), 0.0)):
        async with lent.lend(wanted) as one:
            assert lent.spec_of(wanted, one.grant).keep_s == keep_s
    assert lending(tmp_path, journal).spec_of(keyed, one.grant).keep_s == 0.0
