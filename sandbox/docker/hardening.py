"""The one spec of a Docker box: what the engine is told to hold, whatever runs inside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from sandbox.leases.decision import Way
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
OWNER_LABEL: Final = "mlexpert.owner"
KEEP_LABEL: Final = "mlexpert.keep_s"  # how long a box may outlive its owner; not on one that may not
GPU_LABEL: Final = "mlexpert.gpu"  # the UUIDs that a box was given, with commas
CDI_KIND: Final = "nvidia.com/gpu"


def labels(spec: BoxSpec, owner: str) -> dict[str, str]:
    gpus = {GPU_LABEL: ",".join(spec.gpus)} if spec.gpus else {}
    keep = {KEEP_LABEL: f"{spec.keep_s:g}"} if spec.keep_s else {}
    return {"mlexpert.run": spec.run, "mlexpert.step": spec.step, OWNER_LABEL: owner, **gpus, **keep}


def environment(spec: BoxSpec, way: Way = "") -> dict[str, str]:
    """What the NVIDIA runtime reads where it is the engine's default; an image may ask it for every device of the host.

    A command sees none of these: it gets its own variables alone.
    """
    devices = ",".join(spec.gpus) if way == "runtime" else ""
    return {"NVIDIA_VISIBLE_DEVICES": devices or "void", "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"}


def host_config(
    spec: BoxSpec, binds: Mapping[str, Path], marks: Mapping[str, str], way: Way = ""
) -> dict[str, JsonValue]:
    """The engine's HostConfig. `binds` maps targets below /mnt to real paths; `way` is how this engine gives GPUs.

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
        # Terminals are counted by machine: a box that could open any could open all. An empty /dev/pts gives none.
        "Tmpfs": {"/tmp": tmp, "/dev/pts": "ro,noexec,nosuid,nodev,size=4k"},  # noqa: S108
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
        "Mounts": [_workspace(spec, marks), *(_bind(target, source) for target, source in binds.items())],
        **_cores(spec.cores),
        **_devices(spec.gpus, way),
    }


def _cores(cores: tuple[int, ...]) -> dict[str, JsonValue]:
    """Leased cores are pinned beside the quota of NanoCpus, and libraries count them right.

    Measured with two torch jobs of one thread each on two cores: pinned 4.8 s (4.5-6.2), by the quota alone 6.5 s
    (5.9-8.2). A box without a lease is not pinned: it would share a core with another while the next one idles.
    """
    return {"CpusetCpus": ",".join(map(str, cores))} if cores else {}


def _devices(uuids: tuple[str, ...], way: Way) -> dict[str, JsonValue]:
    """Devices by name, never by number: `Count: n` gives every box the same first n."""
    if not uuids:
        return {}
    if way == "cdi":  # a named driver takes no capabilities
        names: list[JsonValue] = [f"{CDI_KIND}={uuid}" for uuid in uuids]
        return {"DeviceRequests": [{"Driver": "cdi", "DeviceIDs": names}]}
    return {"DeviceRequests": [{"DeviceIDs": list[JsonValue](uuids), "Capabilities": [["gpu"]]}]}


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
