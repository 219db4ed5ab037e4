"""Boxes that outlive a killed owner, and their re-attachment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from traces import docker_leftovers, folders, processes_in

from orchestrator.core.errors import BadInput, BoxFailed
from sandbox.conformance import HEARTBEAT, SandboxConformance, beats, opened
from sandbox.docker.backend import DockerSandbox
from sandbox.docker.engine import ask, connect
from sandbox.docker.kept.boxes import Entry, reap_kept
from sandbox.owner import this_process
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import Box, BoxInfo, BoxSpec, Isolation, KeptBox, Mount, Sandbox

pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "boxes"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


class KeptSandbox:
    """Docker boxes, every one of which may outlive its owner."""

    name = "docker"
    isolation: Isolation = "full"
    keeps = True

    def __init__(self, docker: DockerSandbox) -> None:
        self._docker = docker

    async def probe(self) -> str:
        return await self._docker.probe()

    def python(self, environment: Path) -> str:
        return self._docker.python(environment)

    async def gaps(self) -> tuple[str, ...]:
        return await self._docker.gaps()

    async def open(self, spec: BoxSpec) -> Box:
        return await self._docker.open(spec.model_copy(update={"keep_s": 120.0, "key": "key"}))

    async def reattach(self, run: str, key: str) -> KeptBox | None:
        return await self._docker.reattach(run, key)

    async def boxes(self) -> tuple[BoxInfo, ...]:
        return await self._docker.boxes()

    async def reap(self, run: str | None = None, *, kept: bool = False) -> int:
        return await self._docker.reap(run, kept=kept)


class TestKeptSandbox(SandboxConformance):
    @pytest.fixture
    def sandbox(self, docker_sandbox: DockerSandbox) -> Sandbox:
        return KeptSandbox(docker_sandbox)

    async def leftovers(self) -> set[str]:
        return docker_leftovers(f"mlexpert.owner={this_process()}") | folders(Path(tempfile.gettempdir()))


ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("kept_owner_script.py")
COUNT = "i=0; while [ $i -lt 30 ]; do i=$((i+1)); echo line $i; echo $i > file; sleep 0.05; done; exit 3"
LINES = [f"line {number}" for number in range(1, 31)]


@pytest.fixture
def run(request: pytest.FixtureRequest) -> str:
    """A run of this test's own: other tests use the engine too."""
    return f"kept-{os.getpid()}-{time.monotonic_ns()}"


@pytest.fixture
def sandbox(docker_sandbox: DockerSandbox) -> DockerSandbox:
    return docker_sandbox


class Owner:
    """A process of its own that owns a box, until it is killed."""

    def __init__(self, **told: Any) -> None:
        env = {**os.environ, "TMPDIR": tempfile.gettempdir(), "PYTHONPATH": str(ROOT)}
        words = [sys.executable, str(SCRIPT), json.dumps(told)]
        self._process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True)
        self.said = ""  # what nobody waited for before it was killed

    @classmethod
    def of(cls, run: str, do: str, script: str = COUNT, timeout_s: float = 60.0, **fields: Any) -> Owner:
        small = {"memory_mb": 128, "disk_mb": 16, "pids": 64, "run": run, "key": "train", "keep_s": 60.0, **fields}
        return cls(do=do, script=script, timeout_s=timeout_s, spec=small)

    async def until(self, word: str) -> None:
        assert self._process.stdout is not None
        while line := await asyncio.to_thread(self._process.stdout.readline):
            if line.startswith(word):
                return
        raise AssertionError(f"the owner ended without saying {word!r}")

    async def answer(self, *words: str) -> str:
        assert self._process.stdout is not None
        while line := (await asyncio.to_thread(self._process.stdout.readline)).strip():
            if line in words:
                return line
        raise AssertionError(f"the owner ended without any of {words}")

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        if self._process.stdout is not None and not self._process.stdout.closed:
            self.said += self._process.stdout.read()
        self._process.communicate()


@contextlib.asynccontextmanager
async def owner_of(run: str, do: str, script: str = COUNT, **fields: Any) -> AsyncIterator[Owner]:
    owner = Owner.of(run, do, script, **fields)
    try:
        yield owner
    finally:
        owner.kill()


def traces(run: str) -> set[str]:
    place = Path(tempfile.gettempdir())
    return docker_leftovers(f"mlexpert.run={run}") | folders(place) | processes_in(place)


async def gone(run: str, within_s: float) -> set[str]:
    """What is left of a run's boxes after so long at most."""
    deadline = time.monotonic() + within_s
    while (left := traces(run)) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return left


@contextlib.asynccontextmanager
async def reattached(sandbox: DockerSandbox, run: str, key: str = "train") -> AsyncIterator[KeptBox]:
    box = await sandbox.reattach(run, key)
    assert box is not None
    try:
        yield box
    finally:
        await box.close()


async def test_an_owner_killed_before_the_command_takes_its_box_along(sandbox: DockerSandbox, run: str) -> None:
    async with owner_of(run, "open") as owner:
        await owner.until("opened")
    assert await gone(run, 10) == set()
    assert await sandbox.reattach(run, "train") is None


async def test_what_ran_on_is_heard_from_its_first_line(sandbox: DockerSandbox, run: str) -> None:
    heard: list[str] = []
    async with owner_of(run, "run") as owner:
        await owner.until("heard line 5")
    (info,) = [info for info in await sandbox.boxes() if info.run == run]
    assert (info.state, info.owner_alive) == ("kept", False)
    async with reattached(sandbox, run) as box:
        (info,) = [info for info in await sandbox.boxes() if info.run == run]
        assert (info.state, info.owner_alive) == ("running", True)
        done = await box.rejoin(timeout_s=60, on_output=lambda stream, line: heard.append(line))
        assert heard == LINES
        assert done.output.splitlines() == LINES
        assert (done.exit_code, done.ended) == (3, "exit")
        assert 1.4 < done.wall_s < 30
        assert 0 < done.cpu_s < 30
        assert await box.read("file") == b"30\n"
        again = await box.run(["sh", "-c", "cat file; echo more"], timeout_s=20)
        assert (again.exit_code, again.output) == (0, "30\nmore\n")
    assert await gone(run, 10) == set()


async def test_a_command_that_ended_meanwhile_is_told_at_once(sandbox: DockerSandbox, run: str) -> None:
    async with owner_of(run, "run", "echo out; echo err >&2; printf last; exit 7") as owner:
        await owner.until("ended")
    heard: list[tuple[str, str]] = []
    async with reattached(sandbox, run) as box:
        done = await box.rejoin(timeout_s=20, on_output=lambda stream, line: heard.append((stream, line)))
    assert sorted(heard) == [("stderr", "err"), ("stdout", "last"), ("stdout", "out")]
    assert (done.exit_code, done.ended) == (7, "exit")
    assert done.wall_s < 5


@pytest.mark.parametrize(
    ("word", "after_s"),
    [("opened", after_s) for after_s in (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4)]
    + [("heard line 1", after_s) for after_s in (0.0, 0.1, 0.4, 0.9, 1.6)],
)
async def test_an_owner_killed_at_any_moment_loses_nothing(
    sandbox: DockerSandbox, run: str, word: str, after_s: float
) -> None:
    """Once a line was heard of the command, it is found again. Before, it may not have begun, and says so."""
    async with owner_of(run, "run") as owner:
        await owner.until(word)
        await asyncio.sleep(after_s)
    begun = word != "opened" or "heard" in owner.said
    heard: list[str] = []
    box = await sandbox.reattach(run, "train")
    assert box is not None or not begun
    if box is not None:
        try:
            done = await box.rejoin(timeout_s=60, on_output=lambda stream, line: heard.append(line))
            assert (done.exit_code, done.ended, heard) == (3, "exit", LINES)
        except BoxFailed as error:
            # It ended with its owner, as a box does before its first command; perhaps in this very moment.
            assert any(told in error.message for told in ("holds no record of a command", "is not running"))
            assert not begun
        finally:
            await box.close()
    assert await gone(run, 10) == set()


async def test_of_many_who_come_one_gets_the_box(sandbox: DockerSandbox, run: str) -> None:
    async with owner_of(run, "run", "sleep 30") as owner:
        await owner.until("opened")
        await asyncio.sleep(1.5)
    comers = [Owner(do="rejoin", run=run, key="train", listen=False) for _ in range(4)]
    try:
        answers = await asyncio.gather(*(comer.answer("got", "none") for comer in comers))
        assert sorted(answers) == ["got", "none", "none", "none"]
        assert await sandbox.reattach(run, "train") is None
    finally:
        for comer in comers:
            comer.kill()
    own = await asyncio.gather(*(sandbox.reattach(run, "train") for _ in range(3)))
    (box,) = [box for box in own if box is not None]
    await box.close()
    assert await gone(run, 10) == set()


async def test_a_box_whose_new_owner_is_killed_too_can_be_taken_again(sandbox: DockerSandbox, run: str) -> None:
    async with owner_of(run, "run") as owner:
        await owner.until("heard line 2")
    for _ in range(2):
        second = Owner(do="rejoin", run=run, key="train")
        await second.until("heard line 3")
        assert await sandbox.reattach(run, "train") is None
        second.kill()
    heard: list[str] = []
    async with reattached(sandbox, run) as box:
        done = await box.rejoin(timeout_s=60, on_output=lambda stream, line: heard.append(line))
    assert (done.exit_code, heard) == (3, LINES)
    assert await gone(run, 10) == set()


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.05, 0.1, 0.2])
async def test_a_kill_in_the_middle_of_taking_over_leaves_the_box_free(
    sandbox: DockerSandbox, run: str, after_s: float
) -> None:
    async with owner_of(run, "run") as owner:
        await owner.until("heard line 2")
    second = Owner(do="rejoin", run=run, key="train")
    await second.until("begin")
    await asyncio.sleep(after_s)
    second.kill()
    heard: list[str] = []
    async with reattached(sandbox, run) as box:
        done = await box.rejoin(timeout_s=60, on_output=lambda stream, line: heard.append(line))
    assert (done.exit_code, heard) == (3, LINES)
    assert await gone(run, 10) == set()


@pytest.fixture
def private(tmp_path: Path) -> Mount:
    source = tmp_path / "private"
    source.mkdir(mode=0o700)
    (source / "data").write_text("rows")
    (source / "data").chmod(0o600)
    return Mount(source=source, target="in/train")


async def test_where_nobody_comes_everything_goes_when_the_time_is_over(
    sandbox: DockerSandbox, run: str, private: Mount
) -> None:
    mounts = [private.model_dump(mode="json")]
    began = time.monotonic()
    async with owner_of(run, "run", "echo begun; sleep 100", keep_s=10.0, mounts=mounts) as owner:
        await owner.until("heard begun")
    for _ in range(3):
        found = docker_leftovers(f"mlexpert.run={run}"), folders(Path(tempfile.gettempdir()))
        if time.monotonic() < began + 9:
            assert [len(some) for some in found] == [2, 1], "box, volume and staged mounts live on"
        await asyncio.sleep(0.5)
    assert await gone(run, 20) == set()
    assert await sandbox.reattach(run, "train") is None


async def test_staged_mounts_live_as_long_as_the_box(sandbox: DockerSandbox, run: str, private: Mount) -> None:
    read_late = "echo begun; while [ ! -e go ]; do sleep 0.05; done; cat /mnt/in/train/data"
    async with owner_of(run, "run", read_late, mounts=[private.model_dump(mode="json")]) as owner:
        await owner.until("heard begun")
    await asyncio.sleep(1.5)
    await sandbox.reap()
    await ProcessSandbox().reap(run)
    async with reattached(sandbox, run) as box:
        await box.write("go", b"")
        assert (await box.rejoin(timeout_s=30)).output == "begun\nrows"
    assert await gone(run, 10) == set()


async def reap_as_of_all(run: str) -> int:
    """`reap(kept=True)` as this run's boxes meet it: another session's kept boxes are left alone."""
    client, _ = connect()
    listed = await ask(client.containers, all=True, filters={"label": f"mlexpert.run={run}"})
    return await reap_kept(client, [Entry.of(entry) for entry in listed], run=False, kept=True)


async def test_reaping_leaves_a_kept_box_unless_told(sandbox: DockerSandbox, run: str, private: Mount) -> None:
    mounts = [private.model_dump(mode="json")]
    async with owner_of(run, "run", "echo begun; sleep 100", mounts=mounts) as owner:
        await owner.until("heard begun")
        assert await reap_as_of_all(run) == 0, "its owner lives"
    await sandbox.reap()
    assert await sandbox.reap(run) == 0
    assert len(traces(run)) >= 3
    async with reattached(sandbox, run):
        assert await reap_as_of_all(run) == 0, "it has a living owner again"
    for reap in (reap_as_of_all, lambda run: sandbox.reap(run, kept=True)):
        async with owner_of(run, "run", "echo begun; sleep 100", mounts=mounts) as owner:
            await owner.until("heard begun")
        assert await reap(run) == 1
        await sandbox.reap()
        assert await gone(run, 10) == set()


async def test_a_deadline_counts_from_the_commands_own_start(sandbox: DockerSandbox, run: str) -> None:
    heard: list[str] = []
    async with owner_of(run, "run", "echo begun; sleep 100") as owner:
        await owner.until("heard begun")
    await asyncio.sleep(2)
    async with reattached(sandbox, run) as box:
        start = time.monotonic()
        done = await box.rejoin(timeout_s=1.5, on_output=lambda stream, line: heard.append(line))
        assert time.monotonic() - start < 5
        assert (done.ended, done.exit_code, heard) == ("timeout", 137, ["begun"])
        assert done.wall_s > 1.9
        assert (await box.run(["echo", "still here"], timeout_s=20)).output == "still here\n"


@pytest.mark.parametrize(("timeout_s", "ended", "code"), [(0.8, "timeout", 137), (1.8, "exit", 0)])
async def test_a_command_that_ended_alone_is_measured_by_its_own_clock(
    sandbox: DockerSandbox, run: str, timeout_s: float, ended: str, code: int
) -> None:
    async with owner_of(run, "run", "echo begun; sleep 1.2; echo done") as owner:
        await owner.until("heard begun")
    await asyncio.sleep(2.5)
    async with reattached(sandbox, run) as box:
        done = await box.rejoin(timeout_s=timeout_s)
    assert (done.ended, done.exit_code, done.output) == (ended, code, "begun\ndone\n")
    assert 1.1 < done.wall_s < 2.5


async def test_nothing_else_is_found(sandbox: DockerSandbox, run: str) -> None:
    async with owner_of(run, "run", "echo begun; sleep 30") as owner:
        await owner.until("heard begun")
        assert await sandbox.reattach(run, "train") is None, "its owner lives"
    for which in ((run, "other"), (run, ""), (f"{run}0", "train"), ("", "train"), (run[:-1], "train")):
        assert await sandbox.reattach(*which) is None
    async with owner_of(f"{run}-plain", "run", "echo begun; sleep 30", keep_s=0) as owner:
        await owner.until("heard begun")
    assert await sandbox.reattach(f"{run}-plain", "train") is None, "it ends with its owner"
    async with reattached(sandbox, run):
        assert await sandbox.reattach(run, "train") is None, "it has an owner"
    assert await gone(run, 10) == set()


@pytest.mark.parametrize(
    ("script", "ended"),
    [
        ("echo begun; sleep 1; tail /dev/zero", "memory"),
        ("echo begun; sleep 1; head -c 40000000 /dev/zero > full || exit 5", "disk"),
        ("echo begun; sleep 1; yes", "output"),
        ("echo begun; sleep 1; kill -9 -1; sleep 0.2", "killed"),
        ("echo begun; sleep 1; for r in /kept/record.*; do yes | head -c 3000000 >> $r; done", "killed"),
    ],
)
async def test_a_limit_that_was_met_alone_is_named(
    sandbox: DockerSandbox, run: str, script: str, ended: str
) -> None:  # fmt: skip
    async with owner_of(run, "run", script) as owner:
        await owner.until("heard begun")
    await asyncio.sleep(3)
    heard: list[str] = []
    async with reattached(sandbox, run) as box:
        done = await box.rejoin(timeout_s=30, on_output=lambda stream, line: heard.append(line))
        assert done.ended == ended
        assert done.exit_code != 0
        assert heard[0] == "begun"
        assert (await box.run(["echo", "still here"], timeout_s=20)).output == "still here\n"
    assert await gone(run, 10) == set()


async def test_a_box_that_stood_still_goes_on(sandbox: DockerSandbox, run: str) -> None:
    async with owner_of(run, "pause") as owner:
        await owner.until("paused")
    heard: list[str] = []
    async with reattached(sandbox, run) as box:
        done = await box.rejoin(timeout_s=60, on_output=lambda stream, line: heard.append(line))
    assert (done.exit_code, heard) == (3, LINES)


async def test_a_box_that_stands_still_past_its_time_is_reaped(sandbox: DockerSandbox, run: str) -> None:
    async with owner_of(run, "pause", "sleep 30", keep_s=6.0) as owner:
        await owner.until("paused")
    await asyncio.sleep(6)
    assert len(docker_leftovers(f"mlexpert.run={run}")) == 2, "a box that stands still cannot end"
    await sandbox.reap()
    assert await gone(run, 10) == set()


async def test_cancelling_a_rejoined_command_kills_its_tree_within_a_second(sandbox: DockerSandbox, run: str) -> None:
    async with owner_of(run, "run", HEARTBEAT + "echo begun; trap '' TERM INT HUP; sleep 60") as owner:
        await owner.until("heard begun")
    async with reattached(sandbox, run) as box:
        task = asyncio.create_task(box.rejoin(timeout_s=60))
        await asyncio.sleep(0.7)
        start = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - start < 1.0
        assert not await beats(box)


async def test_the_record_takes_nothing_of_the_workspace(sandbox: DockerSandbox) -> None:
    async with opened(sandbox, disk_mb=2, keep_s=60, key="key") as box:
        done = await box.run(["sh", "-c", "yes | head -c 6000000; df -k /box | tail -1"], timeout_s=30)
    assert (done.exit_code, done.ended) == (0, "exit")
    assert done.output.splitlines()[-1].split()[2] == "0"


async def test_more_output_than_a_kept_box_can_hold_is_refused(sandbox: DockerSandbox) -> None:
    async with opened(sandbox, keep_s=60, key="key") as box:
        with pytest.raises(BadInput, match="output_limit"):
            await box.run(["true"], timeout_s=20, output_limit=1 << 30)
