"""The one spec of a Docker box: what the engine is told to hold, whatever runs inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from sandbox.protocol import BoxSpec

SECCOMP: Final = Path(__file__).parents[1] / "seccomp.json"
WORKSPACE: Final = "/box"
MOUNTS: Final = "/mnt"
USER: Final = "10001:10001"  # runs commands
KEEPER: Final = "10002:10002"  # keeps the box open; what USER may not stop, trace or imitate
KEEPER_PROCESSES: Final = 2  # the engine's init and the keeper
SPARE_PROCESSES: Final = 8  # room for the engine to run `kill` in a box whose command has used up its own
INODES: Final = 50_000
MIB: Final = 1024 * 1024
SHM_BYTES: Final = 512 * MIB  # 64 MiB, the default, breaks data loaders with workers
OPEN_FILES: Final = 4096


def labels(spec: BoxSpec, owner: str) -> dict[str, str]:
    return {"mlexpert.run": spec.run, "mlexpert.step": spec.step, "mlexpert.owner": owner}


def host_config(spec: BoxSpec, binds: Mapping[str, Path], marks: Mapping[str, str]) -> dict[str, JsonValue]:
    """The engine's HostConfig. `binds` maps targets below /mnt to real paths of this machine.

    The image's root is read-only; the workspace is an anonymous volume of type tmpfs (an archive call cannot reach a
    plain tmpfs mount), which the engine removes with the container.
    """
    memory, disk = spec.memory_mb * MIB, spec.disk_mb * MIB
    tmp = f"rw,noexec,nosuid,nodev,size={spec.disk_mb}m,nr_inodes={INODES},mode=1777"
    return {
        "NetworkMode": "none",
        "IpcMode": "private",
        "ReadonlyRootfs": True,
        "Init": True,
        "AutoRemove": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={SECCOMP.read_text()}"],
        "PidsLimit": spec.pids + KEEPER_PROCESSES + SPARE_PROCESSES,
        "Memory": memory,
        "MemorySwap": memory,
        "NanoCpus": int(spec.cpus * 1e9),
        "ShmSize": SHM_BYTES,
        "OomScoreAdj": 500,  # when the machine itself runs out, a box goes before its owner
        "Ulimits": [_ulimit("nofile", OPEN_FILES), _ulimit("core", 0), _ulimit("fsize", max(disk, SHM_BYTES))],
        "Tmpfs": {"/tmp": tmp},  # noqa: S108
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
        "Mounts": [_workspace(spec, marks), *(_bind(target, source) for target, source in binds.items())],
    }


def _ulimit(name: str, value: int) -> JsonValue:
    return {"Name": name, "Soft": value, "Hard": value}


def _workspace(spec: BoxSpec, marks: Mapping[str, str]) -> JsonValue:
    """`NoCopy` keeps the engine from giving the empty volume back to root."""
    options = f"size={spec.disk_mb}m,nr_inodes={INODES},mode=0700,uid=10001,gid=10001,nosuid,nodev"
    driver: JsonValue = {"Name": "local", "Options": {"type": "tmpfs", "device": "tmpfs", "o": options}}
    volume: JsonValue = {"NoCopy": True, "Labels": dict(marks), "DriverConfig": driver}
    return {"Type": "volume", "Target": WORKSPACE, "VolumeOptions": volume}


def _bind(target: str, source: Path) -> JsonValue:
    """A read-only bind without the file systems mounted below the source: older engines would leave those writable."""
    options: JsonValue = {"Propagation": "rprivate", "NonRecursive": True}
    inside = f"{MOUNTS}/{target}"
    return {"Type": "bind", "Target": inside, "Source": str(source), "ReadOnly": True, "BindOptions": options}
