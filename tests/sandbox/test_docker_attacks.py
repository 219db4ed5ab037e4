"""What code in a Docker box may try, and what it gets: each test is an attack that was carried out."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import textwrap
import time
from pathlib import Path

import pytest

from orchestrator.core.errors import BoxFailed, Untrusted
from sandbox.conformance import opened, shell
from sandbox.docker.backend import DockerSandbox
from sandbox.protocol import Box, BoxSpec, Completed, IntakeLimits, Mount

pytestmark = pytest.mark.docker
EPERM, ENOSYS = 1, 38
SYSCALLS = {
    "x86_64": {
        "unshare": (272, 0x10000000), "mount": (165, 0, 0, 0, 0, 0), "keyctl": (250, 0, 0), "bpf": (321, 0, 0, 0),
        "perf_event_open": (298, 0, 0, 0, 0, 0), "userfaultfd": (323, 0), "ptrace": (101, 0, 0, 0, 0),
        "io_uring_setup": (425, 1, 0), "clone3": (435, 0, 0), "open_by_handle_at": (304, 0, 0, 0),
        "kexec_load": (246, 0, 0), "setns": (308, 0, 0),
        "socket(AF_VSOCK)": (41, 40, 1, 0), "socket(AF_ALG)": (41, 38, 5, 0), "socket(AF_PACKET)": (41, 17, 3, 0),
        "memfd_secret": (447, 0), "process_vm_readv": (310, 1, 0, 0, 0, 0, 0), "swapon": (167, 0, 0),
    }
}  # fmt: skip


async def python(box: Box, script: str, timeout_s: float = 20.0) -> Completed:
    return await box.run(["python3", "-c", textwrap.dedent(script)], timeout_s=timeout_s)


async def test_no_system_call_of_the_list_gets_through(docker_sandbox: DockerSandbox) -> None:
    calls = SYSCALLS.get(os.uname().machine)
    if calls is None:
        pytest.skip(f"no call numbers for {os.uname().machine}")
    script = f"""
        import ctypes, json
        libc = ctypes.CDLL(None, use_errno=True)
        result = {{}}
        for name, (number, *rest) in json.loads('''{json.dumps(calls)}''').items():
            ctypes.set_errno(0)
            value = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(x) for x in rest))
            result[name] = ctypes.get_errno() if value < 0 else 0
        print(json.dumps(result))
    """
    async with opened(docker_sandbox) as box:
        done = await python(box, script)
    errors = json.loads(done.output)
    assert {name: code for name, code in errors.items() if code not in (EPERM, ENOSYS)} == {}
    assert errors["io_uring_setup"] == errors["clone3"] == ENOSYS


async def test_a_command_has_no_capability_and_can_gain_none(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox) as box:
        status = (await shell(box, "cat /proc/self/status; id -u")).output
        setuid = (await shell(box, "find / -xdev -type f -perm /6000 2>/dev/null")).output
    fields = {line.split(":")[0]: line.split()[-1] for line in status.splitlines() if ":" in line}
    assert {int(fields[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (fields["NoNewPrivs"], fields["Seccomp"]) == ("1", "2")
    assert status.splitlines()[-1] == "10001"
    assert setuid == ""


async def test_nothing_outside_the_workspace_can_be_written(docker_sandbox: DockerSandbox) -> None:
    script = """
        import os
        for path in ("/etc/x", "/usr/x", "/x", "/mnt/x", "/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger",
                     "/sys/fs/cgroup/x", "/sys/kernel/x", "/dev/x", "/var/tmp/x", "/run/x", "/root/x"):
            try:
                open(path, "w").write("x")
                print("wrote", path)
            except OSError:
                pass
    """
    async with opened(docker_sandbox) as box:
        done = await python(box, script)
    assert (done.exit_code, done.output) == (0, "")


async def test_a_program_dropped_in_tmp_does_not_start(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox) as box:
        done = await shell(box, "cp /bin/true /tmp/dropped && chmod +x /tmp/dropped && /tmp/dropped")
    assert done.exit_code == 126
    assert "denied" in done.output


async def test_neither_the_host_nor_the_metadata_service_is_reached(docker_sandbox: DockerSandbox) -> None:
    gateway = subprocess.run(
        ["docker", "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]
        with socket.create_connection((gateway or "127.0.0.1", port), timeout=2):
            pass  # the listener is there for whoever has a network
        script = f"""
            import socket
            for host, port in (("{gateway}", {port}), ("127.0.0.1", {port}), ("169.254.169.254", 80), ("1.1.1.1", 53)):
                try:
                    socket.create_connection((host, port), timeout=2)
                    print("reached", host)
                except OSError:
                    pass
        """
        async with opened(docker_sandbox) as box:
            done = await python(box, script)
    assert (done.exit_code, done.output) == (0, "")


async def test_a_fork_bomb_stays_in_its_box_and_dies_with_the_deadline(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox, pids=32) as other, opened(docker_sandbox, pids=32) as box:
        start = time.monotonic()
        done = await shell(box, "bomb() { bomb | bomb & }; bomb; sleep 60", timeout_s=2.0)
        assert time.monotonic() - start < 8.0
        assert done.ended in ("timeout", "killed", "exit")
        assert (await shell(other, "echo untouched")).output == "untouched\n"


async def test_the_process_that_keeps_the_box_open_cannot_be_stopped(docker_sandbox: DockerSandbox) -> None:
    script = """
        import os, signal
        for pid in [int(name) for name in os.listdir("/proc") if name.isdigit()]:
            for sign in (signal.SIGSTOP, signal.SIGKILL):
                if pid != os.getpid():
                    try:
                        os.kill(pid, sign)
                        print("signalled", pid)
                    except OSError:
                        pass
    """
    async with opened(docker_sandbox) as box:
        done = await python(box, script)
        assert (done.exit_code, done.output) == (0, "")
        assert (await shell(box, "echo alive")).output == "alive\n"


async def test_files_and_inodes_run_out_in_the_box_alone(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox, disk_mb=8, memory_mb=256) as box:
        for folder in ("/box", "/tmp"):
            done = await shell(
                box, f"i=0; while head -c 1000000 /dev/zero 2>/dev/null > {folder}/f$i; do i=$((i+1)); done; echo $i"
            )
            assert 5 <= int(done.output.split()[-1]) <= 8
        await shell(box, "rm -f /box/f* /tmp/f*")
        script = """
            n = 0
            try:
                while True:
                    open(f"/box/{n}", "w").close()
                    n += 1
            except OSError:
                print(n)
        """
        assert 0 < int((await python(box, script)).output) <= 50_000


async def test_filling_memory_through_files_hurts_the_box_alone(docker_sandbox: DockerSandbox) -> None:
    box = await docker_sandbox.open(BoxSpec(memory_mb=64, disk_mb=256, run="attack"))
    try:
        done = await shell(box, "head -c 120000000 /dev/zero > /box/big", timeout_s=30)
        assert done.ended == "memory"
    finally:
        await box.close()


async def test_an_endless_flood_is_cut_at_once(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox) as box:
        start = time.monotonic()
        done = await box.run(["sh", "-c", "yes & yes >&2 & yes"], timeout_s=30, output_limit=1_000_000)
        assert done.ended == "output"
        assert time.monotonic() - start < 3.0


@pytest.mark.parametrize("form", ["itself", "a link", "its folder", "a link to its folder"])
async def test_the_engines_socket_is_never_mounted(docker_sandbox: DockerSandbox, tmp_path: Path, form: str) -> None:
    sock = Path("/var/run/docker.sock")
    source = sock.parent if "folder" in form else sock
    if "link" in form:
        (tmp_path / "innocent").symlink_to(source)
        source = tmp_path / "innocent"
    with pytest.raises(Untrusted, match="socket"):
        await docker_sandbox.open(BoxSpec(mounts=(Mount(source=source, target="in/data"),)))


async def test_any_listening_socket_below_a_mount_is_refused(docker_sandbox: DockerSandbox, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "agent.sock"))
        listener.listen()
        with pytest.raises(Untrusted, match=r"agent\.sock"):
            await docker_sandbox.open(BoxSpec(mounts=(Mount(source=tmp_path, target="in/data"),)))


async def test_a_sparse_file_larger_than_the_box_is_refused_at_once(
    docker_sandbox: DockerSandbox, tmp_path: Path
) -> None:
    async with opened(docker_sandbox, disk_mb=64) as box:
        await shell(box, "mkdir out; truncate -s 60M out/huge")
        start = time.monotonic()
        with pytest.raises(BoxFailed, match="huge"):
            await box.collect("out", tmp_path / "taken", IntakeLimits(bytes=1000))
        assert time.monotonic() - start < 2.0
        assert (await shell(box, "echo alive")).output == "alive\n"


async def test_a_file_that_keeps_changing_is_taken_whole_or_not_at_all(
    docker_sandbox: DockerSandbox, tmp_path: Path
) -> None:
    swap = "mkdir out; while :; do echo good > out/a; ln -sf /etc/shadow out/b; mv out/b out/a; rm out/a; done"
    async with opened(docker_sandbox) as box:
        task = asyncio.create_task(shell(box, swap, timeout_s=10))
        await asyncio.sleep(0.3)
        for i in range(8):
            try:
                taken = await box.collect("out", tmp_path / str(i), IntakeLimits())
            except BoxFailed:
                continue
            for file in taken:
                assert (tmp_path / str(i) / file.path).read_text() in ("", "good\n")
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_core_dump_and_endless_open_files_are_refused(docker_sandbox: DockerSandbox) -> None:
    script = """
        import os, resource
        print(resource.getrlimit(resource.RLIMIT_CORE)[1], resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
        except ValueError:
            print("held")
    """
    async with opened(docker_sandbox) as box:
        done = await python(box, script)
    assert done.output.split() == ["0", "4096", "held"]


async def test_shared_memory_suffices_for_workers_of_a_data_loader(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox, memory_mb=512) as box:
        done = await shell(box, "head -c 100000000 /dev/zero > /dev/shm/x && echo fits")
    assert done.output == "fits\n"
