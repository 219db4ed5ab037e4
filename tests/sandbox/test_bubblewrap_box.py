"""Bubblewrap boxes: the behaviours of every sandbox, what they hold on this machine, and what they keep out."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from bubbles import AS_ROOT, bubbles, claims, groups, in_groups, python, supervisor_of, until
from test_owner_dies import kill_and_wait, start_owner

from orchestrator.core.errors import BoxFailed
from sandbox.bubblewrap import backend
from sandbox.bubblewrap.backend import BubblewrapSandbox, why_not
from sandbox.bubblewrap.limits import Holder
from sandbox.bubblewrap.watch import below
from sandbox.conformance import SandboxConformance, opened, shell
from sandbox.inbox import keeper
from sandbox.output import Capture
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import BoxSpec, Sandbox

pytestmark = [pytest.mark.bwrap, pytest.mark.usefixtures("bwrap", "own_place")]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def sandbox() -> BubblewrapSandbox:
    return BubblewrapSandbox()


class TestBubblewrapSandbox(SandboxConformance):
    @pytest.fixture
    def sandbox(self) -> Sandbox:
        return BubblewrapSandbox()

    async def leftovers(self) -> set[str]:
        return bubbles(Path(tempfile.gettempdir()))


async def test_a_box_whose_keeper_does_not_answer_is_ended(sandbox: BubblewrapSandbox, own_place: Path) -> None:
    async with opened(sandbox) as box:
        stuck = below(supervisor_of(box))
        for pid in stuck:
            os.kill(pid, signal.SIGSTOP)
        with pytest.raises(BoxFailed, match="does not end its processes within 5 s"):
            await shell(box, "true", timeout_s=0.2)
        assert await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in stuck))
        with pytest.raises(BoxFailed, match="dead"):
            await shell(box, "true")
    assert bubbles(own_place) == set()


async def test_many_boxes_run_at_once(sandbox: BubblewrapSandbox, own_place: Path) -> None:
    async def one(number: int) -> str:
        async with opened(sandbox) as box:
            await box.write("number", str(number).encode())
            return (await shell(box, "cat number; head -c 100000 /dev/zero | tr '\\0' x | tail -c 3", 60)).output

    assert await asyncio.gather(*(one(i) for i in range(16))) == [f"{i}xxx" for i in range(16)]
    assert bubbles(own_place) == set()


async def test_a_command_that_crosses_a_pause_begins_when_the_box_goes_on(sandbox: BubblewrapSandbox) -> None:
    async with opened(sandbox) as box:
        line = box._tree.line  # type: ignore[attr-defined]
        await line.pause()
        words = ("sh", "-c", "echo ran > mark")
        task = asyncio.create_task(line.run(words, {"PATH": "/bin"}, "/box", Capture(100, None), timeout_s=30))
        await asyncio.sleep(0.5)
        with pytest.raises(BoxFailed, match="mark"):
            await box.read("mark")
        await line.resume()
        assert (await task).code == 0
        assert await box.read("mark") == b"ran\n"
        await line.pause()
        ending = await line.run(words, {"PATH": "/bin"}, "/box", Capture(100, None), timeout_s=0.2)
        assert (ending.cut, ending.code) == ("timeout", 137), "one that never began ends with its deadline"


@AS_ROOT
def test_a_keeper_never_serves_outside_a_box() -> None:
    """It kills every process that it may: started by hand it would end this machine's."""
    done = subprocess.run([sys.executable, "-I", "-S", keeper.__file__], input="", capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "first process" in done.stderr


async def test_what_a_killed_supervisor_leaves_goes_with_close(sandbox: BubblewrapSandbox, own_place: Path) -> None:
    async with opened(sandbox) as box:
        task = asyncio.create_task(shell(box, "sleep 60"))
        await asyncio.sleep(0.3)
        os.kill(supervisor_of(box), signal.SIGKILL)
        done = await task
        assert (done.ended, done.exit_code) == ("killed", 137)
        with pytest.raises(BoxFailed, match="dead"):
            await shell(box, "true")
    assert await until(lambda: bubbles(own_place) == set())


@pytest.mark.parametrize("busy", ["busy", "idle"])
def test_a_killed_owner_leaves_nothing(tmp_path: Path, busy: str) -> None:
    place = tmp_path / "theirs"
    place.mkdir()
    owner = start_owner("bubblewrap", busy, place)
    assert len(groups(owner.pid)) == (3 if os.geteuid() == 0 else 0)
    assert kill_and_wait(owner, lambda: bubbles(place, owner.pid)) == set()


async def test_an_opening_that_is_cancelled_at_any_moment_leaves_nothing(
    sandbox: BubblewrapSandbox, own_place: Path
) -> None:
    await sandbox.gaps()
    for wait_s in (0.0, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1):
        task = asyncio.create_task(sandbox.open(BoxSpec(memory_mb=64, disk_mb=1)))
        await asyncio.sleep(wait_s)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await (await task).close()
        assert await until(lambda: bubbles(own_place) == set()), wait_s


async def test_boxes_one_after_the_other_hold_no_more_of_this_process(sandbox: BubblewrapSandbox) -> None:
    async def one() -> int:
        async with opened(sandbox) as box:
            await shell(box, "echo x; sleep 60 & exit 3")
        return len(list(Path("/proc/self/fd").iterdir()))

    first = await one()
    assert [await one() for _ in range(5)] == [first] * 5


async def test_reaping_ends_a_box_whose_owner_still_lives(sandbox: BubblewrapSandbox, own_place: Path) -> None:
    lost = await sandbox.open(BoxSpec(run="lost", memory_mb=64, disk_mb=4))
    assert await sandbox.reap("lost") == 1
    assert (list(own_place.iterdir()), groups(os.getpid()), claims(os.getpid())) == ([], set(), set())
    await lost.close()


@AS_ROOT
async def test_reaping_removes_the_groups_of_dead_owners(
    sandbox: BubblewrapSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = f"4194304:{backend.this_process().partition(':')[2]}"
    monkeypatch.setattr(backend, "this_process", lambda: dead)
    box = await sandbox.open(BoxSpec(memory_mb=64, disk_mb=1))
    os.kill(supervisor_of(box), signal.SIGKILL)
    assert await until(lambda: in_groups(4194304) == set())
    assert len(groups(4194304)) == 3
    await sandbox.reap()
    assert groups(4194304) == set()
    await box.close()


ASK = """
import socket, sys
for target in sys.argv[1:]:
    with socket.create_connection(("127.0.0.1", 3128), timeout=20) as line:
        line.sendall(f"CONNECT {target} HTTP/1.1\\r\\n\\r\\n".encode())
        print(line.recv(4096).decode().splitlines()[0])
"""


async def test_a_network_is_a_proxy_that_lets_its_list_pass_and_ends_with_the_box(
    sandbox: BubblewrapSandbox, own_place: Path
) -> None:
    """What the proxy lets pass is its own tests' business; here it is reached, asked, and gone at the end."""
    async with opened(sandbox, network=("nowhere.invalid:443",)) as box:
        asked = await python(box, ASK, "nowhere.invalid:443", "elsewhere.invalid:443")
        seen = await shell(box, "tail -n +3 /proc/net/dev | cut -d: -f1; ls /proc/self/fd | wc -l; env | grep -c PROXY")
    assert "not allowed" not in asked.splitlines()[0]
    assert "elsewhere.invalid:443 is not allowed" in asked.splitlines()[1]
    assert seen.output.split() == ["lo", "4", "3"]
    assert {(one.host, one.allowed) for one in box.reached} == {
        ("nowhere.invalid", False),
        ("elsewhere.invalid", False),
    }
    assert bubbles(own_place) == set()


async def test_a_box_in_systemds_scope_is_started_through_it(
    sandbox: BubblewrapSandbox, own_place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No systemd here: a stand-in that writes down its words and becomes the command, as `--scope` does."""
    fake = tmp_path / "systemd-run"
    fake.write_text(
        f'#!/bin/sh\necho "$@" > {tmp_path}/words\nwhile [ "$1" != -- ]; do shift; done\nshift\nexec "$@"\n'
    )
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("sandbox.bubblewrap.process.os.defpath", f"{tmp_path}:{os.defpath}")
    sandbox._holder = Holder(kind="scope")
    async with opened(sandbox, trust="untrusted", memory_mb=100) as box:
        assert (await shell(box, "echo ran")).output == "ran\n"
    assert f"MemoryMax={132 * 2**20}" in (tmp_path / "words").read_text()
    assert bubbles(own_place) == set()


async def test_a_bubblewrap_that_fails_says_why(own_place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:  # /tmp is the stage's
        Path(place).chmod(0o755)
        fake = Path(place) / "bwrap"
        fake.write_text("#!/bin/sh\necho 'bwrap: Unknown option --disable-userns' >&2\nexit 1\n")
        fake.chmod(0o755)
        monkeypatch.setenv("PATH", f"{place}:{os.environ['PATH']}")
        why = await BubblewrapSandbox().probe()
    assert "Unknown option --disable-userns: install bubblewrap 0.8 or newer" in why
    assert bubbles(own_place) == set()


async def test_without_bubblewrap_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert "apt install bubblewrap" in await BubblewrapSandbox().probe()


def test_a_machine_that_makes_no_namespaces_says_which_switch(tmp_path: Path) -> None:
    assert why_not(tmp_path, tmp_path) == ""
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel" / "unprivileged_userns_clone").write_text("0\n")
    assert "sysctl kernel.unprivileged_userns_clone=1" in why_not(tmp_path, tmp_path)
    (tmp_path / "kernel" / "unprivileged_userns_clone").write_text("1\n")
    (tmp_path / ".dockerenv").touch()
    assert "container" in why_not(tmp_path, tmp_path)


async def test_another_sandboxes_reaper_leaves_a_box_to_its_own(sandbox: BubblewrapSandbox, own_place: Path) -> None:
    box = await sandbox.open(BoxSpec(run="lost", memory_mb=64, disk_mb=1))
    assert await ProcessSandbox().reap("lost") == 0
    assert (await shell(box, "echo alive")).output == "alive\n"
    assert await sandbox.reap("lost") == 1
    await box.close()
    assert bubbles(own_place) == set()


PLAIN = ("setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups")


@AS_ROOT
def test_a_plain_user_has_boxes_too(tmp_path: Path) -> None:
    """The same class, by a user without any right: what is not held there is said, the rest is."""
    probe = subprocess.run([*PLAIN, "unshare", "--user", "true"], capture_output=True, text=True)
    if probe.returncode:
        pytest.skip(f"no user namespaces for plain users here: {probe.stderr}")
    script = Path(__file__).with_name("plain_user.py")
    site = next(path for path in sys.path if path.endswith("site-packages"))
    python = f"/usr/bin/python3.{sys.version_info[1]}"
    if not Path(python).exists():
        pytest.skip(f"no {python} that a plain user may run")
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        Path(place).chmod(0o777)
        env = {
            "PATH": os.defpath,
            "PYTHONPATH": f"{ROOT}:{site}",
            "TMPDIR": place,
            "HOME": "/",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        done = subprocess.run([*PLAIN, python, str(script)], env=env, capture_output=True, text=True, cwd="/")
        assert (done.returncode, done.stdout) == (0, "all of it\n"), done.stderr
        assert list(Path(place).iterdir()) == []
