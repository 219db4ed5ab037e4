"""The pool of boxes: what is used again, by whom, and that nothing of one job reaches the next."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from pools import PooledSandbox, held, small, used

from orchestrator.core.errors import BadConfig, Untrusted
from sandbox.conformance import HEARTBEAT, SandboxConformance, opened, shell
from sandbox.docker.backend import DockerSandbox
from sandbox.pool.pool import Pool
from sandbox.protocol import Mount

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("own_place")]
ROOT = Path(__file__).parents[2]


class TestPooledBoxes(SandboxConformance):
    """A lent box behaves as any box. What is listed and left is asked after the idle ones are closed."""

    @pytest.fixture
    async def sandbox(self, docker_sandbox: DockerSandbox) -> AsyncIterator[PooledSandbox]:  # type: ignore[override]
        self.pooled = PooledSandbox(docker_sandbox)
        await used(self.pooled.pool, agent="conformance", spec=small(run="conformance"))  # the next one is not new
        yield self.pooled
        await self.pooled.pool.close()
        assert held() == set()

    async def leftovers(self) -> set[str]:
        await self.pooled.pool.drain()
        return held()

    async def test_open_boxes_are_listed(self, sandbox: PooledSandbox) -> None:  # type: ignore[override]
        async with opened(sandbox, run="listed", step="one") as box:
            found = [info for info in await sandbox.boxes() if info.run == "listed"]
        assert [(info.id, info.step) for info in found] == [(box.id, "pool:conformance")], "it may serve many steps"
        await sandbox.pool.drain()
        assert not [info for info in await sandbox.boxes() if info.run == "listed"]


async def test_an_agents_next_job_gets_its_box_again(pool: Pool) -> None:
    first, _ = await used(pool)
    assert pool.idle == 1
    assert (await used(pool, "echo again")) == (first, "again\n")


@pytest.mark.parametrize(
    ("agent", "change"),
    [
        ("b", {}), ("a", {"memory_mb": 129}), ("a", {"cpus": 0.5}), ("a", {"disk_mb": 17}), ("a", {"pids": 65}),
        ("a", {"trust": "user"}), ("a", {"trust": "untrusted"}), ("a", {"run": "another"}), ("a", {"trust_code": True}),
    ],
)  # fmt: skip
async def test_another_agent_trust_limit_or_run_gets_another_box(
    pool: Pool, agent: str, change: dict[str, object]
) -> None:
    first, _ = await used(pool)
    second, _ = await used(pool, agent=agent, spec=small(**change))
    assert first != second


async def test_a_box_moves_to_the_cores_of_its_next_job(pool: Pool) -> None:
    asked = "grep Cpus_allowed_list /proc/self/status | cut -f2"
    there = sorted(os.sched_getaffinity(0))
    first, on = await used(pool, asked, spec=small(cores=(there[0],)))
    again, moved = await used(pool, asked, spec=small(cores=(there[-1],)))
    assert first == again, "cores do not keep a box from being used again"
    assert (on.strip(), moved.strip()) == (str(there[0]), str(there[-1]))


async def test_another_environment_gets_another_box(pool: Pool, tmp_path: Path) -> None:
    ids = []
    for name in ("one", "two", "one"):
        (tmp_path / name).mkdir(exist_ok=True)
        ids.append((await used(pool, spec=small(Mount(source=tmp_path / name, target="env"))))[0])
    assert ids[0] != ids[1] and ids[0] == ids[2]


async def test_nothing_of_a_job_is_left_for_the_next(pool: Pool, tmp_path: Path) -> None:
    secret, other = tmp_path / "secret.csv", tmp_path / "other.csv"
    secret.write_text("42")
    other.write_text("43")
    litter = "echo x > file; mkdir -p .a/b; echo x > .a/b/.c; chmod 0 .a; chmod 0 ."
    tracks = (
        f"{litter}; echo x > /tmp/.x; mkdir -m 0 /tmp/locked; echo x > /dev/shm/x; ln -s / /tmp/link; export LEAK=1"
    )
    first, seen = await used(
        pool, f"cat /mnt/stage/*/in.csv; {tracks}", spec=small(Mount(source=secret, target="in.csv"))
    )
    assert seen == "42"
    look = "find . /tmp /dev/shm /mnt -mindepth 1; cat /mnt/stage/*/*.csv; env; stat -c %a ."
    again, seen = await used(pool, look, spec=small(Mount(source=other, target="in2.csv")))
    assert again == first
    assert "43" in seen and "42" not in seen and "LEAK" not in seen and seen.endswith("700\n")
    kept = [line for line in seen.splitlines() if line.startswith(("/", "."))]
    assert kept == ["/mnt/stage", "/mnt/stage/2", "/mnt/stage/2/in2.csv"]
    assert secret.stat().st_nlink == 1, "nothing of it is on the stage any more"


async def test_inputs_lie_below_the_mounts_of_the_box_and_cannot_be_written(pool: Pool, tmp_path: Path) -> None:
    folder, environment = tmp_path / "train", tmp_path / "environment"
    folder.mkdir(mode=0o700)
    environment.mkdir()
    (environment / "lock.txt").write_text("torch")
    (folder / "open.csv").write_text("open\n")
    (folder / "private.csv").write_text("private\n")
    (folder / "private.csv").chmod(0o600)
    (folder / "open.csv").chmod(0o666)
    (folder / "link").symlink_to("open.csv")
    spec = small(Mount(source=folder, target="in/train"), Mount(source=environment, target="env"))
    box = await pool.open(spec, agent="a")
    try:
        place = box.mounts / "in/train"
        assert (await shell(box, f"cat {place}/*.csv {place}/link")).output == "open\nprivate\nopen\n"
        assert (await shell(box, f"cat {box.mounts}/env/lock.txt /mnt/env/lock.txt")).output == "torchtorch"
        attacks = (f"echo x > {place}/open.csv", f"rm -f {place}/open.csv", f"touch {place}/new", "touch /mnt/stage/x")
        for attack in (*attacks, f"chmod 777 {place}", f"mv {place} /mnt/stage/elsewhere"):
            assert (await shell(box, attack)).exit_code != 0, attack
    finally:
        await box.close()
    assert (folder / "open.csv").read_text() == "open\n"
    assert sorted(path.name for path in folder.iterdir()) == ["link", "open.csv", "private.csv"]
    assert ((folder / "open.csv").stat().st_mode & 0o777, (folder / "private.csv").stat().st_mode & 0o777) == (
        0o666,
        0o600,
    )


async def test_mounts_that_may_not_be_are_refused_and_the_box_is_not_lost(pool: Pool, tmp_path: Path) -> None:
    first, _ = await used(pool)
    (tmp_path / "odd").mkdir()
    os.mkfifo(tmp_path / "odd" / "fifo")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        for source, error in ((tmp_path, Untrusted), (tmp_path / "no", BadConfig)):
            with pytest.raises(error):
                await used(pool, spec=small(Mount(source=source, target="in")))
    assert (await used(pool))[0] == first
    with pytest.raises(BadConfig, match="fifo"):
        await used(pool, spec=small(Mount(source=tmp_path / "odd", target="in")))
    assert (await used(pool))[0] != first, "a box whose stage was begun is not used"


SPOILERS = {
    "a daemon": (HEARTBEAT + "sleep 0.3", "exit"),
    "a deadline": ("sleep 60", "timeout"),
    "memory": ("tail /dev/zero", "memory"),
    "a flood": ("yes", "output"),
    "a shared segment": ("ipcmk -M 4096", "exit"),
    "a full disk": ("head -c 99000000 /dev/zero > f", "disk"),
}


@pytest.mark.parametrize("what", SPOILERS)
async def test_a_box_in_which_something_was_killed_or_stays_is_not_used_again(pool: Pool, what: str) -> None:
    script, ended = SPOILERS[what]
    box = await pool.open(small(memory_mb=64), agent="a")
    done = await box.run(["sh", "-c", script], timeout_s=2 if ended == "timeout" else 30, output_limit=100_000)
    assert done.ended == ended
    await box.close()
    assert pool.idle == 0 and held() == set()
    other, said = await used(pool, "echo fine", spec=small(memory_mb=64))
    assert other != box.id and said == "fine\n"


async def test_a_full_disk_that_the_job_survives_is_emptied(pool: Pool) -> None:
    first, _ = await used(pool, "head -c 99000000 /dev/zero > f; head -c 99000000 /dev/zero > /tmp/f; true")
    again, said = await used(pool, "head -c 12000000 /dev/zero > f && head -c 12000000 /dev/zero > /tmp/f && echo room")
    assert (again, said) == (first, "room\n")


async def test_a_box_is_closed_after_a_cancelled_command_a_pause_or_a_failed_listener(pool: Pool) -> None:
    box = await pool.open(small(), agent="a")
    task = asyncio.create_task(shell(box, "sleep 60"))
    await asyncio.sleep(0.5)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await box.close()
    assert held() == set()
    box = await pool.open(small(), agent="a")
    await box.pause()
    await box.close()
    assert held() == set()

    def fail(stream: str, line: str) -> None:
        raise ValueError(line)

    box = await pool.open(small(), agent="a")
    with pytest.raises(ValueError, match="boom"):
        await box.run(["echo", "boom"], timeout_s=20, on_output=fail)
    await box.close()
    assert held() == set()


async def test_a_change_of_an_agents_trust_closes_what_it_used(pool: Pool) -> None:
    mine, _ = await used(pool, agent="a")
    lent = await pool.open(small(), agent="b")
    assert pool.idle == 1
    await (await pool.open(small(trust="user"), agent="b")).close()
    await lent.close()
    assert pool.idle == 2, "the box of another agent, and that of the new trust"
    await (await pool.open(small(trust="untrusted"), agent="b")).close()
    assert pool.idle == 1
    assert (await used(pool, agent="a"))[0] == mine


async def test_two_jobs_of_an_agent_at_once_get_two_boxes(pool: Pool) -> None:
    await used(pool)
    (one, _), (two, _) = await asyncio.gather(used(pool, "sleep 0.5"), used(pool, "sleep 0.5"))
    assert one != two and pool.idle == 2
