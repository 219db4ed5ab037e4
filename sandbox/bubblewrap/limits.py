"""Who holds a box's memory, processes and processor time: a control group of version 1 or 2, or systemd's."""

from __future__ import annotations

import asyncio
import errno
import os
import platform
import shutil
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from orchestrator.core.errors import BoxFailed
from orchestrator.core.values import Value
from sandbox.owner import is_dead
from sandbox.protocol import BoxSpec

ROOT: Final = Path("/sys/fs/cgroup")
OURS: Final = "mlexpert"
CONTROLLERS: Final[tuple[str, ...]] = ("memory", "pids", "cpu", "cpuset")  # the last where cores are leased
OWN_PROCESSES: Final = 2  # bubblewrap and the keeper
SCOPE_PROCESSES: Final = 3  # in systemd's scope the supervisor too
SCOPE_MB: Final = 32  # what the supervisor takes there
REMOVAL_S: Final = 3.0
PERIOD_US: Final = 100_000
MIB: Final = 1024 * 1024

Run = Callable[[tuple[str, ...]], Awaitable[tuple[int, str]]]  # a program's exit code and what it said


class Holder(Value):
    """Who holds the limits here. `parents` are the folders in which a box's group is made, by controller.

    `gaps` names every limit that nobody holds, with the reason.
    """

    kind: Literal["v1", "v2", "scope", "none"]
    parents: dict[str, Path] = Field(default_factory=dict)
    scope: tuple[str, ...] = ()  # properties that this systemd knows beside the limits
    gaps: tuple[str, ...] = ()


async def find_holder(run: Run, root: Path = ROOT, proc: Path = Path("/proc"), uid: int | None = None) -> Holder:
    """Looks what this process may use, the strongest first."""
    uid = os.getuid() if uid is None else uid
    unified = (root / "cgroup.controllers").exists()
    holder = _v2(root, proc, uid) if unified else _v1(root)
    if holder.kind == "none" and uid != 0:
        holder = await _scope(run, holder.gaps)
    if counts_by_namespace():  # RLIMIT_NPROC holds without any group
        kept = tuple(gap for gap in holder.gaps if not gap.startswith("pids:"))
        return holder.model_copy(update={"gaps": kept})
    return holder


def _v1(root: Path) -> Holder:
    parents: dict[str, Path] = {}
    gaps = []
    for controller in CONTROLLERS:
        place = root / controller
        if not place.is_dir():
            gaps.append(f"{controller}: {str(root)!r} has no control group controller of that name")
        elif not os.access(place, os.W_OK):
            gaps.append(f"{controller}: {str(place)!r} cannot be written by this user")
        else:
            parents[controller] = place / OURS
    return Holder(kind="v1" if parents else "none", parents=parents, gaps=tuple(gaps))


def _v2(root: Path, proc: Path, uid: int) -> Holder:
    """As root the hierarchy's own root; else the group that this process is in, where it was handed down whole."""
    place = root
    if uid != 0:
        with suppress(OSError):
            lines = (proc / "self" / "cgroup").read_text().splitlines()
            own = next((line.split("::", 1)[1] for line in lines if line.startswith("0::")), "/")
            place = root / own.lstrip("/")
    try:
        there = set((place / "cgroup.controllers").read_text().split())
        for folder in (place, place / OURS):
            folder.mkdir(exist_ok=True)
            wanted = [name for name in CONTROLLERS if name in there]
            given = _words(folder / "cgroup.subtree_control")
            if missing := [name for name in wanted if name not in given]:
                (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in missing))
    except OSError as error:
        why = f"{str(place)!r} cannot be used: {error.strerror}"
        return Holder(kind="none", gaps=tuple(f"{controller}: {why}" for controller in CONTROLLERS))
    gaps = [f"{name}: {str(place)!r} was not given that controller" for name in CONTROLLERS if name not in there]
    parents: dict[str, Path] = {name: place / OURS for name in CONTROLLERS if name in there}
    return Holder(kind="v2" if parents else "none", parents=parents, gaps=tuple(gaps))


def counts_by_namespace(release: str = "") -> bool:
    """Whether RLIMIT_NPROC holds within the supervisor's user namespace: since Linux 5.14 each counts its own."""
    numbers = (release or platform.release()).split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdigit()) >= (5, 14)


def _words(path: Path) -> set[str]:
    try:
        return set(path.read_text().split())
    except OSError:
        return set()


async def _scope(run: Run, gaps: tuple[str, ...]) -> Holder:
    """The user's own systemd, tried with a program that does nothing. Older ones know no OOMPolicy for scopes."""
    if shutil.which("systemd-run") is None:
        return Holder(kind="none", gaps=tuple(f"{gap}; there is no systemd-run" for gap in gaps))
    said = ""
    for extra in (("OOMPolicy=continue",), ()):
        code, said = await run((*scope_command(BoxSpec(), extra), "true"))
        if code == 0:
            return Holder(kind="scope", scope=extra)
    why = said.strip().splitlines()[-1] if said.strip() else "no reason given"
    return Holder(kind="none", gaps=tuple(f"{gap}; systemd-run --user: {why}" for gap in gaps))


def scope_command(spec: BoxSpec, extra: tuple[str, ...]) -> tuple[str, ...]:
    """What starts a program within the limits of a systemd scope of this user."""
    limits = (
        f"MemoryMax={(spec.memory_mb + SCOPE_MB) * MIB}",
        "MemorySwapMax=0",
        f"TasksMax={spec.pids + SCOPE_PROCESSES}",
        f"CPUQuota={max(1, round(spec.cpus * 100))}%",
        *((f"AllowedCPUs={_list(spec.cores)}",) if spec.cores else ()),
        *extra,
    )
    properties = tuple(word for limit in limits for word in ("-p", limit))
    return ("systemd-run", "--user", "--scope", "--quiet", "--collect", *properties, "--")


async def run_quietly(words: tuple[str, ...]) -> tuple[int, str]:
    """A short program of the host, in this process's environment (systemd is found by it)."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
    except OSError as error:
        return 127, str(error)
    try:
        async with asyncio.timeout(10):
            said, _ = await process.communicate()
    except TimeoutError:
        return 124, "it does not answer"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, said.decode("utf-8", "replace")


def group_name(owner: str, box: str) -> str:
    """A group's name tells whose it is, so that a reaper finds what a killed owner left."""
    return f"{owner.replace(':', '.')}.{box}"


def make_groups(holder: Holder, name: str, spec: BoxSpec) -> tuple[Path, ...]:
    """The box's own groups, limits set, empty. Raises BoxFailed; nothing is left behind then."""
    parents = {one: parent for one, parent in holder.parents.items() if one != "cpuset" or spec.cores}
    folders = tuple(dict.fromkeys(parent / name for parent in parents.values()))
    try:
        for folder in folders:
            folder.mkdir(parents=True)
        for controller, parent in parents.items():
            for file, value in _values(holder.kind, controller, parent / name, spec):
                (parent / name / file).write_text(value)
    except OSError as error:
        remove_groups(folders)
        raise BoxFailed(
            f"control group {name!r}: {error}", remedy="see whether /sys/fs/cgroup can be written"
        ) from None
    return folders


def _values(kind: str, controller: str, folder: Path, spec: BoxSpec) -> tuple[tuple[str, str], ...]:
    memory, pids = str(spec.memory_mb * MIB), str(spec.pids + OWN_PROCESSES)
    quota = max(1000, round(spec.cpus * PERIOD_US))  # the kernel takes no less
    if controller == "pids":
        return (("pids.max", pids),)
    if controller == "cpuset":
        return (*(_mems(folder) if kind == "v1" else ()), ("cpuset.cpus", _list(spec.cores)))
    if kind == "v2":
        if controller == "cpu":
            return (("cpu.max", f"{quota} {PERIOD_US}"),)
        swap = (("memory.swap.max", "0"),) if (folder / "memory.swap.max").exists() else ()
        return (("memory.max", memory), *swap)
    if controller == "cpu":
        return (("cpu.cfs_period_us", str(PERIOD_US)), ("cpu.cfs_quota_us", str(quota)))
    swap_v1 = "memory.memsw.limit_in_bytes"
    with_swap = ((swap_v1, memory),) if (folder / swap_v1).exists() else ()
    return (("memory.limit_in_bytes", memory), *with_swap)


def _mems(folder: Path) -> tuple[tuple[str, str], ...]:
    """In version 1 a set of cores is empty at first, the parent's too, and takes no process before both are set."""
    for file in ("cpuset.cpus", "cpuset.mems"):
        if not (folder.parent / file).read_text().strip():
            (folder.parent / file).write_text((folder.parent.parent / file).read_text())
    return (("cpuset.mems", (folder.parent / "cpuset.mems").read_text()),)


def _list(cores: tuple[int, ...]) -> str:
    return ",".join(str(core) for core in cores)


def remove_groups(folders: tuple[Path, ...]) -> None:
    """Removes groups as soon as their last process is gone. One that keeps a process stays for the reaper."""
    until = time.monotonic() + REMOVAL_S
    for folder in folders:
        while folder.exists():
            try:
                folder.rmdir()
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() > until:
                    break
                time.sleep(0.01)


def stale_groups(root: Path = ROOT) -> tuple[Path, ...]:
    """Groups whose owner is dead."""
    places = (root / OURS, *(root / controller / OURS for controller in CONTROLLERS))
    found = (folder for place in places if place.is_dir() for folder in place.iterdir() if folder.is_dir())
    return tuple(folder for folder in found if is_dead(_owner(folder.name)))


def _owner(name: str) -> str:
    return name.rpartition(".")[0].replace(".", ":")
