"""Runs commands inside a box, one at a time, as the host asks; ends with the host's end of its standard input.

A script of its own (`python -I -S keeper.py`), with the standard library alone, and one file however long: a box is
given it whole. On stdin, one JSON object a line:

    {"do": "run", "id": n, "command": [...], "env": {...}, "cwd": "/box"}
    {"do": "kill"}, {"do": "pause"}, {"do": "resume"}      every process it may signal but itself and the box's init

On stdout, frames: one byte (0 control, 1 stdout, 2 stderr), four bytes of length (big endian), the data. Control data
is JSON: {"ready": true}, {"ended": n, "code": c, "cpu_s": s, "left": k}, {"failed": n, "errno": e, "text": t},
{"killed": true}, {"paused": true}, {"resumed": true}. `code` is minus the signal where one ended the command. When
`ended` comes, all output has come and all that the command left (`left` processes) is dead.

`serve` takes another way to start a command: a zygote forks a prepared interpreter instead. One that does not exec must
close the descriptor `message["report"]` when it has begun: until then the keeper waits to hear why it could not.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import json
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36
BACKLOG = 256 * 1024  # of frames not yet taken by the host; above it the command waits, the host's words do not
STILL_S = 1.0  # how long a pause waits for the last process to stand
LIBC = ctypes.CDLL(None, use_errno=True)

Message = dict[str, Any]
Launch = Callable[[Message], None]


class Leave(BaseException):
    """Raised by a launch in the forked child: the one way out of the loop, to run `message` on the top level."""

    def __init__(self, message: Message) -> None:
        self.message = message


def execute(message: Message) -> None:
    """Becomes the command. Runs in the forked child; raises OSError where that cannot be."""
    os.execvpe(message["command"][0], message["command"], message["env"])  # noqa: S606


class Running:
    """One command: its process, its two pipes, and what it used."""

    def __init__(self, message: Message, launch: Launch) -> None:
        self.id: int = message["id"]
        self.code: int | None = None
        self.left = 0
        self.cpu_before_s = cpu_s()
        pipes = [os.pipe() for _ in range(3)]  # stdout, stderr, and one that tells why no command came of it
        try:
            self.pid = os.fork()
        except OSError:
            for handle in (handle for pipe in pipes for handle in pipe):
                os.close(handle)
            raise
        if self.pid == 0:
            _become(message, launch, [ours for _, ours in pipes])
        for _, theirs in pipes:
            os.close(theirs)
        self.streams = {pipes[0][0]: 1, pipes[1][0]: 2}
        told = b""
        while piece := os.read(pipes[2][0], 4096):  # ends at the exec, or with the child
            told += piece
        os.close(pipes[2][0])
        self.failure: Message | None = json.loads(told) if told else None

    def close(self) -> None:
        for handle in self.streams:
            os.close(handle)
        self.streams = {}


def _become(message: Message, launch: Launch, handles: list[int]) -> None:
    """In the child: an own session, clean signals, nothing open but the three standard streams."""
    out, err, report = handles
    try:
        try:
            os.setsid()
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as stream:  # noqa: PTH123
                stream.write("1000")  # when memory runs out, the command goes and its keeper stays
            for number in range(1, signal.NSIG):
                if number not in (signal.SIGKILL, signal.SIGSTOP):
                    with contextlib.suppress(OSError, ValueError):
                        signal.signal(number, signal.SIG_DFL)
            signal.set_wakeup_fd(-1)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            null = os.open(os.devnull, os.O_RDONLY)
            for handle, standard in ((null, 0), (out, 1), (err, 2)):
                os.dup2(handle, standard)
            os.closerange(3, report)
            os.closerange(report + 1, 65536)
            os.chdir(message["cwd"])
            launch({**message, "report": report})
            os._exit(0)
        except OSError as error:
            told = {"errno": error.errno or errno.EIO, "text": f"{message['command'][0]}: {error.strerror}"}
            os.write(report, json.dumps(told).encode())
    except Leave:
        raise
    except BaseException:  # noqa: BLE001, S110 - whatever a launch raises: the child never becomes a second keeper
        pass
    os._exit(126)


def cpu_s() -> float:
    """Processor time of every process that was waited for, and of those that it waited for."""
    used = os.times()
    return used.children_user + used.children_system


def reap() -> dict[int, int]:
    """Exit statuses of the children that ended (as the box's init or subreaper: of every orphan too)."""
    found: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        found[pid] = os.waitstatus_to_exitcode(status)


def has_children() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def signal_all(number: int) -> None:
    """To everything that may be signalled but this process and the box's init.

    The kernel does it in one go: a process that forks meanwhile is signalled before its child is there.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(-1, number)


def moving() -> bool:
    """Whether a thread of another process than this one, or init, still runs."""
    for name in os.listdir("/proc"):  # noqa: PTH208
        if not name.isdigit() or int(name) in (1, os.getpid()):
            continue
        try:
            for task in os.listdir(f"/proc/{name}/task"):  # noqa: PTH208
                with open(f"/proc/{name}/task/{task}/stat", "rb") as stream:  # noqa: PTH123
                    if stream.read().rpartition(b")")[2].split()[0] == b"R":
                        return True
        except OSError:
            continue
    return False


class Keeper:
    """The loop: the host's words, the command's output, its end."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._selector = selectors.DefaultSelector()
        self._in = b""
        self._out = bytearray()
        self._running: Running | None = None
        self._open = True
        self._paused = False
        self._waiting: Message | None = None  # a command that crossed a pause: it begins when the box goes on
        self._wake, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for handle in (0, 1):
            fcntl.fcntl(handle, fcntl.F_SETFL, fcntl.fcntl(handle, fcntl.F_GETFL) | os.O_NONBLOCK)
        self._selector.register(0, selectors.EVENT_READ)
        self._selector.register(self._wake, selectors.EVENT_READ)

    def serve(self) -> None:
        self._tell({"ready": True})
        while self._open:
            self._watch_output()
            for key, _ in self._selector.select():
                if key.fd == 0:
                    self._listen()
                elif key.fd == self._wake:
                    os.read(self._wake, 4096)
                elif key.fd != 1:
                    self._pump(key.fd)
            self._settle(reap())
            self._flush()
        self._kill_all()

    def _watch_output(self) -> None:
        """Writes when there is something to write; reads from the command only while the host keeps up."""
        wanted = {1: selectors.EVENT_WRITE} if self._out else {}
        if self._running is not None and len(self._out) < BACKLOG:
            wanted |= dict.fromkeys(self._running.streams, selectors.EVENT_READ)
        for handle in [key.fd for key in self._selector.get_map().values() if key.fd not in (0, self._wake)]:
            if handle not in wanted:
                self._selector.unregister(handle)
        for handle, event in wanted.items():
            if handle not in self._selector.get_map():
                self._selector.register(handle, event)

    def _listen(self) -> None:
        try:
            data = os.read(0, 65536)
        except BlockingIOError:
            return
        self._open = bool(data)
        *lines, self._in = (self._in + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))

    def _obey(self, message: Message) -> None:
        if message["do"] == "run":
            self._run(message)
        elif message["do"] == "kill":
            self._kill_all()
            self._finish()
            if self._waiting is not None:
                self._tell({"ended": self._waiting["id"], "code": -signal.SIGKILL, "cpu_s": 0.0, "left": 0})
                self._waiting = None
            self._tell({"killed": True})
        elif message["do"] == "pause":
            self._paused = True
            signal_all(signal.SIGSTOP)
            until = time.monotonic() + STILL_S
            while moving() and time.monotonic() < until:
                time.sleep(0.001)
            self._tell({"paused": True})
        elif message["do"] == "resume":
            self._paused = False
            signal_all(signal.SIGCONT)
            self._tell({"resumed": True})
            waiting, self._waiting = self._waiting, None
            if waiting is not None:
                self._run(waiting)

    def _run(self, message: Message) -> None:
        if self._paused:
            self._waiting = message
            return
        if self._running is not None:
            self._tell({"failed": message["id"], "errno": errno.EBUSY, "text": "a command is running"})
            return
        try:
            running = Running(message, self._launch)
        except OSError as error:  # no process to be had
            text = f"{message['command'][0]}: {error.strerror}"
            self._tell({"failed": message["id"], "errno": error.errno, "text": text})
            return
        if running.failure is not None:
            self._tell({"failed": running.id, **running.failure})
            running.close()
            return
        self._running = running

    def _pump(self, handle: int) -> None:
        """One piece of the command's output, or the end of that stream."""
        running = self._running
        if running is None or handle not in running.streams:
            return
        data = os.read(handle, 65536)
        if data:
            self._frame(running.streams[handle], data)
            return
        self._selector.unregister(handle)
        os.close(handle)
        del running.streams[handle]

    def _settle(self, ended: dict[int, int]) -> None:
        """Takes note of the command's own end, ends what it left, and says so when its last output is through."""
        running = self._running
        if running is None:
            return
        if running.pid in ended:
            running.code = ended[running.pid]
            running.left = self._kill_all()
        if running.code is not None and not running.streams:
            self._finish()

    def _kill_all(self) -> int:
        """Kills everything and waits until it is gone; how many there were beside the command."""
        count = 0
        while True:
            signal_all(signal.SIGKILL)
            ended = reap()
            if self._running is not None and self._running.pid in ended:
                self._running.code = ended.pop(self._running.pid)
            count += len(ended)
            if not has_children():
                return count
            time.sleep(0.001)

    def _finish(self) -> None:
        """Sends what is left in the command's pipes (nobody writes any more), then its end."""
        running, self._running = self._running, None
        if running is None:
            return
        for handle, channel in running.streams.items():
            if handle in self._selector.get_map():
                self._selector.unregister(handle)
            os.set_blocking(handle, False)  # a process that may not be signalled could still hold it
            with contextlib.suppress(BlockingIOError):
                while data := os.read(handle, 65536):
                    self._frame(channel, data)
        running.close()
        used = cpu_s() - running.cpu_before_s
        self._tell({"ended": running.id, "code": running.code, "cpu_s": used, "left": running.left})

    def _tell(self, message: Message) -> None:
        self._frame(0, json.dumps(message).encode())
        self._flush()

    def _frame(self, channel: int, data: bytes) -> None:
        self._out += bytes([channel]) + len(data).to_bytes(4, "big") + data

    def _flush(self) -> None:
        try:
            while self._out:
                del self._out[: os.write(1, self._out[:65536])]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._open = False


def serve(launch: Launch = execute) -> None:
    """Obeys until the host is gone; then kills what there is and returns."""
    if os.geteuid() == 0 and os.getpid() != 1:
        sys.exit("a keeper kills every process that it may: as root it runs as a box's first process alone")
    LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)  # a command of the same user cannot look into this process or its pipes
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(number, signal.SIG_IGN)
    Keeper(launch).serve()


if __name__ == "__main__":
    if os.getpid() != 1:
        sys.exit("a keeper kills every process of its user: it runs as a box's first process alone")
    serve()
    sys.exit(0)
