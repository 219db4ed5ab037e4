"""Boxes made by bubblewrap: all namespaces, a seccomp filter, control groups, and as root a user of their own.

Held here: what a box sees of this machine (the system's read-only folders and its mounts), its network (none), its
workspace and /tmp (their size and their number of files), its system calls. Memory, processes and processor time are
held where a control group can be had; `gaps` says where not, and untrusted code is then refused.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from orchestrator.core.errors import BoxFailed, MlexpertError, Untrusted
from sandbox.bubblewrap import arguments, interpreters, limits, process, seccomp, users
from sandbox.bubblewrap.box import BubblewrapBox, Parts
from sandbox.bubblewrap.gpus import devices
from sandbox.bubblewrap.limits import Holder
from sandbox.files.admission import admit, open_up, readable
from sandbox.files.folder import Folder
from sandbox.files.paths import check_mounts, listed
from sandbox.leases.decision import Answer
from sandbox.network.host_side import HostProxy
from sandbox.owner import this_process
from sandbox.protocol import BoxInfo, BoxSpec, Isolation, KeptBox
from sandbox.supervisors import end_boxes

MIB: Final = 1024 * 1024
INODES: Final = 50_000
SHM_BYTES: Final = 512 * MIB  # less breaks data loaders with workers
OPEN_FILES: Final = 4096
ENGINE_SOCKET: Final = "/run/docker.sock"
INSTALL: Final = "install bubblewrap (Debian, Ubuntu: apt install bubblewrap)"


@final
class BubblewrapSandbox:
    """Opens one process tree a box. Looks once what it may use here."""

    name = "bubblewrap"
    isolation: Isolation = "full"
    keeps = False

    def __init__(self) -> None:
        self._holder: Holder | None = None
        self._works = False
        self._looking = asyncio.Lock()

    async def probe(self) -> str:
        """Opens a box for a moment: no file tells as surely whether this machine lets one be made."""
        if sys.platform != "linux":
            return f"bubblewrap needs Linux, not {sys.platform!r}: use --sandbox docker"
        if shutil.which("bwrap") is None:
            return f"there is no bwrap: {INSTALL}"
        if self._works:
            return ""
        try:
            box = await self.open(BoxSpec(run="probe", memory_mb=64, disk_mb=1))
            await box.close()
        except MlexpertError as error:
            return f"{error.message}: {_mend(error.message) or error.remedy}"
        self._works = True
        return ""

    def python(self, environment: Path) -> str:
        return f"{arguments.MOUNTS}/env/bin/python3"

    async def gaps(self) -> tuple[str, ...]:
        return (await self._held_by()).gaps

    async def reattach(self, run: str, key: str) -> KeptBox | None:
        return None  # a bubblewrap box ends with its owner

    async def boxes(self) -> tuple[BoxInfo, ...]:
        return await asyncio.to_thread(listed, self.name)

    async def open(self, spec: BoxSpec) -> BubblewrapBox:
        """A running, empty box.

        Raises BoxFailed, BadConfig (a mount, a network, an interpreter), Untrusted (a mount that holds a socket; code
        that nobody vouched for where a limit is not held). A cancelled opening is carried to its end, which is near,
        and undone: half a box would have nobody who knows all of it.
        """
        opening = asyncio.create_task(self._open(spec))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            await asyncio.wait({opening})
            if not opening.cancelled() and opening.exception() is None:
                await opening.result().close()
            raise

    async def _open(self, spec: BoxSpec) -> BubblewrapBox:
        holder = await self._held_by()
        _check_trust(spec, tuple(gap for gap in holder.gaps if spec.cores or not gap.startswith("cpuset:")))
        check_mounts(spec.mounts)
        bwrap = shutil.which("bwrap")
        if bwrap is None:
            raise BoxFailed("there is no bwrap", remedy=INSTALL)
        nodes = devices(spec.gpus)
        binds = await asyncio.to_thread(admit, spec.mounts, ENGINE_SOCKET)
        pythons = [interpreters.interpreter(), *(binds[name] / "bin" / "python3" for name in binds if name == "env")]
        everything = arguments.shown(binds, [python for python in pythons if python.exists()])
        parts = Parts(await Folder.make(spec, self.name))
        try:
            if os.geteuid() == 0:
                parts.user = await asyncio.to_thread(users.BoxUser.claim)
                everything = await asyncio.to_thread(_opened, everything, parts.folder.path)
            parts.groups = limits.make_groups(holder, limits.group_name(this_process(), parts.folder.path.name), spec)
            job = _job(spec, parts, everything)
            if spec.network:
                parts.proxy = await parts.stack.enter_async_context(HostProxy.opened(spec.network))
            inner = process.DOOR_HANDLE if parts.proxy else None
            words = arguments.command(bwrap, process.SECCOMP_HANDLE, everything, nodes, inner)
            wrapper = limits.scope_command(spec, holder.scope) if holder.kind == "scope" else ()
            lock, door = parts.user and parts.user.lock, parts.proxy and parts.proxy.door
            name = f"box {parts.folder.path.name!r}"
            told = {**job, "command": words}
            tree = await process.start(wrapper, told, seccomp.box_filter(), name, lock=lock, door=door)
        except BaseException:
            await asyncio.shield(_abandon(parts))
            raise
        if parts.user:
            parts.user.let_go()  # the supervisor holds it from here on
        return BubblewrapBox(spec, tree, parts, _memory_group(holder, parts, tree.pid))

    async def gpu_answer(self, uuids: Sequence[str]) -> Answer:
        """A box is shown the nodes of its devices; the driver's libraries are the machine's own."""
        try:
            devices(tuple(uuids))
        except BoxFailed as error:
            return Answer(reason=error.message, remedy=error.remedy)
        return Answer(way="host")

    async def clear_gpu(self, uuid: str) -> None:
        """Nothing to remove: the supervisor of a dead owner's box ends it at once."""

    async def reap(self, run: str | None = None, *, kept: bool = False) -> int:
        try:
            return await asyncio.to_thread(end_boxes, process.SUPERVISOR, run, self.name)
        finally:
            await asyncio.to_thread(limits.remove_groups, limits.stale_groups())
            if os.geteuid() == 0:
                await asyncio.to_thread(users.sweep)

    async def _held_by(self) -> Holder:
        async with self._looking:
            if self._holder is None:
                self._holder = await limits.find_holder(limits.run_quietly)
            return self._holder


def _check_trust(spec: BoxSpec, gaps: tuple[str, ...]) -> None:
    if not gaps or spec.trust == "builtin" or (spec.trust == "user" and spec.trust_code):
        return
    whose = "code nobody vouched for" if spec.trust == "untrusted" else "your own code"
    remedy = "start a Docker engine, run as root, or in a login session with systemd (version 2 control groups)"
    if spec.trust == "user":
        remedy += ", or confirm your own code with --trust-code"
    raise Untrusted(f"a bubblewrap box may not run {whose} here, it does not hold {'; '.join(gaps)}", remedy=remedy)


def _opened(everything: tuple[arguments.Shown, ...], folder: Path) -> tuple[arguments.Shown, ...]:
    """The box's user is none of this machine's: mounts that only their owner may read are copied, rights opened."""
    found = []
    for i, one in enumerate(everything):
        closed = one.staged.startswith("mount/") and not readable(one.source)
        found.append(one.model_copy(update={"source": open_up(one.source, folder / str(i))}) if closed else one)
    return tuple(found)


def _job(spec: BoxSpec, parts: Parts, everything: tuple[arguments.Shown, ...]) -> dict[str, object]:
    """What the supervisor is to set up; see there."""
    disk = spec.disk_mb * MIB
    rlimits = {"CORE": 0, "NOFILE": OPEN_FILES, "FSIZE": max(disk, SHM_BYTES)}
    if parts.user or limits.counts_by_namespace():  # else it would count the user's other processes too
        rlimits["NPROC"] = spec.pids + limits.SCOPE_PROCESSES
    return {
        "root": str(parts.folder.path),
        "uid": parts.user.uid if parts.user else None,
        "lock_path": str(parts.user.path) if parts.user else "",
        "groups": [str(group) for group in parts.groups],
        "cores": list(spec.cores),
        "rlimits": rlimits,
        "binds": [(one.staged, str(one.source)) for one in everything],
        "files": dict(arguments.FILES),
        "rooms": [
            _room("box", disk, "0700", noexec=False, reached=True),
            _room("tmp", disk, "1777", noexec=True, reached=True),
            _room("shm", SHM_BYTES, "1777", noexec=True, reached=False),
        ],
    }


def _room(name: str, size: int, mode: str, *, noexec: bool, reached: bool) -> dict[str, object]:
    return {"name": name, "bytes": size, "inodes": INODES, "mode": mode, "noexec": noexec, "reached": reached}


def _memory_group(holder: Holder, parts: Parts, pid: int) -> Path | None:
    """Where the kernel counts the box's kills for memory; None where nobody holds it."""
    if "memory" in holder.parents:
        return holder.parents["memory"] / parts.groups[0].name
    if holder.kind != "scope":
        return None
    lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    own = next((line.split("::", 1)[1] for line in lines if line.startswith("0::")), "/")
    return limits.ROOT / own.lstrip("/")


async def _abandon(parts: Parts) -> None:
    """Gives back what a box that did not open had."""
    await parts.stack.aclose()
    await asyncio.to_thread(limits.remove_groups, parts.groups)
    if parts.user:
        parts.user.let_go()
        await asyncio.to_thread(users.sweep)
    await parts.folder.remove()


def _mend(said: str) -> str:
    """What mends a box that did not start, judged by what bubblewrap or the kernel said."""
    if "Unknown option" in said:
        return "install bubblewrap 0.8 or newer"
    refused = ("namespace", "not permitted", "No space left", "uid map")  # space: of the count of user namespaces
    return why_not() if any(word in said for word in refused) else ""


def why_not(proc: Path = Path("/proc/sys"), root: Path = Path("/")) -> str:
    """The likely reason why no namespace can be made here, and what mends it; empty where none shows."""
    switches = {
        "kernel/unprivileged_userns_clone": ("0", "sysctl kernel.unprivileged_userns_clone=1"),
        "kernel/apparmor_restrict_unprivileged_userns": ("1", "sysctl kernel.apparmor_restrict_unprivileged_userns=0"),
        "user/max_user_namespaces": ("0", "sysctl user.max_user_namespaces=10000"),
    }
    for name, (bad, mend) in switches.items():
        path = proc / name
        if path.exists() and path.read_text().strip() == bad:
            return f"user namespaces are switched off: as root, {mend}"
    if (root / ".dockerenv").exists() or (root / "run" / ".containerenv").exists():
        return "inside a container there are no namespaces to be had: run on the host, or use its Docker engine"
    return ""
