"""Boxes that are plain processes: limits and a sure end, but no isolation. For code that is trusted.

What holds: an own session, a deadline, caps on output, memory, disk and processes, and an end of the whole tree with
the command, with the box and with the owner (even one that is killed). What does not: files of this user can be read
and written, and the network is open. Memory is the private memory of the tree, read every 50 ms: RLIMIT_AS would refuse
the address space that torch, jax and CUDA reserve and never touch. A jump faster than that is caught by the kernel,
which takes a box first. The command runs on the cores that were leased for it (trusted code could leave them); without
a lease `cpus` is not enforced: the caller sets the thread count. A leased GPU is named by CUDA_VISIBLE_DEVICES; where
the machine has GPUs and none was leased, that variable hides them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import final

from orchestrator.core.errors import BadInput, BoxFailed, Untrusted
from sandbox.files.folder import Folder
from sandbox.files.intake import open_below, open_file, take_tree
from sandbox.files.paths import check_mounts, inside, listed
from sandbox.leases.decision import Answer
from sandbox.process.command import SUPERVISOR, Reins, run_command
from sandbox.protocol import BoxInfo, BoxSpec, Completed, IntakeLimits, Isolation, KeptBox, OnOutput, Taken
from sandbox.supervisors import end_boxes

REMEDY = (
    "start a Docker engine and build the image (`mlexpert image build`), or confirm your own code with --trust-code"
)


@final
class ProcessSandbox:
    """Opens boxes in temporary folders of this user."""

    name = "process"
    isolation: Isolation = "none"
    keeps = False

    async def probe(self) -> str:
        if sys.platform != "linux":
            return f"process boxes need Linux, not {sys.platform!r}: use --sandbox docker"
        return "" if Path("/proc/self/stat").exists() else "process boxes need /proc: mount it"

    def python(self, environment: Path) -> str:
        return str(environment.absolute() / "bin" / "python3")

    async def gaps(self) -> tuple[str, ...]:
        return (
            "files: those of this user can be read and written",
            "network: it is open",
            "memory, processes and disk: watched, not held",
        )

    async def gpu_answer(self, uuids: Sequence[str]) -> Answer:
        """Nothing stands between the command and a device: CUDA_VISIBLE_DEVICES names what was leased."""
        return Answer(way="host")

    async def clear_gpu(self, uuid: str) -> None:
        """Nothing to remove: the supervisor of a dead owner's box kills its tree at once."""

    async def reattach(self, run: str, key: str) -> KeptBox | None:
        return None  # a process box ends with its owner

    async def boxes(self) -> tuple[BoxInfo, ...]:
        return await asyncio.to_thread(listed, self.name)

    async def open(self, spec: BoxSpec) -> ProcessBox:
        """A box for built-in code, or for the user's own with `trust_code`. Raises Untrusted, BadConfig, BoxFailed."""
        if spec.trust == "untrusted" or (spec.trust == "user" and not spec.trust_code):
            whose = "code nobody vouched for" if spec.trust == "untrusted" else "your own code"
            remedy = REMEDY if spec.trust == "user" else REMEDY.partition(", or")[0]
            raise Untrusted(f"a process box isolates nothing and may not run {whose}", remedy=remedy)
        if why := await self.probe():
            raise BoxFailed(why, remedy="use --sandbox docker")
        check_mounts(spec.mounts)
        folder = await Folder.make(spec, self.name)
        try:
            await asyncio.to_thread(_furnish, folder.path, spec)
        except BaseException:
            await asyncio.shield(folder.remove())
            raise
        return ProcessBox(folder, spec)

    async def reap(self, run: str | None = None, *, kept: bool = False) -> int:
        return await asyncio.to_thread(end_boxes, SUPERVISOR, run, self.name)


def _furnish(root: Path, spec: BoxSpec) -> None:
    for name in ("work", "mounts", "tmp"):
        (root / name).mkdir(mode=0o700)
    for mount in spec.mounts:
        link = root / "mounts" / mount.target
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(mount.source.resolve())


@final
class ProcessBox:
    """One open box: a folder and, while a command runs, its supervisor."""

    def __init__(self, folder: Folder, spec: BoxSpec) -> None:
        root = folder.path
        self.id = root.name
        self.workspace = PurePosixPath(root / "work")
        self.mounts = PurePosixPath(root / "mounts")
        self._folder = folder
        self._spec = spec
        self._running = asyncio.Lock()
        self._commands: set[asyncio.Task[Completed]] = set()
        self._closed = False
        self._reins = Reins()

    async def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout_s: float,
        output_limit: int = 16 * 1024 * 1024,
        on_output: OnOutput | None = None,
    ) -> Completed:
        async with self._running:
            self._check_open()
            if self._reins.held:
                raise BoxFailed(f"box {self.id!r} is paused", remedy="resume it first")
            work = run_command(
                self._folder.path,
                self._spec,
                command,
                env or {},
                timeout_s=timeout_s,
                output_limit=output_limit,
                on_output=on_output,
                reins=self._reins,
            )
            task = asyncio.create_task(work)
            self._commands.add(task)
            try:
                return await task
            finally:
                self._commands.discard(task)

    async def write(self, path: str, data: bytes) -> None:
        self._check_open()
        parts = inside(path).parts
        if not parts:
            raise BadInput("a file needs a name", remedy="give a path below the workspace")
        await asyncio.to_thread(_write, Path(self.workspace), parts, data)

    async def read(self, path: str, *, limit: int = 16 * 1024 * 1024) -> bytes:
        self._check_open()
        return await asyncio.to_thread(_read, Path(self.workspace), inside(path), limit)

    async def collect(self, path: str, destination: Path, limits: IntakeLimits) -> tuple[Taken, ...]:
        self._check_open()
        return await asyncio.to_thread(take_tree, Path(self.workspace), inside(path), destination, limits)

    async def pause(self) -> None:
        self._check_open()
        self._reins.hold()

    async def resume(self) -> None:
        self._check_open()
        self._reins.release()

    async def close(self) -> None:
        """Ends what runs and removes the folder. A second call does nothing."""
        self._closed = True
        for task in tuple(self._commands):
            task.cancel()
        await asyncio.gather(*self._commands, return_exceptions=True)
        await asyncio.shield(self._folder.remove())

    def _check_open(self) -> None:
        if self._closed or not self._folder.path.exists():
            raise BoxFailed(f"box {self.id!r} is {'closed' if self._closed else 'removed'}", remedy="open another")


def _write(workspace: Path, parts: tuple[str, ...], data: bytes) -> None:
    for depth in range(1, len(parts)):
        parent = open_below(workspace, parts[: depth - 1])
        try:
            os.mkdir(parts[depth - 1], dir_fd=parent)
        except FileExistsError:
            pass  # a folder, or something that the next open refuses
        finally:
            os.close(parent)
    parent = open_below(workspace, parts[:-1])
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        handle = os.open(parts[-1], flags, 0o600, dir_fd=parent)
    except OSError as error:
        raise BoxFailed(f"cannot write {'/'.join(parts)!r}: {error.strerror}", remedy="choose another name") from None
    finally:
        os.close(parent)
    with os.fdopen(handle, "wb") as stream:
        stream.write(data)


def _read(workspace: Path, path: PurePosixPath, limit: int) -> bytes:
    parent = open_below(workspace, path.parts[:-1])
    try:
        with open_file(parent, path.name or ".", str(path)) as stream:
            data = stream.read(limit + 1)
    finally:
        os.close(parent)
    if len(data) > limit:
        raise BoxFailed(f"{str(path)!r} is larger than {limit} bytes", remedy="raise the limit")
    return data
