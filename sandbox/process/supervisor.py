"""Runs one command of a process box and outlives its owner by no more than the time it takes to kill the tree.

A script of its own (`python -I -S supervisor.py`), with the standard library alone. On stdin comes one line of JSON
(what to run, on which cores), then single bytes: `k` kill, `p` pause, `c` continue; the pipe's end means that the owner
is gone. SIGTERM, a reaper's word, means kill too. As the tree's subreaper it keeps every descendant, whatever sessions
and double forks they hide behind. Its verdict goes to the descriptor `report`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import select
import shutil
import signal
import time
from typing import Any

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
POLL_S = 0.05
WORDS = {b"p": signal.SIGSTOP, b"c": signal.SIGCONT}
DISK_POLL_S = 0.5
SHM_BYTES = 512 * 1024 * 1024  # a smaller limit on one file would break shared memory, which counts as a file
PAGE_KB = resource.getpagesize() // 1024
KERNEL_LISTS = os.path.exists("/proc/thread-self/children")  # noqa: PTH110
LIBC = ctypes.CDLL(None, use_errno=True)


def stat_of(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, or nothing where the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stream:  # noqa: PTH123
            return stream.read().rpartition(b")")[2].decode().split()
    except OSError:
        return []


def descendants() -> list[int]:
    """Every live process below this one (a zombie holds nothing and counts as gone)."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit() and (fields := stat_of(int(name))) and fields[0] not in "ZX":
            children.setdefault(int(fields[1]), []).append(int(name))
    found, queue = [], [os.getpid()]
    while queue:
        below = children.get(queue.pop(), [])
        found += below
        queue += below
    return found


def children() -> list[int]:
    """The same, from the kernel's own lists: cheap enough for every poll, but one may be missed while others end."""
    found: list[int] = []
    queue = [os.getpid()]
    while queue:
        pid = queue.pop()
        try:
            for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
                with open(f"/proc/{pid}/task/{task}/children", "rb") as stream:  # noqa: PTH123
                    below = [int(word) for word in stream.read().split()]
                found += below
                queue += below
        except OSError:
            continue
    return found


def memory_kb(pids: list[int]) -> int:
    """Private memory of the tree: resident minus what is shared with files."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/statm", "rb") as stream:  # noqa: PTH123
                fields = stream.read().split()
        except OSError:
            continue
        total += (int(fields[1]) - int(fields[2])) * PAGE_KB if len(fields) > 2 else 0
    return total


def proportional_kb(pids: list[int]) -> int:
    """The tree's proportional set size: exact where forked workers share pages; slow, so asked only near the limit."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup", "rb") as stream:  # noqa: PTH123
                lines = stream.read().splitlines()
        except OSError:
            continue
        total += sum(
            int(line.split()[1]) for line in lines if line.startswith(b"Pss_Anon") or line.startswith(b"Pss_Shmem")
        )
    return total


def usage(folders: list[str], file_limit: int) -> tuple[int, bool]:
    """Bytes on disk below the folders, and whether one file has reached the limit of a single file."""
    total, full, queue = 0, False, list(folders)
    while queue:
        try:
            with os.scandir(queue.pop()) as entries:
                for entry in entries:
                    status = entry.stat(follow_symlinks=False)
                    total += status.st_blocks * 512
                    full = full or (entry.is_file(follow_symlinks=False) and status.st_size >= file_limit)
                    if entry.is_dir(follow_symlinks=False):
                        queue.append(entry.path)
        except OSError:
            continue  # removed while it was walked, or made unreadable: the next walk sees what is left
    return total, full


def signal_all(sign: int) -> None:
    """Sends it to every descendant, again until no new one has appeared meanwhile."""
    told: set[int] = set()
    while fresh := set(descendants()) - told:
        for pid in fresh:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
        told |= fresh


def kill_tree() -> None:
    """Stops every descendant first, so that none can fork away, then kills them all and reaps them."""
    while pids := descendants():
        for sign in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    continue
        reap()
        time.sleep(0.002)
    reap()


def reap() -> dict[int, int]:
    """Collects the exit statuses that are there."""
    found: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        found[pid] = status


def start(job: dict[str, Any]) -> int:
    """Forks the command into its own session, under its limits."""
    supervisor = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(sign, signal.SIG_DFL)  # what this script or its Python ignores, the command need not
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if os.getppid() != supervisor:
            os._exit(137)
        if job["cores"]:
            os.sched_setaffinity(0, job["cores"])  # its descendants inherit it
        with open("/proc/self/oom_score_adj", "w") as stream:  # noqa: PTH123
            stream.write("1000")  # when the machine runs out, the box goes first
        for name, value in (("CORE", 0), ("FSIZE", max(job["disk_bytes"], SHM_BYTES)), ("NOFILE", 4096)):
            kind = getattr(resource, f"RLIMIT_{name}")
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
        os.chdir(job["workspace"])
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.execvpe(job["command"][0], job["command"], job["env"])  # noqa: S606
    except FileNotFoundError as error:
        os.write(2, f"{job['command'][0]}: {error.strerror}\n".encode())
        os._exit(127)
    except OSError as error:
        os.write(2, f"{job['command'][0]}: {error.strerror}\n".encode())
        os._exit(126)


def exceeded(job: dict[str, Any], state: dict[str, float]) -> str:
    """The limit that the tree is over now, or empty."""
    pids = children() if KERNEL_LISTS else descendants()
    limit_kb = job["memory_mb"] * 1024
    if memory_kb(pids) > limit_kb and proportional_kb(pids) > limit_kb:
        return "memory"
    if len(pids) > job["pids"]:
        return "pids"
    now = time.monotonic()
    if now >= state["disk_at"]:
        used, _ = usage(job["folders"], job["disk_bytes"])
        spent = time.monotonic() - now
        state["disk_at"] = now + max(DISK_POLL_S, 20 * spent)  # a workspace of many files is walked less often
        if used > max(job["disk_bytes"], state["before"]):
            return "disk"
    return ""


def listen() -> int:
    """A descriptor that tells of signals from now on: a reaper's word is not lost while the command starts."""
    ended, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGCHLD):  # an ended child is noticed at once
        signal.signal(number, lambda *_: None)
    return ended


def watch(job: dict[str, Any], child: int, ended: int) -> tuple[str, int | None]:
    """Waits for the end of the command, for a limit, for the owner's word or for the owner's end."""
    state = {
        "disk_at": 0.0,
        "before": usage(job["folders"], job["disk_bytes"])[0],
    }  # over the limit already: may only shrink
    while True:
        statuses = reap()
        if child in statuses:
            return "exit", os.waitstatus_to_exitcode(statuses[child])
        if why := exceeded(job, state):
            return why, None
        ready = select.select([0, ended], [], [], POLL_S)[0]
        if ended in ready and signal.SIGTERM in os.read(ended, 4096):
            return "killed", None
        if 0 in ready:
            word = os.read(0, 1)
            if word not in WORDS:
                return ("killed" if word == b"k" else "orphaned"), None
            signal_all(WORDS[word])


def main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = listen()
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    line = b""
    while not line.endswith(b"\n"):
        if not (piece := os.read(0, 1)):
            return
        line += piece
    job = json.loads(line)
    report = job["report"]
    os.set_inheritable(report, False)
    child = start(job)
    ended, code = watch(job, child, told)
    kill_tree()
    used, full = usage(job["folders"], job["disk_bytes"])
    if ended == "exit" and (used > job["disk_bytes"] or (code and (full or used == job["disk_bytes"]))):
        ended = "disk"
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    verdict = {"ended": ended, "code": code, "cpu_s": times.ru_utime + times.ru_stime, "disk_bytes": used}
    if ended == "orphaned":
        shutil.rmtree(job["root"], ignore_errors=True)  # nobody is left to read an error; reap tries again
    else:
        with contextlib.suppress(BrokenPipeError):  # its owner went meanwhile
            os.write(report, json.dumps(verdict).encode())


if __name__ == "__main__":
    main()
