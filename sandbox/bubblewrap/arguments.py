"""What bubblewrap is told: which namespaces, which files of this machine, where the writable rooms lie.

Every source is a place on the supervisor's stage. No destination lies below a writable mount: bubblewrap before 0.12
followed links while it made destinations (CVE-2026-87766).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from orchestrator.core.values import Value
from sandbox.bubblewrap.interpreters import SYSTEM, interpreter, needed
from sandbox.inbox import keeper
from sandbox.network.program import door_words

WORKSPACE: Final = "/box"
MOUNTS: Final = "/mnt"
USER: Final = 10001  # as the box sees it
STAGE: Final = "/tmp"  # noqa: S108 - as supervisor.py has it
KEEPER: Final = "/inbox/keeper.py"
ETC: Final = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "mime.types", "ssl/certs")
# No terminals: the machine has one number of them for all.
NODES: Final = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
FILES: Final[Mapping[str, str]] = {
    "etc/passwd": f"box:x:{USER}:{USER}:box:{WORKSPACE}:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": f"box:x:{USER}:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost box\n::1 localhost\n",
    "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}


class Shown(Value):
    """A file or folder of this machine, where it stands on the stage, and where the box sees it."""

    source: Path
    staged: str
    target: str


def shown(mounts: Mapping[str, Path], pythons: Iterable[Path]) -> tuple[Shown, ...]:
    """All that a box sees of this machine beside the system's folders."""
    own = Shown(source=Path(keeper.__file__).resolve(), staged="keeper.py", target=KEEPER)
    own_pythons = [Shown(source=p, staged=f"python/{i}", target=str(p)) for i, p in enumerate(needed(pythons))]
    asked = [
        Shown(source=source, staged=f"mount/{i}", target=f"{MOUNTS}/{target}")
        for i, (target, source) in enumerate(mounts.items())
    ]
    return (own, *own_pythons, *asked)


def command(
    bwrap: str,
    seccomp: int,
    everything: Iterable[Shown],
    devices: Iterable[str] = (),
    door: int | None = None,
    root: Path = Path("/"),
) -> list[str]:
    """The whole command line.

    `seccomp`: the descriptor of the filter; `devices`: nodes of leased GPUs; `door`: the descriptor of the way to the
    proxy, which the box opens before its keeper begins.
    """
    words = [
        *(bwrap, "--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"),
        *("--unshare-cgroup", "--disable-userns", "--uid", str(USER), "--gid", str(USER), "--hostname", "box"),
        *("--die-with-parent", "--new-session", "--as-pid-1", "--cap-drop", "ALL", "--clearenv"),
        *("--seccomp", str(seccomp), *_system(root)),
    ]
    for name in FILES:
        words += ["--ro-bind", f"{STAGE}/{name}", f"/{name}"]
    words += ["--proc", "/proc", "--tmpfs", "/dev", "--bind", f"{STAGE}/shm", "/dev/shm"]  # noqa: S108
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        words += ["--symlink", f"/proc/self/fd/{number}", f"/dev/{name}"]
    words += ["--symlink", "/proc/self/fd", "/dev/fd"]
    for device in (*NODES, *devices):
        words += ["--dev-bind", device, device]
    words += ["--remount-ro", "/dev", "--dir", MOUNTS]
    for one in everything:
        words += ["--ro-bind", f"{STAGE}/{one.staged}", one.target]
    words += ["--bind", f"{STAGE}/tmp", "/tmp", "--bind", f"{STAGE}/box", WORKSPACE]  # noqa: S108
    words += ["--remount-ro", "/", "--chdir", WORKSPACE]
    python = str(interpreter())
    opening = () if door is None else door_words(str(door), python)
    return [*words, "--", *opening, python, "-I", "-S", "-X", "utf8", KEEPER]


def _system(root: Path) -> list[str]:
    """/usr and what stands beside it, and the few files of /etc that programs need. Nothing of a user or of /var."""
    words = ["--ro-bind", "/usr", "/usr"]
    for name in SYSTEM:
        path = root / name
        if path.is_symlink():
            words += ["--symlink", os.readlink(path), f"/{name}"]  # noqa: PTH115
        elif path.is_dir():
            words += ["--ro-bind", f"/{name}", f"/{name}"]
    for name in ETC:
        path = root / "etc" / name
        if path.exists():
            words += ["--ro-bind", str(path.resolve()), f"/etc/{name}"]
    return words
