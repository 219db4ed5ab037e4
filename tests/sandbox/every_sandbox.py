"""Every sandbox that works on this machine, for the tests that run on all of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from bubbles import bubbles
from traces import docker_leftovers, folders, processes_in

from sandbox.bubblewrap.backend import BubblewrapSandbox
from sandbox.docker.backend import DockerSandbox
from sandbox.owner import this_process
from sandbox.process.backend import ProcessSandbox
from sandbox.protocol import Sandbox

NAMES = [
    pytest.param("docker", marks=pytest.mark.docker), pytest.param("bubblewrap", marks=pytest.mark.bwrap), "process",
]  # fmt: skip
MAKE: dict[str, Callable[[], Sandbox]] = {
    "docker": DockerSandbox,
    "bubblewrap": BubblewrapSandbox,
    "process": ProcessSandbox,
}


async def working(name: str) -> Sandbox:
    """The sandbox; skips the test where it does not work here, fails it under CI."""
    sandbox = MAKE[name]()
    why = await sandbox.probe()
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"CI must have {name}: {why}")
    if why:
        pytest.skip(why)
    return sandbox


def left(name: str, place: Path) -> set[str]:
    """What boxes of this process that lie below `place` hold on this machine now."""
    if name == "docker":
        return docker_leftovers(f"mlexpert.owner={this_process()}") | folders(place)
    return bubbles(place) if name == "bubblewrap" else folders(place) | processes_in(place)
