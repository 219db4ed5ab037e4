"""The bounds of the pool and its ends: what is closed when, and that nothing is ever left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pools import held, small, used
from traces import docker_leftovers, folders

from orchestrator.core.errors import BoxFailed
from sandbox.conformance import shell
from sandbox.docker.backend import DockerSandbox
from sandbox.pool.pool import Pool
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import Mount

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("own_place")]
ROOT = Path(__file__).parents[2]


async def test_the_pool_stays_within_its_bounds_and_gives_up_what_was_not_used_for_longest(pool: Pool) -> None:
    ids = {agent: (await used(pool, agent=agent))[0] for agent in "abc"}
    await used(pool, agent="a")
    await used(pool, agent="d")
    assert (pool.idle, pool.idle_memory_mb) == (3, 3 * 128)
    assert (await used(pool, agent="a"))[0] == ids["a"]
    assert (await used(pool, agent="b"))[0] != ids["b"]
    await used(pool, agent="e", spec=small(memory_mb=800))
    assert (pool.idle, pool.idle_memory_mb) == (2, 800 + 128)
    await used(pool, agent="f", spec=small(memory_mb=1025))
    assert (pool.idle, pool.idle_memory_mb) == (2, 800 + 128)


async def test_a_box_that_nobody_uses_is_closed_after_a_while(docker_sandbox: DockerSandbox) -> None:
    pool = Pool(docker_sandbox, size=2, memory_mb=512, idle_s=0.5)
    try:
        for agent in "ab":
            await used(pool, agent=agent)
            deadline = time.monotonic() + 20
            while held() and time.monotonic() < deadline:
                await asyncio.sleep(0.1)
            assert (pool.idle, held()) == (0, set())
    finally:
        await pool.close()


async def test_a_box_that_died_while_it_was_idle_is_not_lent(pool: Pool) -> None:
    first, _ = await used(pool)
    subprocess.run(["docker", "rm", "--force", "--volumes", first], check=True, capture_output=True)
    second, said = await used(pool, "echo fine")
    assert second != first and said == "fine\n"


async def test_a_box_made_ready_is_the_one_that_is_lent(pool: Pool) -> None:
    await pool.warm(small(), agent="a")
    await pool.warm(small(), agent="a")
    assert pool.idle == 1
    box = await pool.open(small(), agent="a")
    assert pool.idle == 0
    await box.close()


async def test_the_switch_turns_it_off(docker_sandbox: DockerSandbox, tmp_path: Path) -> None:
    pool = Pool(docker_sandbox, size=0, memory_mb=1024)
    await pool.warm(small(), agent="a")
    assert held() == set()
    (tmp_path / "in").mkdir()
    box = await pool.open(small(Mount(source=tmp_path / "in", target="in")), agent="a", preload=("torch",))
    assert str(box.mounts) == "/mnt" and (await shell(box, "ls -d /mnt/*")).output == "/mnt/in\n"
    await box.close()
    assert held() == set()
    await pool.close()


async def test_large_inputs_and_boxes_without_isolation_are_opened_cold(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "big").write_bytes(bytes(1000))
    (tmp_path / "big").chmod(0o600)
    monkeypatch.setattr("sandbox.pool.stage.COPY_BYTES", 999)
    box = await pool.open(small(Mount(source=tmp_path / "big", target="in/big")), agent="a")
    assert str(box.mounts) == "/mnt"
    await box.close()
    unboxed = Pool(ProcessSandbox(), size=3, memory_mb=1024)
    await used(unboxed)
    assert (pool.idle, unboxed.idle) == (0, 0)
    await unboxed.close()


async def test_closing_the_pool_closes_what_is_lent(docker_sandbox: DockerSandbox) -> None:
    pool = Pool(docker_sandbox, size=2, memory_mb=512)
    await used(pool, agent="idle")
    box = await pool.open(small(), agent="a")
    task = asyncio.create_task(shell(box, "sleep 60", 60))
    await asyncio.sleep(0.3)
    await pool.close()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert held() == set()
    await box.close()
    with pytest.raises(BoxFailed, match="closed"):
        await pool.open(small(), agent="a")


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.1, 0.2, 0.4])
async def test_an_opening_or_closing_that_is_cancelled_leaves_nothing(
    docker_sandbox: DockerSandbox, after_s: float
) -> None:
    pool = Pool(docker_sandbox, size=2, memory_mb=512)
    task = asyncio.create_task(used(pool, "true"))
    await asyncio.sleep(after_s * 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await pool.close()
    assert held() == set()


OWNER = """
import asyncio
from sandbox.docker.backend import DockerSandbox
from sandbox.pool.pool import Pool
from sandbox.protocol import BoxSpec
async def main():
    pool = Pool(DockerSandbox(), size=2, memory_mb=512)
    spec = BoxSpec(run="pool-orphan", memory_mb=64, disk_mb=4)
    await pool.warm(spec, agent="idle")
    box = await pool.open(spec, agent="busy")
    print(box.id, flush=True)
    await box.run(["sleep", "60"], timeout_s=60)
asyncio.run(main())
"""


async def test_a_killed_owner_leaves_nothing(engine: None, tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    owner = subprocess.Popen([sys.executable, "-c", OWNER], env=env, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None and owner.stdout.readline().strip()
    traces = lambda: docker_leftovers("mlexpert.run=pool-orphan") | folders(tmp_path)  # noqa: E731
    assert len(traces()) == 6, "two containers, their volumes, their stages"
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 10
    while traces() and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert traces() == set()
