"""Who opened a box, written on the box, so that a reaper can tell whether its owner still lives."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from orchestrator.core.errors import BoxFailed


@functools.cache
def _machine() -> str:
    """This boot of this machine and this process-id namespace: a process id means something only within both."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{boot}:{Path('/proc/self/ns/pid').readlink().name.strip('pid:[]')}"


def _started(pid: int) -> str:
    """The process's start in clock ticks since boot, empty where there is no such process (a zombie counts as none)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def this_process() -> str:
    """The mark of the calling process: `pid:start:boot:namespace`. It never marks another process, then or later."""
    mark = process_mark(os.getpid())
    if not mark:
        raise BoxFailed("/proc shows no start time of this process", remedy="mount /proc on this machine")
    return mark


def process_mark(pid: int) -> str:
    """The mark of a process of this machine, empty where there is none."""
    started = _started(pid)
    return f"{pid}:{started}:{_machine()}" if started else ""


def is_dead(mark: str) -> bool:
    """True only where the owner is known to be gone. A mark of another namespace, or no mark at all, is left alone."""
    pid, _, rest = mark.partition(":")
    started, _, machine = rest.partition(":")
    if not pid.isdigit() or not machine:
        return False
    if machine != _machine():
        here, there = _machine().split(":"), machine.split(":")
        return here[0] != there[0]  # an earlier boot of this machine; another namespace of this boot may live
    return _started(int(pid)) != started
