"""Process boxes: the behaviours of every sandbox, and what is theirs alone."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from traces import folders, processes_in

from orchestrator.core.errors import BoxFailed, Untrusted
from sandbox.conformance import SandboxConformance, opened, shell
from sandbox.process.backend import ProcessSandbox
from sandbox.process.command import SUPERVISOR
from sandbox.protocol import BoxSpec, Sandbox


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Boxes of this test lie in a folder of its own, so that what they leave is seen."""
    place = tmp_path / "boxes"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


class TestProcessSandbox(SandboxConformance):
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return ProcessSandbox()

    async def leftovers(self) -> set[str]:
        place = Path(tempfile.gettempdir())
        return folders(place) | processes_in(place)


@pytest.mark.parametrize(
    ("trust", "trust_code", "runs"),
    [
        ("builtin", False, True),
        ("user", False, False),
        ("user", True, True),
        ("untrusted", False, False),
        ("untrusted", True, False),
    ],
)
async def test_only_trusted_code_runs_without_isolation(trust: str, trust_code: bool, runs: bool) -> None:
    spec = BoxSpec.model_validate({"trust": trust, "trust_code": trust_code})
    if runs:
        box = await ProcessSandbox().open(spec)
        await box.close()
        return
    with pytest.raises(Untrusted) as caught:
        await ProcessSandbox().open(spec)
    assert "mlexpert image build" in caught.value.remedy
    assert ("--trust-code" in caught.value.remedy) == (trust == "user")


async def test_a_fork_bomb_is_ended() -> None:
    async with opened(ProcessSandbox(), pids=40) as box:
        done = await shell(box, "while :; do sleep 60 & done", timeout_s=20)
        assert done.ended == "killed"
        assert "more than 40 processes" in done.output


async def test_memory_is_counted_over_the_whole_tree() -> None:
    async with opened(ProcessSandbox(), memory_mb=96) as box:
        hog = "head -c 50000000 /dev/zero | tail | sleep 60 &"
        done = await shell(box, f"{hog} {hog} wait", timeout_s=20)
        assert done.ended == "memory"


async def test_one_file_over_the_disk_limit_is_a_disk_end() -> None:
    async with opened(ProcessSandbox(), disk_mb=2) as box:
        done = await shell(box, "head -c 5000000 /dev/zero > one", timeout_s=20)
        assert (done.ended, done.exit_code != 0) == ("disk", True)


async def test_a_full_box_still_runs_what_frees_space() -> None:
    async with opened(ProcessSandbox(), disk_mb=2) as box:
        await shell(box, "for i in 1 2 3 4; do head -c 1000000 /dev/zero > f$i; sleep 0.3; done; sleep 5")
        freed = await shell(box, "rm -f f*; sleep 0.7; echo freed")
        assert (freed.ended, freed.output) == ("exit", "freed\n")


async def test_a_short_command_is_not_kept_waiting() -> None:
    async with opened(ProcessSandbox()) as box:
        times = sorted([(await shell(box, "true")).wall_s for _ in range(7)])
    assert times[3] < 0.5


async def test_many_boxes_run_at_once() -> None:
    async def one(number: int) -> str:
        async with opened(ProcessSandbox()) as box:
            await box.write("number", str(number).encode())
            return (await shell(box, "cat number; head -c 100000 /dev/zero | tr '\\0' x | tail -c 3", 60)).output

    assert await asyncio.gather(*(one(i) for i in range(8))) == [f"{i}xxx" for i in range(8)]


async def test_cpu_time_is_measured() -> None:
    async with opened(ProcessSandbox()) as box:
        done = await shell(box, "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done")
        assert 0.02 < done.cpu_s <= done.wall_s + 0.1


async def test_a_reaped_box_runs_nothing_more() -> None:
    sandbox = ProcessSandbox()
    box = await sandbox.open(BoxSpec(run="lost"))
    assert await sandbox.reap("lost") == 1
    with pytest.raises(BoxFailed, match="removed"):
        await shell(box, "echo ran")
    await box.close()


async def test_a_supervisor_that_is_told_to_end_while_it_starts_runs_nothing(own_place: Path) -> None:
    """A reaper's word between the start of Python and the first look at signals is not lost."""
    (own_place / "work").mkdir()
    job = {"command": ["sleep", "300"], "env": {"PATH": "/bin"}, "root": str(own_place), "memory_mb": 64, "pids": 9}
    job |= {"workspace": str(own_place / "work"), "folders": [], "disk_bytes": 2**20, "cores": []}
    pipe, (report, theirs) = asyncio.subprocess.PIPE, os.pipe()
    words = (sys.executable, "-I", "-S", str(SUPERVISOR), str(own_place))
    process = await asyncio.create_subprocess_exec(*words, stdin=pipe, pass_fds=(theirs,))
    os.close(theirs)
    assert process.stdin is not None
    status = Path(f"/proc/{process.pid}/status")

    def caught() -> int:
        return int(next(line for line in status.read_text().splitlines() if line.startswith("SigCgt")).split()[1], 16)

    try:
        async with asyncio.timeout(30):
            while not caught() >> (signal.SIGTERM - 1) & 1:
                await asyncio.sleep(0.01)
            process.terminate()
            process.stdin.write(json.dumps({**job, "report": theirs}).encode() + b"\n")
            assert await process.wait() == 0
        assert json.loads(os.read(report, 4096))["ended"] == "killed"
    finally:
        process.stdin.close()  # ends it, should it still live
        await process.wait()
        os.close(report)
