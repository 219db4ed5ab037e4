"""Attacks on Docker boxes: all that every sandbox must hold, and those that only an engine has to fear."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from pathlib import Path

import pytest
from attack_tools import attack, got_through, untrusted
from attacks import Attacks
from traces import docker_leftovers, folders

from orchestrator.core.errors import Untrusted
from sandbox.conformance import opened, shell
from sandbox.docker.backend import DockerSandbox
from sandbox.owner import this_process
from sandbox.protocol import BoxSpec, Mount, Sandbox

pytestmark = pytest.mark.docker


class TestDockerAttacks(Attacks):
    @pytest.fixture
    def sandbox(self, docker_sandbox: DockerSandbox) -> Sandbox:
        return docker_sandbox

    async def leftovers(self) -> set[str]:
        return docker_leftovers(f"mlexpert.owner={this_process()}") | folders(Path(tempfile.gettempdir()))


@pytest.mark.parametrize("form", ["itself", "a link", "its folder", "a link to its folder", "the root"])
async def test_the_engines_socket_is_never_mounted(docker_sandbox: DockerSandbox, tmp_path: Path, form: str) -> None:
    sock = Path("/var/run/docker.sock")
    source = Path("/") if form == "the root" else sock.parent if "folder" in form else sock
    if "link" in form:
        (tmp_path / "innocent").symlink_to(source)
        source = tmp_path / "innocent"
    with pytest.raises(Untrusted, match="socket"):
        await docker_sandbox.open(BoxSpec(mounts=(Mount(source=source, target="in/data"),)))


async def test_a_program_dropped_in_tmp_does_not_start(docker_sandbox: DockerSandbox) -> None:
    async with untrusted(docker_sandbox) as box:
        done = await shell(box, "cp /bin/true /tmp/dropped && chmod +x /tmp/dropped && /tmp/dropped")
        kept = await shell(box, "cp /bin/true dropped && ./dropped && echo started")
    assert done.exit_code == 126
    assert "denied" in done.output
    assert kept.output == "started\n", "the same program starts where it may"


async def test_commands_run_as_the_boxs_user_in_an_image_without_setuid_programs(docker_sandbox: DockerSandbox) -> None:
    async with untrusted(docker_sandbox) as box:
        done = await shell(box, "id -u; id -G; find / -xdev -type f -perm /6000 2>/dev/null; echo looked")
    assert done.output.split() == ["10001", "10001", "looked"]


async def test_open_files_are_counted(docker_sandbox: DockerSandbox) -> None:
    async with untrusted(docker_sandbox) as box:
        assert (await shell(box, "ulimit -n; ulimit -c")).output.split() == ["4096", "0"]


async def test_a_log_flood_reaches_no_log_of_the_engine(docker_sandbox: DockerSandbox) -> None:
    program = """
        for path in ("/proc/1/fd/1", "/proc/1/fd/2", "/dev/console"):
            def flood():
                with open(path, "w") as log:
                    log.write("x" * 1_000_000)
            attempt(path, flood)
    """
    async with untrusted(docker_sandbox) as box:
        said = await box.run(["head", "-c", "5000000", "/dev/zero"], timeout_s=30)
        assert (said.exit_code, len(said.output)) == (0, 65536)
        assert got_through(await attack(box, program)) == set()
        logs = subprocess.run(["docker", "logs", box.id], capture_output=True, check=True)
    assert (logs.stdout, logs.stderr) == (b"", b"")


async def test_a_read_at_any_moment_of_a_start_never_freezes_the_box(docker_sandbox: DockerSandbox) -> None:
    async with untrusted(docker_sandbox) as box:
        await box.write("x", b"x")
        for i in range(24):
            task = asyncio.create_task(box.run(["true"], timeout_s=30))
            await asyncio.sleep(i * 0.005)
            assert await asyncio.wait_for(box.read("x"), 30) == b"x"
            assert (await task).exit_code == 0


async def test_shared_memory_suffices_for_workers_of_a_data_loader(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox, memory_mb=512) as box:
        done = await shell(box, "head -c 100000000 /dev/zero > /dev/shm/x && echo fits")
    assert done.output == "fits\n"
