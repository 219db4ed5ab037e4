"""Sets up one bubblewrap box and outlives its owner by no more than the time it takes to remove it.

A script of its own (`python -I -S supervisor.py`), with the standard library alone. On stdin comes one line of JSON
(what to set up); then the pipe's end, which means that the box is to end, because its owner says so or is gone. SIGTERM
means the same.

It lays everything the box shows out on a stage, which covers /tmp in a mount namespace of its own: as root it can show
folders that the box's own user could not reach, and only a mount of its own has a limit of inodes and `noexec`. Without
root it takes a user namespace for that. Then it gives up its rights for bubblewrap, in the box's control groups, and
hands descriptors of the workspace and of /tmp to the owner.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import resource
import select
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 8, 4096, 16384, 1 << 18
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
STAGE = Path("/tmp")  # noqa: S108 - covered by the stage, in this process's own mount namespace
SECCOMP, DOOR = 3, 4  # the descriptors at which bubblewrap finds the filter, and the box its way to the proxy
LIBC = ctypes.CDLL(None, use_errno=True)
REMOVAL_S = 5.0


def check(result: int, doing: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{doing}: {os.strerror(number)}")


def mount(source: str, target: Path, kind: str, flags: int, options: str = "") -> None:
    words = (source.encode(), bytes(target), kind.encode() or None, ctypes.c_ulong(flags), options.encode() or None)
    check(LIBC.mount(*words), f"cannot mount {source!r} at {str(target)!r}")


def own_namespaces(uid: int | None) -> None:
    """A mount namespace; where this is not root (`uid` None), in a user namespace that maps this user to itself."""
    me, group = os.getuid(), os.getgid()
    flags = CLONE_NEWNS | (CLONE_NEWUSER if uid is None else 0)
    check(LIBC.unshare(flags), "cannot make namespaces")
    if uid is None:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{me} {me} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    mount("none", Path("/"), "", MS_REC | MS_PRIVATE)


def lay_out(job: dict[str, Any]) -> list[int]:
    """The stage; descriptors of the writable folders that the owner wants to reach, in their order."""
    sources = [(name, os.open(path, os.O_PATH | os.O_CLOEXEC), Path(path).is_dir()) for name, path in job["binds"]]
    mount("stage", STAGE, "tmpfs", MS_NOSUID | MS_NODEV, "size=4m,mode=0755")
    for name, handle, is_folder in sources:
        place = STAGE / name
        place.parent.mkdir(exist_ok=True)
        if is_folder:
            place.mkdir()
        else:
            place.touch()
        mount(f"/proc/self/fd/{handle}", place, "", MS_BIND | MS_REC)
        os.close(handle)
    for name, text in job["files"].items():
        (STAGE / name).parent.mkdir(exist_ok=True)
        (STAGE / name).write_text(text)
        (STAGE / name).chmod(0o644)
    owner = "" if job["uid"] is None else f",uid={job['uid']},gid={job['uid']}"
    for room in job["rooms"]:
        (STAGE / room["name"]).mkdir()
        options = f"size={room['bytes']},nr_inodes={room['inodes']},mode={room['mode']}{owner}"
        flags = MS_NOSUID | MS_NODEV | (MS_NOEXEC if room["noexec"] else 0)
        mount("room", STAGE / room["name"], "tmpfs", flags, options)
    return [os.open(STAGE / room["name"], os.O_RDONLY | os.O_DIRECTORY) for room in job["rooms"] if room["reached"]]


def restrict(job: dict[str, Any]) -> None:
    """Puts this process into the box's groups, under its limits, and gives its user up for the box's."""
    for group in job["groups"]:
        (Path(group) / "cgroup.procs").write_text("0")
    Path("/proc/self/oom_score_adj").write_text("500")  # when the machine runs out, a box goes before its owner
    for name, value in job["rlimits"].items():
        kind = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))
    if job["cores"]:
        os.sched_setaffinity(0, job["cores"])
    if job["uid"] is not None:
        os.setgroups([])
        os.setresgid(job["uid"], job["uid"], job["uid"])
        os.setresuid(job["uid"], job["uid"], job["uid"])


def hand_over(job: dict[str, Any]) -> None:
    """The keeper's line becomes standard input, filter and door get their places, nothing else goes on."""
    places = {job["line"]: 0, job["seccomp"]: SECCOMP, job["door"]: DOOR}
    for handle in (*places, job["lock"]):
        if handle is not None:
            os.set_inheritable(handle, False)
    moved = [(fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 16), place) for one, place in places.items() if one is not None]
    for handle, place in moved:  # out of each other's way first
        os.dup2(handle, place)


def start(job: dict[str, Any]) -> int:
    """Forks bubblewrap: under its limits, in its groups, as its user."""
    supervisor = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        restrict(job)
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != supervisor:
            os._exit(137)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        hand_over(job)
        os.chdir("/")
        os.umask(0o022)
        os.execve(job["command"][0], job["command"], {})  # noqa: S606
    except OSError as error:
        os.write(2, f"{error}\n".encode())
    finally:
        os._exit(1)


def listen() -> int:
    """A descriptor that tells of SIGTERM from now on: a reaper's word is not lost while the box is set up."""
    ended, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGTERM, lambda *_: None)
    return ended


def wait(ended: int) -> None:
    """Returns when the owner lets go. A box that died stays as it is until then: its owner asks the groups why."""
    while True:
        ready = select.select([0, ended], [], [])[0]
        if ended in ready and signal.SIGTERM in os.read(ended, 4096):
            return  # a reaper's word
        if 0 in ready and not os.read(0, 4096):
            return


def kill(child: int) -> None:
    """bubblewrap, with it the box's init, with that everything in the box; each is waited for."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def remove(job: dict[str, Any], place: int) -> None:
    """Groups, folder and the claim on the user id. Nobody is left to read an error; the reaper tries again."""
    until = time.monotonic() + REMOVAL_S
    for group in job["groups"]:
        while Path(group).exists() and time.monotonic() < until:
            try:
                Path(group).rmdir()
            except OSError:
                time.sleep(0.01)  # its last process is still on the way out
    shutil.rmtree(Path(job["root"]).name, ignore_errors=True, dir_fd=place)
    if job["lock"] is not None:
        with contextlib.suppress(OSError):
            Path(job["lock_path"]).unlink()


def main() -> int:
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    told = listen()
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    line = b""
    while not line.endswith(b"\n"):
        if not (piece := os.read(0, 65536)):
            return 1
        line += piece
    job = json.loads(line)
    place = os.open(Path(job["root"]).parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)  # the stage may cover it
    try:
        os.stat(Path(job["root"]).name, dir_fd=place)  # a reaper may have taken it by now
        own_namespaces(job["uid"])
        rooms = lay_out(job)
        with socket.socket(fileno=job["owner"]) as owner, contextlib.suppress(OSError):
            socket.send_fds(owner, [b"k"], rooms)
        child = start(job)
    except OSError as error:
        os.write(2, f"{error}\n".encode())
        remove(job, place)
        return 1
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 1)  # the keeper's alone from here on
    for handle in (*rooms, job["line"], job["seccomp"], job["door"]):
        if handle is not None:
            os.close(handle)
    wait(told)
    kill(child)
    remove(job, place)
    return 0


if __name__ == "__main__":
    sys.exit(main())
