"""Which files of this machine a box may see, and how they become readable there."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

from orchestrator.core.errors import BadConfig, Untrusted
from sandbox.protocol import Mount

COMPLETE = ".mlexpert-complete.json"  # the mark of a finished box environment, which is made readable when it is built
ENGINE_SOCKETS = (
    "docker.sock",
    "containerd/containerd.sock",
    "podman/podman.sock",
    "crio/crio.sock",
    "buildkit/buildkitd.sock",
)


def admit(mounts: tuple[Mount, ...], engine_socket: str) -> dict[str, Path]:
    """Target -> real source.

    Raises Untrusted where a source is, or contains, a listening socket: through an engine's socket a box is root here,
    and a read-only bind does not prevent it.
    """
    sockets = listening(engine_socket)
    admitted = {}
    for mount in mounts:
        source = mount.source.resolve(strict=True)
        for found in sockets:
            if found == source or source in found.parents:
                raise Untrusted(
                    f"mount {mount.target!r}: {str(mount.source)!r} is or holds the socket {str(found)!r}",
                    remedy="mount a folder without sockets",
                )
        mode = source.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            raise BadConfig(
                f"mount {mount.target!r}: {str(source)!r} is no file or folder", remedy="mount a file or folder"
            )
        admitted[mount.target] = source
    return admitted


def listening(engine_socket: str) -> set[Path]:
    """Real paths of the sockets of engines, and of every socket that a process of this network namespace listens on."""
    bases = ("/run", "/var/run", os.environ.get("XDG_RUNTIME_DIR", "/run"), str(Path.home() / ".docker" / "run"))
    paths = {engine_socket, *(f"{base}/{name}" for base in bases for name in ENGINE_SOCKETS)}
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        name = line.partition("/")[2]
        if name:
            paths.add("/" + name)
    return {Path(path).resolve() for path in paths}


def readable(source: Path) -> bool:
    """Whether every file below `source` can be read by any user. Environments that are marked complete are."""
    if (source / COMPLETE).exists():
        return True
    if source.is_file():
        return bool(source.stat().st_mode & stat.S_IROTH)
    for folder, _, names in os.walk(source):
        if os.stat(folder).st_mode & 0o005 != 0o005:  # noqa: PTH116
            return False
        for name in names:
            mode = os.lstat(os.path.join(folder, name)).st_mode  # noqa: PTH118
            if stat.S_ISREG(mode) and not mode & stat.S_IROTH:
                return False
    return True


def open_up(source: Path, copy: Path) -> Path:
    """Makes and returns a copy that every user may read. Links stay links; devices, fifos and sockets are refused."""
    if source.is_file():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
        copy.chmod(0o644)
        return copy
    copy.mkdir(parents=True)
    copy.chmod(0o755)
    for entry in sorted(source.iterdir()):
        if entry.is_symlink():
            (copy / entry.name).symlink_to(os.readlink(entry))  # noqa: PTH115
        elif entry.is_dir() or entry.is_file():
            open_up(entry, copy / entry.name)
        else:
            raise BadConfig(f"{str(entry)!r} is no file or folder", remedy="mount plain files")
    return copy
