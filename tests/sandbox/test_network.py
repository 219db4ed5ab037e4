"""Boxes with a network: what their commands reach through the proxy, what they never reach, and what is left of it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from internet import FETCH, details, gone, left, listener, probe, web

from orchestrator.core.errors import BadConfig, BoxFailed
from sandbox.conformance import opened, shell
from sandbox.docker.backend import DockerSandbox
from sandbox.docker.box import DockerBox
from sandbox.network.machine import own_addresses
from sandbox.owner import this_process
from sandbox.protocol import Box, BoxSpec

pytestmark = pytest.mark.docker
__all__ = ["listener", "web"]
ROOT = Path(__file__).parents[2]
METADATA = "169.254.169.254"


def spec(run: str, *network: str) -> BoxSpec:
    return BoxSpec(run=run, network=network, memory_mb=128, disk_mb=8)


async def test_a_command_reaches_what_is_allowed_and_nothing_else(
    docker_sandbox: DockerSandbox, web: str, listener: int
) -> None:
    gateway = "172.17.0.1"
    mine = [address for address in own_addresses() if "." in address and not address.startswith("127.")]
    ours = [f"{address}:{listener}" for address in {gateway, *mine}]
    others = [f"{web}:8001", f"{METADATA}:80", "pypi.org:443", *ours]
    box = await docker_sandbox.open(spec("net-reach", f"{web}:8000"))
    try:
        interfaces = (await shell(box, "ls /sys/class/net; cut -d: -f1 -s /proc/net/dev")).output.split()
        fetched = await box.run(["python3", "-c", FETCH, f"http://{web}:8000/"], timeout_s=60)
        refused = await box.run(["python3", "-c", FETCH, f"http://{web}:8001/"], timeout_s=60)
        found = await probe(box, f"{web}:8000", *others)
    finally:
        await box.close()
    assert set(interfaces) == {"lo"}
    assert (fetched.exit_code, fetched.output.strip()) == (0, f"host={web}:8000")
    assert f"403: {web}:8001 is not allowed: add it to [sandbox] network in agents.toml" in refused.output
    direct, tunnel, plain = found.pop(f"{web}:8000")
    assert direct.startswith(("OSError 101", "TimeoutError"))
    assert (tunnel[:12], plain[-6:]) == ("HTTP/1.1 200", "200 OK")
    for target, (direct, tunnel, plain) in found.items():
        assert direct.startswith(("OSError 101", "gaierror")), target
        assert tunnel == plain == f"HTTP/1.1 403 {target} is not allowed: add it to [sandbox] network in agents.toml"
    reached = {(one.host, one.port, one.allowed): one for one in box.reached}
    assert reached[(web, 8000, True)].requests == 3
    assert reached[(web, 8000, True)].received > 0
    assert {f"{host}:{port}" for host, port, allowed in reached if not allowed} == {*others, f"{web}:8001"}


async def test_the_proxy_box_itself_is_held_by_the_one_spec(docker_sandbox: DockerSandbox, web: str) -> None:
    async with opened(docker_sandbox, run="net-spec", network=(f"{web}:8000",)):
        proxy, job = sorted(details("net-spec"), key=lambda one: one["Config"]["Hostname"] == "box")
    assert (proxy["HostConfig"]["NetworkMode"], job["HostConfig"]["NetworkMode"]) == ("bridge", "none")
    for name in ("ReadonlyRootfs", "CapDrop", "SecurityOpt", "AutoRemove", "Privileged", "CapAdd", "Binds"):
        assert proxy["HostConfig"][name] == job["HostConfig"][name], name
    assert proxy["Config"]["User"] == job["Config"]["User"] == "10002:10002"
    assert not proxy["NetworkSettings"]["Ports"]
    assert [mount["Destination"] for mount in proxy["Mounts"]] == ["/run/mlexpert"]
    assert {mount["Destination"]: mount["RW"] for mount in job["Mounts"]} == {"/box": True, "/run/mlexpert": False}


async def test_a_command_can_neither_stop_nor_replace_nor_enter_the_door(
    docker_sandbox: DockerSandbox, web: str
) -> None:
    script = """
import os, signal, socket
try:
    os.kill(-1, signal.SIGKILL)
except OSError as error:
    print("kill", error.errno)
for address in ("127.0.0.1", "0.0.0.0", "::"):
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        try:
            other.bind((address, 3128))
            other.listen()
            print("took", address)
        except OSError as error:
            print("bind", error.errno)
for call in (lambda: os.listdir("/run/mlexpert"), lambda: socket.socket(socket.AF_UNIX).connect("/run/mlexpert/door"),
             lambda: open("/run/mlexpert/x", "w"), lambda: os.rename("/run/mlexpert", "/run/y")):
    try:
        call()
        print("entered")
    except OSError as error:
        print("door", error.errno)
"""
    async with opened(docker_sandbox, run="net-door", network=(f"{web}:8000",), memory_mb=128) as box:
        done = await box.run(["python3", "-c", script], timeout_s=60)
        await shell(box, "kill -9 -1")
        fetched = await box.run(["python3", "-c", FETCH, f"http://{web}:8000/"], timeout_s=60)
    assert "took" not in done.output and "entered" not in done.output, done.output
    assert done.output.splitlines() == ["bind 98"] * 3 + ["door 13"] * 3 + ["door 30"], done.output
    assert fetched.output.strip() == f"host={web}:8000"


async def test_a_box_without_a_network_has_no_proxy(docker_sandbox: DockerSandbox) -> None:
    async with opened(docker_sandbox, run="net-none") as box:
        assert len(details("net-none")) == 1
        environment = (await shell(box, "env; ls /run")).output.lower()
        found = await probe(box, f"{METADATA}:80")
        assert box.reached == ()  # type: ignore[attr-defined]
    assert "proxy" not in environment and "mlexpert" not in environment
    assert found == {f"{METADATA}:80": ["OSError 101", "ConnectionRefusedError 111", "ConnectionRefusedError 111"]}


async def test_a_box_whose_proxy_dies_is_refused_connections_and_gets_no_others(
    docker_sandbox: DockerSandbox, web: str
) -> None:
    async with opened(docker_sandbox, run="net-dies", network=(f"{web}:8000",), memory_mb=128) as box:
        (proxy,) = [one["Id"] for one in details("net-dies") if one["Config"]["Hostname"] == "proxy"]
        subprocess.run(["docker", "kill", proxy], check=True, capture_output=True)
        found = await until_refused(box, f"{web}:8000")
        assert (await shell(box, "ls /sys/class/net")).output.split() == ["lo"]
    assert found == ["OSError 101", "ConnectionRefusedError 111", "ConnectionRefusedError 111"]
    assert left("net-dies") == set()


async def until_refused(box: Box, target: str) -> list[str]:
    async with asyncio.timeout(60):
        while True:
            found = (await probe(box, target))[target]
            if "Refused" in found[1] and "Refused" in found[2]:
                return found


async def test_a_list_and_a_reap_count_a_box_once(
    docker_sandbox: DockerSandbox, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = f"4194304:{this_process().partition(':')[2]}"
    monkeypatch.setattr("sandbox.docker.backend.this_process", lambda: dead)
    monkeypatch.setattr("sandbox.docker.network.this_process", lambda: dead)
    lost = await docker_sandbox.open(spec("net-reap", f"{web}:8000"))
    try:
        assert len(left("net-reap")) == 4, "two containers, each with a volume"
        assert [one.id for one in await docker_sandbox.boxes() if one.run == "net-reap"] == [lost.id]
        assert await docker_sandbox.reap("net-reap") == 1
        assert left("net-reap") == set()
    finally:
        await lost.close()


OWNER = """
import asyncio
from sandbox.docker.backend import DockerSandbox
from sandbox.docker.box import DockerBox
from sandbox.protocol import BoxSpec
async def main():
    box = await DockerSandbox().open(BoxSpec(run="net-owner", network=("example.org:443",), memory_mb=64, disk_mb=4))
    print(box.id, flush=True)
    await box.run(["sleep", "600"], timeout_s=600)
asyncio.run(main())
"""


def test_a_killed_owner_leaves_no_box_no_proxy_and_no_volume(docker_sandbox: DockerSandbox) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", OWNER], env=env, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None and owner.stdout.readline().strip()
        assert len(left("net-owner")) == 4
        owner.send_signal(signal.SIGKILL)
    assert gone("net-owner") == set()


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 0.9, 1.2])
async def test_an_open_that_is_cancelled_leaves_nothing(docker_sandbox: DockerSandbox, after_s: float) -> None:
    opening = asyncio.create_task(docker_sandbox.open(spec("net-cancel", "example.org:443")))
    await asyncio.wait({opening}, timeout=after_s)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await (await opening).close()
        raise asyncio.CancelledError  # it was faster
    assert gone("net-cancel") == set()


@pytest.mark.parametrize("words", ["proxy_words", "door_words"])
async def test_a_box_that_gets_no_proxy_does_not_open(
    docker_sandbox: DockerSandbox, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = ("python3", "-c", "raise SystemExit('there is no bridge')")
    monkeypatch.setattr(f"sandbox.docker.network.{words}", lambda *_: broken)
    with pytest.raises(BoxFailed, match="there is no bridge"):
        await docker_sandbox.open(spec("net-broken", "example.org:443"))
    assert gone("net-broken") == set()


async def test_an_entry_that_no_list_opens_is_refused_before_anything_is_made(docker_sandbox: DockerSandbox) -> None:
    with pytest.raises(BadConfig, match=METADATA):
        await docker_sandbox.open(spec("net-entry", f"{METADATA}:80"))
    assert left("net-entry") == set()


KEPT_OWNER = """
import asyncio, sys
from sandbox.docker.backend import DockerSandbox
from sandbox.docker.box import DockerBox
from sandbox.protocol import BoxSpec
FETCH = '''
import time, urllib.request as u
for _ in range(600):
    print(u.urlopen("http://WEB/", timeout=20).read().decode(), flush=True)
    time.sleep(0.1)
    if __import__("os").path.exists("enough"):
        break
'''.replace("WEB", sys.argv[1])
async def main():
    spec = BoxSpec(run="net-kept", key="work", keep_s=120, network=(sys.argv[1],), memory_mb=128, disk_mb=8)
    box = await DockerSandbox().open(spec)
    tell = lambda stream, line: print(line, flush=True)
    await box.run(["python3", "-c", FETCH], timeout_s=120, on_output=tell)
asyncio.run(main())
"""


async def test_a_kept_box_keeps_its_network_and_what_it_reached(docker_sandbox: DockerSandbox, web: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", KEPT_OWNER, f"{web}:8000"]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None and owner.stdout.readline().strip() == f"host={web}:8000"
        owner.send_signal(signal.SIGKILL)
    try:
        box = await docker_sandbox.reattach("net-kept", "work")
        assert isinstance(box, DockerBox)
        lines: list[str] = []
        following = asyncio.create_task(box.rejoin(timeout_s=120, on_output=lambda _, line: lines.append(line)))
        async with asyncio.timeout(60):
            while len(lines) < 20 and not following.done():
                await asyncio.sleep(0.05)
        await box.write("enough", b"")
        assert (await following).exit_code == 0
        assert set(lines) == {f"host={web}:8000"}
        await box.close()
        assert [(one.host, one.requests) for one in box.reached] == [(web, len(lines))]
    finally:
        await docker_sandbox.reap("net-kept", kept=True)
    assert gone("net-kept") == set()
