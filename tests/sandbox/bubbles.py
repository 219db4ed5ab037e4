"""What bubblewrap boxes hold on this machine: folders, supervisors, control groups, claimed user ids, processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from traces import folders, processes_in

from sandbox.bubblewrap.limits import CONTROLLERS, OURS, ROOT
from sandbox.bubblewrap.process import SUPERVISOR
from sandbox.bubblewrap.users import PLACE
from sandbox.protocol import Box

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root has other users")


def groups(owner: int) -> set[Path]:
    """Control groups of boxes that this process opened."""
    places = (ROOT / OURS, *(ROOT / controller / OURS for controller in CONTROLLERS))
    return {folder for place in places if place.is_dir() for folder in place.glob(f"{owner}.*")}


def claims(owner: int) -> set[str]:
    """User ids whose lock that process took and somebody still holds."""
    inodes: dict[int, str] = {}
    for path in PLACE.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # given back meanwhile
            inodes[path.stat().st_ino] = path.name
    held = set()
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if words[1] == "FLOCK" and int(words[4]) == owner and (inode := int(words[5].split(":")[2])) in inodes:
            held.add(f"uid {inodes[inode]}")
    return held


def in_groups(owner: int) -> set[str]:
    found: set[str] = set()
    for group in groups(owner):
        with contextlib.suppress(OSError):  # removed meanwhile: no such file, or no such device
            found |= {f"pid {pid}" for pid in (group / "cgroup.procs").read_text().split()}
    return found


def bubbles(place: Path, owner: int | None = None) -> set[str]:
    """Everything, of one owner (this process) whose boxes lie below `place`."""
    owner = os.getpid() if owner is None else owner
    names = {f"group {path}" for path in groups(owner)}
    return folders(place) | processes_in(place) | names | claims(owner) | in_groups(owner)


async def python(box: Box, code: str, *args: str) -> str:
    """What a Python program in the box prints."""
    done = await box.run(["python3", "-I", "-c", code, *args], timeout_s=30)
    assert done.exit_code == 0, done.output
    return done.output


async def until(holds: Callable[[], bool], patience_s: float = 10.0) -> bool:
    end = time.monotonic() + patience_s
    while not holds() and time.monotonic() < end:
        await asyncio.sleep(0.02)
    return holds()


def supervisor_of(box: Box) -> int:
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if str(SUPERVISOR) in words and words[-2].endswith(box.id):
            return int(entry.name)
    raise AssertionError("no supervisor")
