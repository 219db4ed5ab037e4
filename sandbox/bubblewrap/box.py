"""One open bubblewrap box: commands, files and its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar, final

from orchestrator.core.errors import BadInput, BoxFailed
from sandbox.bubblewrap.arguments import MOUNTS, WORKSPACE
from sandbox.bubblewrap.gpus import variables
from sandbox.bubblewrap.limits import remove_groups
from sandbox.bubblewrap.process import Tree
from sandbox.bubblewrap.users import BoxUser
from sandbox.bubblewrap.watch import watched
from sandbox.bubblewrap.workspace import Workspace
from sandbox.cgroup import oom_kills
from sandbox.files.folder import Folder
from sandbox.files.paths import inside
from sandbox.inbox.line import Ending
from sandbox.network.host_side import HostProxy
from sandbox.network.program import PROXY_VARIABLES
from sandbox.network.reached import Reached
from sandbox.output import Capture
from sandbox.protocol import BoxSpec, Completed, Ended, IntakeLimits, OnOutput, Taken

ENV: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": WORKSPACE, "TMPDIR": "/tmp"}  # noqa: S108
T = TypeVar("T")


@dataclass
class Parts:
    """What a box holds on this machine beside its processes."""

    folder: Folder
    user: BoxUser | None = None
    groups: tuple[Path, ...] = ()
    proxy: HostProxy | None = None
    stack: AsyncExitStack = field(default_factory=AsyncExitStack)  # closes the proxy


@final
class BubblewrapBox:
    """A keeper in namespaces of its own, and what it holds on this machine."""

    workspace = PurePosixPath(WORKSPACE)
    mounts = PurePosixPath(MOUNTS)

    def __init__(self, spec: BoxSpec, tree: Tree, parts: Parts, memory: Path | None) -> None:
        self.id = parts.folder.path.name
        self._env = {**ENV, **variables(spec.gpus), **(PROXY_VARIABLES if parts.proxy else {})}
        self._tree = tree
        self._parts = parts
        self._spec = spec
        self._memory = memory  # the group that counts kills for memory; None where no group holds it
        work, tmp = tree.rooms
        self._files = Workspace(work, parts.user.uid if parts.user else None)
        self._tmp = Workspace(tmp, None)
        self._running = asyncio.Lock()  # one command at a time: ending one ends every process of the box
        self._moving = asyncio.Lock()  # pausing, resuming, and what needs a box that stands still
        self._commands: set[asyncio.Task[Completed]] = set()
        self._held = False  # paused by pause(), until resume()
        self._closed = False

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
            if self._held:
                raise BoxFailed(f"box {self.id!r} is paused", remedy="resume it first")
            task = asyncio.create_task(self._run(command, env or {}, timeout_s, Capture(output_limit, on_output)))
            self._commands.add(task)
            try:
                return await task
            finally:
                self._commands.discard(task)

    async def write(self, path: str, data: bytes) -> None:
        parts = inside(path).parts
        if not parts:
            raise BadInput("a file needs a name", remedy="give a path below the workspace")
        await self._still(lambda: self._files.write(parts, data))

    async def read(self, path: str, *, limit: int = 16 * 1024 * 1024) -> bytes:
        parts = inside(path)
        return await self._still(lambda: self._files.read(parts, limit))

    async def collect(self, path: str, destination: Path, limits: IntakeLimits) -> tuple[Taken, ...]:
        parts = inside(path)
        return await self._still(lambda: self._files.take(parts, destination, limits))

    async def pause(self) -> None:
        async with self._moving:
            self._check_open()
            if not self._held:
                await self._tree.line.pause()
                self._held = True

    async def resume(self) -> None:
        async with self._moving:
            self._check_open()
            if self._held:
                await self._tree.line.resume()
                self._held = False

    async def close(self) -> None:
        """Ends what runs, then the box with all it holds on this machine. A second call does nothing."""
        self._closed = True
        for task in tuple(self._commands):
            task.cancel()
        await asyncio.gather(*self._commands, return_exceptions=True)
        await asyncio.shield(self._remove())

    @property
    def reached(self) -> tuple[Reached, ...]:
        """What it asked of the network so far; complete once it is closed."""
        return self._parts.proxy.reached if self._parts.proxy else ()

    async def _run(
        self, command: Sequence[str], env: Mapping[str, str], timeout_s: float, capture: Capture
    ) -> Completed:
        started = time.monotonic()
        line, own = self._tree.line, {**self._env, **env}
        try:
            async with self._memory_watch() as over_memory:
                ending = await line.run(command, own, WORKSPACE, capture, timeout_s=timeout_s)
                memory = over_memory()
        except BoxFailed:
            await asyncio.shield(self._tree.end())  # what the keeper could not end, the end of the box does
            raise
        ended = self._ruling(ending, memory)
        wall_s = time.monotonic() - started
        return Completed(exit_code=ending.code, ended=ended, output=capture.finish(), wall_s=wall_s, cpu_s=ending.cpu_s)

    @asynccontextmanager
    async def _memory_watch(self) -> AsyncIterator[Callable[[], bool]]:
        """Whether something was killed for memory since: by the kernel, or where no group holds it by a watch."""
        if self._memory is None:
            async with watched(self._tree.line, self._tree.pid, self._spec.memory_mb) as over:
                yield over.is_set
            return
        group, before = self._memory, oom_kills(self._memory)
        yield lambda: oom_kills(group) > before

    def _ruling(self, ending: Ending, memory: bool) -> Ended:
        """Why it ended. A kill for memory wins: a deadline or an exit code only followed from it."""
        if ending.cut == "output":
            return "output"
        if ending.code and memory:
            return "memory"
        if ending.cut is not None:
            return "timeout" if ending.cut == "timeout" else "killed"
        return "disk" if ending.code and (self._files.full() or self._tmp.full()) else "exit"

    async def _still(self, work: Callable[[], T]) -> T:
        """Does it in a thread while nothing in the box moves, to its end even when the caller is cancelled."""
        async with self._standing():
            task = asyncio.create_task(asyncio.to_thread(work))
            try:
                return await asyncio.shield(task)
            finally:
                await asyncio.wait({task})

    @asynccontextmanager
    async def _standing(self) -> AsyncIterator[None]:
        """Nothing in the box can swap a file between the look and the copy."""
        async with self._moving:
            self._check_open()
            if self._held or not self._commands:
                yield
                return
            await self._tree.line.pause()
            try:
                yield
            finally:
                await asyncio.shield(self._tree.line.resume())

    async def _remove(self) -> None:
        async with self._moving:  # a file that is being taken is taken to its end
            try:
                await self._tree.end()
            finally:
                self._files.close()
                self._tmp.close()
                await self._parts.stack.aclose()
                await asyncio.to_thread(remove_groups, self._parts.groups)
                await self._parts.folder.remove()

    def _check_open(self) -> None:
        if self._closed or self._tree.line.gone.is_set():
            raise BoxFailed(f"box {self.id!r} is {'closed' if self._closed else 'dead'}", remedy="open another")
