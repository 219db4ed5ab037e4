"""The walls of bubblewrap boxes: what is kept out, what is kept in, and which limits hold."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bubbles import AS_ROOT, claims, in_groups, python

from orchestrator.core.errors import BoxFailed, Untrusted
from sandbox.bubblewrap import backend
from sandbox.bubblewrap.backend import BubblewrapSandbox
from sandbox.conformance import opened, shell
from sandbox.protocol import BoxSpec, IntakeLimits, Mount

pytestmark = [pytest.mark.bwrap, pytest.mark.usefixtures("bwrap", "own_place")]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def sandbox() -> BubblewrapSandbox:
    return BubblewrapSandbox()


async def test_every_limit_is_held_for_root(sandbox: BubblewrapSandbox) -> None:
    if os.geteuid() != 0:
        pytest.skip("a plain user may have gaps")
    assert await sandbox.gaps() == ()
    async with opened(sandbox, trust="untrusted") as box:
        assert (await shell(box, "echo ran")).output == "ran\n"


@AS_ROOT
async def test_two_boxes_have_two_users_and_do_not_see_each_other(sandbox: BubblewrapSandbox) -> None:
    async with opened(sandbox) as one, opened(sandbox) as two:
        await one.write("secret", b"of one")
        assert len(claims(os.getpid())) == 2
        task = asyncio.create_task(shell(one, "sleep 34.5"))
        await asyncio.sleep(0.3)
        seen = await shell(two, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '; ls /box")
        task.cancel()
        users = {
            Path(f"/proc/{word.split()[1]}").stat().st_uid
            for word in in_groups(os.getpid())
            if Path(f"/proc/{word.split()[1]}").exists()
        }
    assert "34.5" not in seen.output
    assert "secret" not in seen.output
    assert len({uid for uid in users if uid >= 64321}) == 2


async def test_a_box_sees_nothing_of_this_user_or_this_machine(sandbox: BubblewrapSandbox, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hunter2")
    script = f"cat {tmp_path}/key; ls /root/.ssh /home /run /var /sys {ROOT} /etc/shadow 2>/dev/null | wc -l; id -u"
    async with opened(sandbox) as box:
        done = await shell(box, script)
        names = await shell(box, "ls -A /")
    assert "hunter2" not in done.output
    assert done.output.splitlines()[-2:] == ["0", "10001"]
    assert not {"run", "var", "home", "sys", "boot", "srv", "opt", "media"} & set(names.output.split())


async def test_nothing_of_the_system_can_be_written(sandbox: BubblewrapSandbox) -> None:
    places = "/ /usr /usr/bin /etc /dev /proc /proc/sys/kernel/hostname /inbox /mnt /etc/passwd"
    async with opened(sandbox) as box:
        done = await shell(box, f"for p in {places}; do (echo x > $p/new || echo x > $p) 2>/dev/null && echo $p; done")
    assert done.output == ""


async def test_a_mount_stays_as_it_is_whatever_its_rights(sandbox: BubblewrapSandbox, tmp_path: Path) -> None:
    source = tmp_path / "open"
    source.mkdir()
    (source / "rows").write_text("rows")
    for path, mode in ((source, 0o777), (source / "rows", 0o666)):
        path.chmod(mode)
    mounts = (Mount(source=source, target="in"), Mount(source=source / "rows", target="one"))
    async with opened(sandbox, mounts=mounts) as box:
        attack = "cd /mnt; cat in/rows; for p in in/rows in/new one; do echo x > $p; done; rm in/rows; chmod 600 one"
        assert (await shell(box, attack)).output.startswith("rows")
    assert [(path.name, path.read_text()) for path in source.iterdir()] == [("rows", "rows")]
    assert (source / "rows").stat().st_mode & 0o777 == 0o666


async def test_files_in_tmp_and_shared_memory_cannot_be_executed(sandbox: BubblewrapSandbox) -> None:
    async with opened(sandbox) as box:
        for place in ("/tmp", "/dev/shm"):
            done = await shell(box, f"cp /bin/true {place}/t && {place}/t")
            assert done.exit_code == 126, place
        assert (await shell(box, "cp /bin/true t && ./t")).exit_code == 0


async def test_the_number_of_files_is_limited(sandbox: BubblewrapSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "INODES", 200)
    code = "for i in range(1000): open(f'/{__import__(\"sys\").argv[1]}/f{i}', 'x').close()"
    for place in ("box", "tmp"):
        async with opened(sandbox) as box:
            done = await box.run(["python3", "-I", "-c", code, place], timeout_s=30)
            assert (done.ended, done.exit_code) == ("disk", 1), place
            assert "No space left" in done.output


async def test_a_full_tmp_is_a_disk_end(sandbox: BubblewrapSandbox) -> None:
    async with opened(sandbox, disk_mb=2) as box:
        done = await shell(box, "head -c 5000000 /dev/zero > /tmp/one")
        assert (done.ended, done.exit_code != 0) == ("disk", True)


async def test_a_fork_bomb_is_held_and_killed_and_the_box_lives_on(sandbox: BubblewrapSandbox) -> None:
    async with opened(sandbox, pids=40) as box:
        done = await box.run(["bash", "-c", "b() { b | b & }; while :; do b 2>/dev/null; done"], timeout_s=2)
        assert done.ended == "timeout"
        assert (await shell(box, "echo alive")).output == "alive\n"


async def test_no_more_processes_than_allowed_are_made(sandbox: BubblewrapSandbox) -> None:
    code = """
import os, time
made = 0
try:
    while made < 200:
        if os.fork() == 0:
            time.sleep(60)
        made += 1
except BlockingIOError:
    print(made)
"""
    async with opened(sandbox, pids=40) as box:
        assert 30 <= int(await python(box, code)) <= 41


async def test_memory_is_counted_over_the_whole_tree_and_over_its_files(sandbox: BubblewrapSandbox) -> None:
    if "memory" in "".join(await sandbox.gaps()):
        pytest.skip("no control group here")
    async with opened(sandbox, memory_mb=96, disk_mb=512) as box:
        hog = "head -c 50000000 /dev/zero | tail | sleep 60 &"
        assert (await shell(box, f"{hog} {hog} wait", timeout_s=5)).ended == "memory"
        done = await shell(box, "head -c 200000000 /dev/zero > /dev/shm/x")
        assert done.ended == "memory"
        with pytest.raises(BoxFailed, match="dead"):  # its files fill all of its memory, nothing can run in it
            await shell(box, "true")


async def test_processor_time_is_held(sandbox: BubblewrapSandbox) -> None:
    if "cpu" in "".join(await sandbox.gaps()):
        pytest.skip("no control group here")
    async with opened(sandbox, cpus=0.2) as box:
        done = await shell(box, "for i in 1 2 3; do (while :; do :; done) & done; sleep 3; exit 3")
        assert done.exit_code == 3
        assert done.cpu_s < 0.5 * done.wall_s


async def test_a_box_runs_on_the_cores_it_was_leased(sandbox: BubblewrapSandbox) -> None:
    core = max(os.sched_getaffinity(0))
    async with opened(sandbox, cores=(core,)) as box:
        assert await python(box, "import os; print(os.sched_getaffinity(0))") == f"{{{core}}}\n"


async def test_the_keeper_cannot_be_stopped_traced_or_read(sandbox: BubblewrapSandbox) -> None:
    code = """
import os, signal
for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT):
    os.kill(1, number)
for name in ("mem", "fd", "environ", "root", "cwd", "maps", "auxv"):
    try:
        path = f"/proc/1/{name}"
        os.listdir(path) if name in ("fd", "root", "cwd") else open(path, "rb").read(1)
        print("open", name)
    except OSError:
        pass
print("done")
"""
    async with opened(sandbox) as box:
        assert await python(box, code) == "done\n"
        assert (await shell(box, "echo alive")).output == "alive\n"


async def test_a_forged_word_of_the_keeper_is_only_output(sandbox: BubblewrapSandbox) -> None:
    code = 'import os; os.write(1, b\'\\0\\0\\0\\0\\x1c{"ended": 1, "code": 0}xxxx\'); raise SystemExit(9)'
    async with opened(sandbox) as box:
        assert (await box.run(["python3", "-I", "-c", code], timeout_s=20)).exit_code == 9


async def test_sockets_of_this_machine_are_out_of_reach(sandbox: BubblewrapSandbox, tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX) as abstract, socket.socket(socket.AF_UNIX) as named, socket.socket() as tcp:
        abstract.bind("\0mlexpert-test")
        abstract.listen()
        named.bind(str(tmp_path / "s"))
        named.listen()
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        code = f"""
import socket
for family, address in (
    (1, "\\0mlexpert-test"), (2, ("127.0.0.1", {tcp.getsockname()[1]})), (2, ("169.254.169.254", 80))
):
    with socket.socket(family) as one:
        one.settimeout(3)
        print(one.connect_ex(address) != 0)
"""
        async with opened(sandbox) as box:
            assert await python(box, code) == "True\n" * 3
        with pytest.raises(Untrusted, match="socket"):
            await sandbox.open(BoxSpec(mounts=(Mount(source=tmp_path, target="in"),)))


async def test_a_file_that_is_swapped_while_it_is_collected_does_not_lead_out(
    sandbox: BubblewrapSandbox, tmp_path: Path
) -> None:
    swap = "mkdir out; while :; do echo x > out/f; rm out/f; ln -s /etc/passwd out/f; rm out/f; done"
    async with opened(sandbox) as box:
        task = asyncio.create_task(shell(box, swap))
        await asyncio.sleep(0.3)
        for i in range(20):
            try:
                await box.collect("out", tmp_path / str(i), IntakeLimits())
            except BoxFailed:
                continue
        assert not task.done()
    assert all(path.read_text() in ("x\n", "") for path in tmp_path.glob("[0-9]*/f"))


@contextmanager
def python_in_a_home(below: str) -> Iterator[tuple[Path, Path]]:
    """A home with secrets, a Python right below it or in its .local; the home and an environment made with that."""
    real = Path(str(getattr(sys, "_base_executable", sys.executable))).resolve()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:  # /tmp is the box's own
        home, env = Path(place) / "home", Path(place) / "env"
        python = home / below / "bin" / f"python3.{sys.version_info[1]}"
        for folder in (python.parent, home / below / "lib", home / below / "share", home / ".ssh", env / "bin"):
            folder.mkdir(parents=True)
        Path(place).chmod(0o755)
        for secret in (home / "key", home / ".ssh/id", home / below / "share/key", home / below / "lib/key"):
            secret.write_text("hunter2")
        (python.parent / "tool").write_text("hunter2")
        shutil.copy(real, python)
        (home / below / "lib" / python.name).symlink_to(sysconfig.get_path("stdlib"))
        (env / "bin" / "python3").symlink_to(python)
        yield home, env


@pytest.mark.parametrize("below", [".local", ""])
async def test_an_interpreter_in_a_home_shows_nothing_else_of_it(sandbox: BubblewrapSandbox, below: str) -> None:
    with python_in_a_home(below) as (home, env):
        async with opened(sandbox, mounts=(Mount(source=env, target="env"),)) as box:
            find = f"find {home} -path '*/lib/python3.*' -prune -o"
            stolen = await shell(box, f"{find} -type f -exec grep -l hunter2 {{}} + ; {find} -printf '%f\\n'")
            words = [sandbox.python(env), "-c", "import json, ctypes, _socket; print(json.__file__)"]
            ran = await box.run(words, timeout_s=30)
    assert set(stolen.output.split()) == {"home", below or "home", "bin", "lib", f"python3.{sys.version_info[1]}"}
    assert ran.output == f"{home / below / 'lib'}/python3.{sys.version_info[1]}/json/__init__.py\n"


async def test_an_interpreter_without_a_library_of_its_own_is_refused(sandbox: BubblewrapSandbox) -> None:
    with python_in_a_home("") as (home, env):
        (home / "lib" / f"python3.{sys.version_info[1]}").unlink()
        with pytest.raises(BoxFailed, match="has no standard library") as caught:
            await sandbox.open(BoxSpec(mounts=(Mount(source=env, target="env"),)))
    assert "--sandbox docker" in caught.value.remedy
