"""The proxy as a process of this machine, for a box without an engine: what it gives, and its end."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from internet import PROBE, listener, web

from sandbox.network.host_side import HostProxy
from sandbox.network.program import door_words

__all__ = ["listener", "web"]
ROOT = Path(__file__).parents[2]


@pytest.mark.docker
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="no bubblewrap on this machine")
async def test_a_box_without_an_engine_has_a_proxy_on_the_host(web: str, listener: int) -> None:
    base = ["bwrap", "--unshare-net", "--unshare-pid", "--dev-bind", "/", "/", "--die-with-parent", "--"]
    targets = [f"{web}:8000", f"{web}:8001", f"127.0.0.1:{listener}", f"172.17.0.1:{listener}"]
    async with HostProxy.opened([f"{web}:8000"]) as proxy:
        inner = [*door_words(str(proxy.door), sys.executable), sys.executable, "-c", PROBE, *targets]
        box = await asyncio.create_subprocess_exec(
            *base, *inner, pass_fds=(proxy.door,), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        said, wrong = await asyncio.wait_for(box.communicate(), 120)
        assert not wrong, wrong.decode()
        uid = Path(f"/proc/{proxy._process.pid}/status").read_text().split("Uid:")[1].split()[0]
        descriptors = [str(one.readlink()) for one in Path(f"/proc/{proxy._process.pid}/fd").iterdir()]
        assert Path(f"/proc/{proxy._process.pid}/environ").read_bytes() == b""
    assert uid == str(65534 if os.geteuid() == 0 else os.geteuid())
    assert [one for one in descriptors if not one.startswith(("pipe:", "socket:", "anon_inode:", "/dev/null"))] == []
    found = json.loads(said)
    assert (found[targets[0]][1][:12], found[targets[0]][2][-6:]) == ("HTTP/1.1 200", "200 OK")
    for target in targets[1:]:
        assert not found[target][0].startswith("HTTP"), target
        assert found[target][1].startswith(f"HTTP/1.1 403 {target} is not allowed"), target
    assert {(one.port, one.allowed) for one in proxy.reached} >= {(8000, True), (8001, False)}
    assert not proxy.alive()


HOST_OWNER = """
import asyncio
from sandbox.network.host_side import HostProxy
async def main():
    async with HostProxy.opened(["example.org:443"]) as proxy:
        print(proxy._process.pid, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


def test_a_killed_owner_leaves_no_proxy_on_the_host() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "-c", HOST_OWNER], env=env, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        proxy = Path("/proc") / owner.stdout.readline().strip()
        assert proxy.exists()
        owner.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while proxy.exists() and (proxy / "stat").read_text().split()[2] != "Z" and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not proxy.exists() or (proxy / "stat").read_text().split()[2] == "Z"
