"""The ledger of leases: the queue, deadlines, holders that are killed, and leases that outlive theirs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from lease_tools import MACHINE, kill, start

from orchestrator.core.errors import BadInput, BoxFailed, LimitReached, NotAvailable, RunBroken, RunLocked
from sandbox.leases.demand import Demand
from sandbox.leases.ledger import Lease, Leases, default_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "leases"


@pytest.fixture
def leases(folder: Path) -> Leases:
    return Leases(MACHINE, folder)


async def take(
    leases: Leases, cpus: int = 1, wait_s: float = 0.0, what: str = "run x, step y", **more: object
) -> Lease:
    settings = {name: more.pop(name) for name in ("key", "keep_until", "adopt", "on_wait") if name in more}
    demand = Demand.model_validate({"cpus": cpus, "memory_mb": 100, **more})
    return await leases.acquire(demand, wait_s=wait_s, what=what, **settings)  # type: ignore[arg-type]


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "ledger.lock")


async def until_waiting(folder: Path, waiters: int) -> None:
    async with asyncio.timeout(20):
        while len(list(folder.glob("wait-*"))) != waiters:
            await asyncio.sleep(0.01)


def killed_holder(folder: Path, key: str = "", keep_s: float = 0.0) -> None:
    """A process that took the whole machine's cores, and died with a child of its own still alive."""
    process = start("hold", folder, key, keep_s)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    kill(process)


async def test_a_lease_names_its_cores_and_devices_and_gives_them_back_once(leases: Leases, folder: Path) -> None:
    first = await take(leases, gpu="require", gpus=2)
    second = await take(leases, gpu="prefer")
    assert (first.grant.cores, first.grant.gpus, first.grant.device) == ((0,), ("GPU-a", "GPU-b"), "cuda")
    assert (second.grant.cores, second.grant.gpus, second.grant.reason) == ((1,), ("GPU-c",), "")
    assert [record.what for record in await leases.held()] == ["run x, step y"] * 2
    for lease in (first, second, first, second):
        lease.release()
    assert files(folder) == []
    async with await take(leases, 2) as third:
        first.release()
        assert not third.released
        assert len(files(folder)) == 1
    assert third.released
    assert files(folder) == []


async def test_what_can_never_be_granted_is_refused_at_once(leases: Leases, folder: Path) -> None:
    held = await take(leases, 2)
    for demand, named in (
        (Demand(cpus=3, memory_mb=1), "3 cores.* leases 2"),
        (Demand(cpus=1, memory_mb=1001), "1001 MiB.* leases 1000"),
        (Demand(cpus=1, memory_mb=1, gpu="require", gpus=4), "4 GPUs.* leases 3"),
    ):
        with pytest.raises(NotAvailable, match=named) as caught:
            await leases.acquire(demand, wait_s=60, what="w")
        assert caught.value.remedy
    assert len(files(folder)) == 1
    held.release()


async def test_a_wait_ends_at_its_deadline_and_names_who_holds_it(leases: Leases, folder: Path) -> None:
    held = await take(leases, what="run old, step train")
    heard: list[str] = []
    with pytest.raises(LimitReached, match=r"2 cores, 100 MiB in 0\.3 s: held by 'run old, step train'") as caught:
        await take(leases, 2, wait_s=0.3, what="run new, step train", on_wait=heard.append)
    assert "mlexpert boxes" in caught.value.remedy
    (said,) = heard
    assert "run new" in said
    assert "run old" in said
    assert len(files(folder)) == 1
    held.release()


async def test_waiters_are_served_in_order_and_a_small_one_may_not_starve_a_large_one(
    leases: Leases, folder: Path
) -> None:
    held = await take(leases)
    large = asyncio.create_task(take(leases, 2, wait_s=60, what="large"))
    await until_waiting(folder, 1)
    with pytest.raises(LimitReached, match="before it 'large'"):
        await take(leases, 1, wait_s=0.3)
    small = asyncio.create_task(take(leases, 1, wait_s=60))
    await until_waiting(folder, 2)
    held.release()
    granted = await large
    assert not small.done()
    granted.release()
    (await small).release()
    assert files(folder) == []


async def test_who_takes_nothing_that_others_wait_for_does_not_wait(leases: Leases, folder: Path) -> None:
    held = await take(leases, gpu="require", gpus=3)
    waiting = asyncio.create_task(take(Leases(MACHINE.model_copy(update={"cores": (0, 1, 2)}), folder),
                                       1, wait_s=60, gpu="require"))  # fmt: skip
    await until_waiting(folder, 1)
    wide = Leases(MACHINE.model_copy(update={"cores": (0, 1, 2)}), folder)
    (await take(wide)).release()
    held.release()
    (await waiting).release()


async def test_a_cancelled_waiter_leaves_nothing(leases: Leases, folder: Path) -> None:
    held = await take(leases, 2)
    for delay in (0.0, 0.01, 0.06, 0.11):
        task = asyncio.create_task(take(leases, 1, wait_s=60))
        await until_waiting(folder, 1)
        await asyncio.sleep(delay)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(files(folder)) == 1
    held.release()


async def test_a_listener_that_fails_leaves_nothing(leases: Leases, folder: Path) -> None:
    def fail(_: str) -> None:
        raise ValueError("boom")

    held = await take(leases, 2)
    with pytest.raises(ValueError, match="boom"):
        await take(leases, 1, wait_s=60, on_wait=fail)
    held.release()
    assert files(folder) == []


async def test_what_was_only_wished_is_done_without_when_it_is_not_free_in_time(leases: Leases) -> None:
    held = await take(leases, gpu="require", gpus=3, what="run gpu, step train")
    lease = await take(leases, wait_s=0.3, gpu="prefer")
    assert (lease.grant.device, lease.grant.gpus) == ("cpu", ())
    assert "not free in 0.3 s: held by 'run gpu, step train'" in lease.grant.reason
    held.release()
    lease.release()


async def test_where_there_is_no_gpu_a_wish_is_granted_on_the_cpu_with_the_reason(folder: Path) -> None:
    bare = MACHINE.model_copy(update={"gpus": (), "gpu_reason": "no driver", "gpu_remedy": "install it"})
    leases = Leases(bare, folder)
    async with await take(leases, gpu="prefer") as lease:
        assert (lease.grant.device, lease.grant.reason) == ("cpu", "no driver")
    with pytest.raises(NotAvailable, match="no driver") as caught:
        await take(leases, gpu="require")
    assert "install it" in caught.value.remedy


async def test_a_device_is_cleared_before_it_is_granted_and_not_granted_where_that_fails(folder: Path) -> None:
    cleared: list[str] = []

    async def clear(uuid: str) -> None:
        cleared.append(uuid)
        if uuid == "GPU-b":
            raise BoxFailed("still in use")

    leases = Leases(MACHINE, folder, clear=clear)
    (await take(leases)).release()
    async with await take(leases, gpu="require"):
        assert cleared == ["GPU-a"]
        with pytest.raises(BoxFailed, match="still in use"):
            await take(leases, gpu="require")
        assert len(files(folder)) == 1


async def test_cancelling_while_a_device_is_cleared_leaves_nothing(folder: Path) -> None:
    begun = asyncio.Event()

    async def clear(_: str) -> None:
        begun.set()
        await asyncio.sleep(60)

    task = asyncio.create_task(take(Leases(MACHINE, folder, clear=clear), gpu="require"))
    await begun.wait()
    assert len(files(folder)) == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert files(folder) == []


async def test_the_lease_of_a_killed_holder_is_free(leases: Leases, folder: Path) -> None:
    await asyncio.to_thread(killed_holder, folder)
    assert len(files(folder)) == 1
    (await take(leases, 2)).release()
    assert files(folder) == []


async def test_a_kept_lease_counts_after_its_holders_death_until_its_time(leases: Leases, folder: Path) -> None:
    await asyncio.to_thread(killed_holder, folder, "train", 600.0)
    with pytest.raises(LimitReached, match="run r, step s"):
        await take(leases)
    assert await leases.drop("another") is False
    assert await leases.drop("train") is True
    (await take(leases, 2)).release()
    await asyncio.to_thread(killed_holder, folder, "train", 2.0)
    lease = await take(leases, 2, wait_s=20)
    assert [record.what for record in await leases.held()] == ["run x, step y"]
    lease.release()


async def test_a_kept_lease_is_taken_over_as_it_is(leases: Leases, folder: Path) -> None:
    await asyncio.to_thread(killed_holder, folder, "train", 600.0)
    (name,) = files(folder)
    lease = await take(leases, 1, adopt="train", what="run r, resumed")
    assert (lease.grant.cores, lease.grant.memory_mb) == ((0, 1), 600)
    assert files(folder) == [name]
    with pytest.raises(RunLocked, match="resumed"):
        await take(leases, 1, adopt="train")
    assert await leases.drop("train") is False, "a living holder's lease is not dropped"
    with pytest.raises(LimitReached):
        await take(leases)
    lease.release()
    assert files(folder) == []
    async with await take(leases, 1, adopt="train") as fresh:
        assert fresh.grant.cores == (0,)
        assert [record.key for record in await leases.held()] == ["train"]


async def test_a_lease_can_be_kept_later_and_its_release_frees_it_all_the_same(leases: Leases, folder: Path) -> None:
    lease = await take(leases, 2, key="k")
    lease.keep(time.time() + 600)
    assert [record.keep_until > time.time() for record in await leases.held()] == [True]
    lease.release()
    lease.keep(time.time() + 600)
    assert files(folder) == []


async def test_the_time_a_lease_is_kept_counts_from_its_grant(leases: Leases, folder: Path) -> None:
    held = await take(leases, 2)
    until = time.time() + 100
    waiting = asyncio.create_task(take(leases, 2, wait_s=60, keep_until=until))
    await until_waiting(folder, 1)
    await asyncio.sleep(0.5)
    held.release()
    lease = await waiting
    (record,) = await leases.held()
    assert until + 0.4 < record.keep_until < until + 60
    lease.release()


async def test_a_file_that_its_writer_never_finished_is_removed(leases: Leases, folder: Path) -> None:
    folder.mkdir()
    (folder / "held-half.json").write_text('{"what": ')
    (folder / "wait-000000000007-half.json").write_text("")
    async with await take(leases, 2):
        assert len(files(folder)) == 1


async def test_a_living_holders_file_that_cannot_be_read_stops_everything(leases: Leases, folder: Path) -> None:
    lease = await take(leases)
    (name,) = files(folder)
    (folder / name).write_text("of another release")
    with pytest.raises(RunBroken, match=name):
        await take(leases)
    lease.release()
    with pytest.raises(BadInput, match="more than 16384"):
        await take(leases, key="k" * 20000)
    assert files(folder) == []


async def test_a_ledger_that_stays_locked_is_said(
    leases: Leases, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.leases.turn.LEDGER_S", 0.2)
    (await take(leases)).release()
    locker = subprocess.Popen(["flock", str(folder / "ledger.lock"), "sh", "-c", "echo locked; sleep 30"],
                              stdout=subprocess.PIPE, start_new_session=True)  # fmt: skip
    try:
        assert locker.stdout is not None
        assert locker.stdout.readline() == b"locked\n"
        with pytest.raises(LimitReached, match="stayed locked"):
            await take(leases)
    finally:
        os.killpg(locker.pid, signal.SIGKILL)
        locker.communicate()


def test_the_ledger_is_of_this_boot_and_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLEXPERT_CACHE", str(tmp_path))
    assert default_folder().parent == tmp_path / "leases"
