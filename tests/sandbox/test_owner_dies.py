"""A killed owner (SIGKILL) leaves no container, volume, process or folder, and reap finds what a crash left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from traces import docker_leftovers, folders, processes_in

from sandbox.docker.backend import DockerSandbox
from sandbox.files.paths import make_folder
from sandbox.owner import is_dead, this_process
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import BoxSpec

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("owner_script.py")


def start_owner(sandbox: str, busy: str, place: Path) -> subprocess.Popen[str]:
    env = {**os.environ, "TMPDIR": str(place), "PYTHONPATH": str(ROOT)}
    owner = subprocess.Popen([sys.executable, str(SCRIPT), sandbox, busy], env=env, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline().strip()
    return owner


def kill_and_wait(owner: subprocess.Popen[str], traces: Callable[[], set[str]]) -> set[str]:
    assert traces(), "the box left a trace while it was open"
    owner.send_signal(signal.SIGKILL)
    owner.communicate()
    deadline = time.monotonic() + 5.0
    while (left := traces()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@pytest.mark.parametrize("busy", ["busy", "idle"])
def test_a_killed_owner_of_a_process_box_leaves_nothing(tmp_path: Path, busy: str) -> None:
    owner = start_owner("process", busy, tmp_path)
    assert kill_and_wait(owner, lambda: folders(tmp_path) | processes_in(tmp_path)) == set()


@pytest.mark.docker
@pytest.mark.parametrize("busy", ["busy", "idle"])
def test_a_killed_owner_of_a_docker_box_leaves_nothing(
    docker_sandbox: DockerSandbox, tmp_path: Path, busy: str
) -> None:
    owner = start_owner("docker", busy, tmp_path)
    assert kill_and_wait(owner, lambda: docker_leftovers("mlexpert.run=orphan") | folders(tmp_path)) == set()


async def test_reap_removes_folders_of_dead_owners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mine = make_folder(BoxSpec(run="mine"), "process")
    theirs = make_folder(BoxSpec(run="theirs"), "process")
    done = subprocess.Popen(["/bin/true"])
    done.wait()
    mark = theirs / "owner.json"
    mark.write_text(mark.read_text().replace(f'"{os.getpid()}:', f'"{done.pid}:'))
    assert await ProcessSandbox().reap() == 1
    assert (mine.exists(), theirs.exists()) == (True, False)


@pytest.mark.docker
@pytest.mark.parametrize("frozen", [False, True], ids=["running", "frozen"])
async def test_reap_removes_containers_of_dead_owners(
    docker_sandbox: DockerSandbox, monkeypatch: pytest.MonkeyPatch, frozen: bool
) -> None:
    """A frozen one cannot see that its owner died."""
    dead = f"4194304:{this_process().partition(':')[2]}"
    monkeypatch.setattr("sandbox.docker.backend.this_process", lambda: dead)
    lost = await docker_sandbox.open(BoxSpec(memory_mb=64, disk_mb=4))
    assert len(docker_leftovers(f"mlexpert.owner={dead}")) == 2, "a container and its volume"
    if frozen:
        await lost.pause()
    assert await docker_sandbox.reap() >= 1
    assert docker_leftovers(f"mlexpert.owner={dead}") == set()
    await lost.close()


def test_a_mark_speaks_of_one_process_of_one_boot() -> None:
    pid, started, boot, namespace = this_process().split(":")
    assert not is_dead(this_process())
    assert is_dead(f"{pid}:{int(started) + 1}:{boot}:{namespace}"), "the same id, another process"
    assert is_dead(f"{pid}:{started}:another-boot:{namespace}"), "the machine was started since"
    assert not is_dead(f"{pid}:{started}:{boot}:1"), "another namespace of this boot may live"
    assert not is_dead("")
