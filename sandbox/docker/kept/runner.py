"""A program for inside a kept box: runs one command and writes down what it prints and how it ends, heard or not.

Called as `python3 -I -S -c TEXT FOLDER TOKEN LIMIT COMMAND...`, by the user who runs commands; standard library alone.

The record, FOLDER/record.TOKEN, is a row of frames: one byte (0 note, 1 stdout, 2 stderr), four bytes of length (big
endian), the data. The first is the note `start MONOTONIC_S CPU_S MEMORY_KILLS`, the last `end MONOTONIC_S EXIT_CODE`.
LIMIT is in bytes of output: with one more the command is killed. The record is locked as long as this program lives.
Nothing of the command lives when its end is written.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import time

SMALL = 4096
GATHER_S = 0.005  # after a small piece: one frame for many of them, so that headers do not outgrow the output
DRAIN_S = 2.0  # a process that cannot die yet may hold the output for ever
CGROUPS = "/sys/fs/cgroup"


def main(folder: str, token: str, limit: int, command: list[str]) -> None:
    record = begin(folder, token)
    wake, tell = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    child, streams = spawn(command)
    try:
        code = listen(record, child, streams, wake, limit)
        frame(record, 0, f"end {time.monotonic()} {code}".encode())
    finally:
        kill_all()  # also where the record has no room left: nobody could hear the command any more


def begin(folder: str, token: str) -> int:
    """A new, locked record in place of those before it."""
    for name in os.listdir(folder):  # noqa: PTH208
        with contextlib.suppress(OSError):  # a folder of the command's own making: it takes room from its own record
            os.unlink(f"{folder}/{name}")  # noqa: PTH108
    record = os.open(f"{folder}/new", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
    fcntl.flock(record, fcntl.LOCK_EX)
    frame(record, 0, f"start {time.monotonic()} {cpu_s()} {memory_kills()}".encode())
    os.rename(f"{folder}/new", f"{folder}/record.{token}")  # noqa: PTH104
    return record


def spawn(command: list[str]) -> tuple[int, dict[int, int]]:
    """Starts the command in a session of its own; its process id, and its outputs with their channels."""
    out, err = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(number, signal.SIG_DFL)
            null = os.open("/dev/null", os.O_RDONLY)
            for handle, standard in ((null, 0), (out[1], 1), (err[1], 2)):
                os.dup2(handle, standard)
            os.execve(command[0], command, {})  # noqa: S606
        finally:
            os._exit(126)
    os.close(out[1])
    os.close(err[1])
    return child, {out[0]: 1, err[0]: 2}


def listen(record: int, child: int, streams: dict[int, int], wake: int, limit: int) -> int:
    """Writes the output down until the command has ended and all of it is there; its exit code."""
    poll = select.poll()
    for handle in (wake, *streams):
        poll.register(handle, select.POLLIN)
    code, left, until = -1, limit + 1, 0.0
    while (streams and not (until and time.monotonic() > until)) or code < 0:
        for handle, _ in poll.poll(100 if until else None):
            if handle == wake:
                drop(wake)
            elif data := os.read(handle, 65536):
                left = take(record, streams[handle], data, left)
            else:
                poll.unregister(handle)
                del streams[handle]
        if code < 0:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                number = os.waitstatus_to_exitcode(status)
                code, until = (number if number >= 0 else 128 - number), time.monotonic() + DRAIN_S
                kill_all()  # what the command left: it ends with it
    return code


def take(record: int, channel: int, data: bytes, left: int) -> int:
    """Writes a piece down as far as there is room for it; how much room is left."""
    piece = data[:left]
    if piece:
        frame(record, channel, piece)
    if len(piece) == left:
        kill_all()
    elif len(data) < SMALL:
        time.sleep(GATHER_S)
    return left - len(piece)


def frame(record: int, channel: int, data: bytes) -> None:
    whole = bytes([channel]) + len(data).to_bytes(4, "big") + data
    while whole:
        whole = whole[os.write(record, whole) :]


def drop(wake: int) -> None:
    with contextlib.suppress(BlockingIOError):
        os.read(wake, 4096)


def kill_all() -> None:
    """Every process of this user but this one, in one go: none escapes by forking."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1, signal.SIGKILL)


def cpu_s() -> float:
    """Processor time that the box has used; 0 where its control group cannot be seen from inside."""
    if used := words(f"{CGROUPS}/cpuacct/cpuacct.usage"):
        return int(used[0]) / 1e9
    return number_after("usage_usec", f"{CGROUPS}/cpu.stat") / 1e6


def memory_kills() -> int:
    path = f"{CGROUPS}/memory/memory.oom_control"
    return number_after("oom_kill", path) or number_after("oom_kill", f"{CGROUPS}/memory.events")


def number_after(name: str, path: str) -> int:
    found = words(path)
    return int(found[found.index(name) + 1]) if name in found else 0


def words(path: str) -> list[str]:
    try:
        with open(path) as stream:  # noqa: PTH123
            return stream.read().split()
    except OSError:
        return []


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
    os._exit(0)
