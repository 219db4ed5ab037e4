"""Docker boxes: the behaviours of every sandbox, in real containers."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from pathlib import Path

import pytest
from traces import docker_leftovers, folders

from orchestrator.core.errors import BoxFailed
from sandbox.conformance import SandboxConformance, opened, shell
from sandbox.docker.backend import DockerSandbox
from sandbox.owner import this_process
from sandbox.protocol import BoxSpec, Sandbox

pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "boxes"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


class TestDockerSandbox(SandboxConformance):
    @pytest.fixture
    def sandbox(self, docker_sandbox: DockerSandbox) -> Sandbox:
        return docker_sandbox

    async def leftovers(self) -> set[str]:
        return docker_leftovers(f"mlexpert.owner={this_process()}") | folders(Path(tempfile.gettempdir()))


@pytest.mark.parametrize("trust", ["builtin", "user", "untrusted"])
async def test_code_of_every_trust_runs(docker_sandbox: DockerSandbox, trust: str) -> None:
    async with opened(docker_sandbox, trust=trust) as box:
        assert (await shell(box, "echo ran")).output == "ran\n"


async def test_the_image_has_a_python_that_is_new_enough(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox) as box:
        done = await box.run(["python3", "-c", "import sys; print(sys.version_info >= (3, 11))"], timeout_s=20)
        assert (done.output, done.exit_code) == ("True\n", 0)
        assert done.cpu_s > 0.0


async def test_files_come_out_while_a_command_runs(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox) as box:
        task = asyncio.create_task(shell(box, "echo early > note; sleep 1; cat note"))
        await asyncio.sleep(0.5)
        assert await box.read("note") == b"early\n"
        assert (await task).output == "early\n"


@pytest.mark.parametrize("after_s", [0.01, 0.06, 0.12, 0.2, 0.35, 0.5])
async def test_an_opening_that_is_cancelled_leaves_nothing(docker_sandbox: DockerSandbox, after_s: float) -> None:
    await docker_sandbox.probe()
    task = asyncio.create_task(docker_sandbox.open(BoxSpec(run="cancelled", memory_mb=64, disk_mb=4)))
    await asyncio.sleep(after_s)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await (await task).close()  # the opening was faster
    assert docker_leftovers("mlexpert.run=cancelled") == set()


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.02, 0.05])
async def test_a_read_that_is_cancelled_leaves_the_box_usable(docker_sandbox: DockerSandbox, after_s: float) -> None:
    async with opened(docker_sandbox) as box:
        await box.write("note", b"x")
        task = asyncio.create_task(box.read("note"))
        await asyncio.sleep(after_s)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert (await shell(box, "cat note")).output == "x"


async def test_many_boxes_open_and_run_at_once(docker_sandbox: DockerSandbox) -> None:
    async def one(number: int) -> str:
        async with opened(docker_sandbox, memory_mb=64) as box:
            await box.write("number", str(number).encode())
            return (await shell(box, "cat number; head -c 100000 /dev/zero | tr '\\0' x | tail -c 3", 60)).output

    assert await asyncio.gather(*(one(i) for i in range(8))) == [f"{i}xxx" for i in range(8)]


async def test_a_box_whose_keeper_is_gone_says_so(docker_sandbox: DockerSandbox) -> None:
    box = await docker_sandbox.open(BoxSpec(memory_mb=64, disk_mb=4))
    await docker_sandbox.reap()
    lost = await docker_sandbox.open(BoxSpec(run="gone", memory_mb=64, disk_mb=4))
    assert await docker_sandbox.reap("gone") == 1
    with pytest.raises(BoxFailed):
        await shell(lost, "true")
    await lost.close()
    await box.close()
