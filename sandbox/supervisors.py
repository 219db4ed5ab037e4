"""Ends the supervisors of boxes from outside, when a reaper takes a box whose owner may still live."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from orchestrator.core.errors import BoxFailed
from sandbox.files.paths import left_over, remove_folder
from sandbox.owner import is_dead, process_mark

END_S: Final = 15.0


def end_boxes(script: Path, run: str | None, sandbox: str) -> int:
    """Ends and removes that sandbox's boxes of one run, or (None) of all dead owners, and counts them.

    All are tried before the first failure is raised: one that would not end must not keep the others.
    """
    folders, failed = left_over(run, sandbox), list[Exception]()
    for folder in folders:
        try:
            _end_box(script, folder)
        except (BoxFailed, OSError) as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return len(folders)


def _end_box(script: Path, folder: Path) -> None:
    """Ends the supervisor of that folder with all below it, then removes the folder.

    Looks twice: a supervisor that its owner starts while the folder goes is seen after, a later one finds no folder.
    Raises BoxFailed where one would not end; the folder then stays for the next reaper.
    """
    _end(script, folder)
    remove_folder(folder)
    _end(script, folder)


def _end(script: Path, folder: Path) -> None:
    found = _supervisors(script, folder)
    for mark, pid in found.items():
        if not is_dead(mark):
            with suppress(ProcessLookupError, PermissionError):  # another user's is none of ours
                os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + END_S
    while left := [pid for mark, pid in found.items() if not is_dead(mark)]:
        if time.monotonic() > until:
            remedy = "look for a process in state D on this machine, then reap again"
            raise BoxFailed(f"box process {left[0]} of {folder.name!r} would not end in {END_S:g} s", remedy=remedy)
        time.sleep(0.01)


def _supervisors(script: Path, folder: Path) -> dict[str, int]:
    """The processes of this user that are the supervisor of that folder. The mark is taken before the look."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if entry.stat().st_uid != os.geteuid():
                continue
            mark = process_mark(int(entry.name))
            if mark and words_of(int(entry.name))[-2:] == [str(script), str(folder)]:
                found[mark] = int(entry.name)
    return found


def words_of(pid: int) -> list[str]:
    """A process's command line; empty where it is gone or a zombie."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return []
