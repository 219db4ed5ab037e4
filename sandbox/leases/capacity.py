"""What this machine can give to boxes: its cores and memory, as far as its own control group lets it."""

from __future__ import annotations

import os
from pathlib import Path

from orchestrator.core.errors import BadConfig
from sandbox.leases.demand import Capacity

SHARE = 0.9  # of the memory; the rest is for this process, the engine and the page cache
MIB = 1024 * 1024
CGROUPS, PROC = Path("/sys/fs/cgroup"), Path("/proc")


def measure_capacity(cpus: int = 0, memory_mb: int = 0, *, cgroups: Path = CGROUPS, proc: Path = PROC) -> Capacity:
    """Cores that this process may run on, no more than its quota of processor time, and nine tenths of its memory.

    `cpus` and `memory_mb` give less than that, or all the memory; 0 takes what was measured. Where a quota is smaller
    than the set of cores, the first ones are leased, though the quota may be used on any.

    Raises BadConfig where more is to be given than there is.
    """
    usable = sorted(os.sched_getaffinity(0))
    groups = _own_groups(cgroups, proc)
    quota = min((limit for group in groups if (limit := _quota(group)) is not None), default=float(len(usable)))
    count = max(1, min(len(usable), int(quota)))
    if cpus > len(usable):
        raise BadConfig(f"{cpus} cpus are to be leased, and this machine gives {len(usable)}", remedy="lease fewer")
    limits = [limit for group in groups if (limit := _memory(group)) is not None]
    total = min([_total(proc), *limits]) // MIB
    if memory_mb > total:
        raise BadConfig(f"{memory_mb} MiB are to be leased, and this machine has {total}", remedy="lease less")
    return Capacity(cores=tuple(usable[: cpus or count]), memory_mb=memory_mb or int(total * SHARE))


def _total(proc: Path) -> int:
    for line in (proc / "meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) * 1024
    raise BadConfig("/proc/meminfo names no MemTotal", remedy="give memory_mb yourself")


def _own_groups(cgroups: Path, proc: Path) -> list[Path]:
    """The folders of this process's control groups (version 1 and 2) and of all above them, which bind it as well.

    In a container the paths of the host may not be there: what is mounted at the root is then the container's own.
    """
    found: list[Path] = []
    try:
        lines = (proc / "self" / "cgroup").read_text().splitlines()
    except OSError:
        return found
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for name in controllers.split(",") if controllers else [""]:
            if name in ("", "cpu", "memory"):
                top = cgroups / name
                own = top / path.lstrip("/")
                found += [folder for folder in (own, *own.parents) if folder == top or top in folder.parents]
    return found


def _quota(group: Path) -> float | None:
    """Cores' worth of processor time, None where it is not limited."""
    words = _words(group / "cpu.max") or [*_words(group / "cpu.cfs_quota_us"), *_words(group / "cpu.cfs_period_us")]
    if len(words) != 2 or words[0] in ("max", "-1"):
        return None
    return int(words[0]) / int(words[1])


def _memory(group: Path) -> int | None:
    words = _words(group / "memory.max") or _words(group / "memory.limit_in_bytes")
    return int(words[0]) if words and words[0] != "max" else None


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []
