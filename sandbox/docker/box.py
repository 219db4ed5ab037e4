"""One open container: commands, files and its end."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path, PurePosixPath
from typing import final

from docker import APIClient

from orchestrator.core.errors import BadInput, BoxFailed
from sandbox.cgroup import Cgroup
from sandbox.docker.copying import get, put, take
from sandbox.docker.engine import ask, pause, remove_container
from sandbox.docker.exec import BASE_ENV, Exec
from sandbox.docker.hardening import MOUNTS, WORKSPACE
from sandbox.docker.kept.command import KeptExec
from sandbox.docker.kept.keeping import keep_word
from sandbox.docker.network import ProxyBox
from sandbox.docker.watch import Watch
from sandbox.docker.wire import Endpoint, Line, converse
from sandbox.docker.zygote import Zygote
from sandbox.endings import to_the_end
from sandbox.files.folder import Folder
from sandbox.files.paths import inside
from sandbox.network.program import PROXY_VARIABLES
from sandbox.network.reached import Reached
from sandbox.protocol import BoxSpec, Completed, IntakeLimits, OnOutput, Taken

OVER_S = 0.5  # for a keeper whose time was over while the box stood still


@final
class DockerBox:
    """A container whose keeper reads `lifeline`: the box ends when that line does, by close or by the owner's death."""

    workspace = PurePosixPath(WORKSPACE)
    mounts = PurePosixPath(MOUNTS)

    def __init__(
        self,
        client: APIClient,
        endpoint: Endpoint,
        container: str,
        spec: BoxSpec,
        copies: Folder | None,
        proxy: ProxyBox | None = None,
    ) -> None:
        self.id = container[:12]
        self._client = client
        self._endpoint = endpoint
        self._container = container
        self._spec = spec
        self._lifeline: Line | None = None
        self._copies = copies
        self._proxy = proxy
        self._watch = Watch(endpoint, container)
        self._cgroup = Cgroup(0)
        self._running = asyncio.Lock()  # one command at a time: ending one ends every process of the box
        self._moving = asyncio.Lock()  # the engine starts nothing in a paused box
        self._commands: set[asyncio.Task[Completed]] = set()
        self._closed = False
        self._held = False  # paused by pause(), until resume()
        self._killed = False
        self._zygote: Zygote | None = None
        self._began = time.monotonic()
        self._is_kept = False
        self._claim: socket.socket | None = None  # the right to a box that another process opened

    async def start(self) -> None:
        """Ties the box to this process, then lets it begin."""
        attach = f"/containers/{self._container}/attach?stream=1&stdin=1"
        try:
            self._lifeline = await converse(self._endpoint, "POST", attach, hijack=True)
            await self._watch.begin()
            await to_the_end(ask(self._client.start, self._container))
            if self._proxy is not None:
                await self._proxy.connect(self._container)
            state = (await ask(self._client.inspect_container, self._container))["State"]
        except BaseException:
            await self._hang_up()
            raise
        self._cgroup = Cgroup(int(state["Pid"]))

    async def take_over(self, claim: socket.socket, pid: int, paused: bool, since: int) -> bool:
        """Makes a box whose owner is dead this process's own, as `claim` allows. False where it ends just now."""
        self._claim, self._cgroup = claim, Cgroup(pid)
        try:
            await self._watch.begin(None if self._cgroup.found else since)
            if paused:
                await to_the_end(ask(self._client.unpause, self._container))
                await self._watch.dies_within(OVER_S)
            if self._proxy is not None and not self._watch.dead:
                await self._proxy.follow()
        except BaseException:
            await self._hang_up()
            raise
        if self._watch.dead:
            await self._hang_up()
        return not self._watch.dead

    async def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout_s: float,
        output_limit: int = 16 * 1024 * 1024,
        on_output: OnOutput | None = None,
    ) -> Completed:
        def work(execution: Exec) -> Coroutine[None, None, Completed]:
            variables = {**self._variables, **(env or {})}
            if self._spec.keep_s:
                return self._kept(execution).run(command, variables, timeout_s, output_limit, on_output, self._keep)
            return execution.run(command, variables, timeout_s, output_limit, on_output)

        return await self._perform(work)

    async def rejoin(
        self, *, timeout_s: float, output_limit: int = 16 * 1024 * 1024, on_output: OnOutput | None = None
    ) -> Completed:
        """See `KeptBox.rejoin`."""
        return await self._perform(lambda plain: self._kept(plain).rejoin(timeout_s, output_limit, on_output))

    async def _perform(self, work: Callable[[Exec], Coroutine[None, None, Completed]]) -> Completed:
        async with self._running:
            self._check_open()
            if self._held:
                raise BoxFailed(f"box {self.id} is paused", remedy="resume it first")
            execution = Exec(
                self._client, self._endpoint, self._container, self._spec, self._watch, self._moving, self._cgroup,
                self._zygote if self._zygote is not None and self._zygote.alive else None,
            )  # fmt: skip
            task = asyncio.create_task(work(execution))
            self._commands.add(task)
            try:
                return await task
            finally:
                self._commands.discard(task)
                self._killed |= execution.killed

    def _kept(self, plain: Exec) -> KeptExec:
        seen = self._watch, self._cgroup
        return KeptExec(self._client, self._endpoint, self._container, *seen, self._moving, plain)

    async def _keep(self) -> None:
        """From now on the box and its staged mounts live on without this process, for as long as they may."""
        left_s = self._spec.keep_s - (time.monotonic() - self._began)
        if self._lifeline is None or self._is_kept or left_s <= 0:
            return
        self._is_kept = True
        if self._copies:
            await self._copies.keep(self._container, left_s)
        if self._proxy is not None:
            await self._proxy.keep()
        await self._lifeline.send(keep_word(left_s))

    @property
    def reached(self) -> tuple[Reached, ...]:
        """What its commands asked the network for so far; complete once the box is closed."""
        return self._proxy.reached if self._proxy is not None else ()

    @property
    def _variables(self) -> Mapping[str, str]:
        return PROXY_VARIABLES if self._proxy is not None else {}

    @property
    def spoiled(self) -> bool:
        """Whether it is unfit for another job: dead, still, or something in it had to be killed."""
        lost = self._zygote is not None and not self._zygote.alive
        return self._killed or self._closed or self._held or self._watch.dead or lost

    async def pin(self, cores: Sequence[int]) -> None:
        numbers = ",".join(map(str, cores))
        await to_the_end(ask(self._client.update_container, self._container, cpuset_cpus=numbers))

    async def preload(self, python: str, modules: Sequence[str], env: Mapping[str, str]) -> None:
        """From now on commands `[python, "-m", ...]` with this `env` are forked from a process that loaded `modules`.

        Raises BoxFailed where that cannot be; the box then runs commands as before.
        """
        async with self._running, self._moving:
            self._check_open()
            words = (python, *modules)
            self._zygote = await Zygote.start(self._client, self._endpoint, self._container, words, {**BASE_ENV, **env})

    async def write(self, path: str, data: bytes) -> None:
        parts = inside(path).parts
        if not parts:
            raise BadInput("a file needs a name", remedy="give a path below the workspace")
        async with self._paused():
            await to_the_end(asyncio.to_thread(put, self._endpoint, self._container, parts, data))

    async def read(self, path: str, *, limit: int = 16 * 1024 * 1024) -> bytes:
        parts = inside(path).parts
        async with self._paused():
            return await to_the_end(asyncio.to_thread(get, self._endpoint, self._container, parts, limit))

    async def collect(self, path: str, destination: Path, limits: IntakeLimits) -> tuple[Taken, ...]:
        parts = inside(path).parts
        async with self._paused():
            return await to_the_end(
                asyncio.to_thread(take, self._endpoint, self._container, parts, destination, limits)
            )

    async def pause(self) -> None:
        async with self._moving:
            self._check_open()
            if not self._held:
                await to_the_end(pause(self._client, self._container))
                self._held = True

    async def resume(self) -> None:
        async with self._moving:
            self._check_open()
            if self._held:
                await to_the_end(ask(self._client.unpause, self._container))
                self._held = False

    async def close(self) -> None:
        """Ends what runs, removes container, volume and staged mounts. A second call does nothing."""
        self._closed = True
        for task in tuple(self._commands):
            task.cancel()
        await asyncio.gather(*self._commands, return_exceptions=True)
        await to_the_end(self._remove())

    async def _hang_up(self) -> None:
        if self._zygote is not None:
            await self._zygote.hang_up()
        if self._lifeline is not None:
            self._lifeline.close()
        if self._claim is not None:
            self._claim.close()
        await self._watch.end()

    async def _remove(self) -> None:
        try:
            await remove_container(self._client, self._container)
        finally:
            await self._hang_up()
            try:
                if self._proxy is not None:
                    await self._proxy.close()
            finally:
                if self._copies:
                    await self._copies.remove()

    @asynccontextmanager
    async def _paused(self) -> AsyncIterator[None]:
        """The box stands still: nothing in it can swap a file between the look and the copy."""
        async with self._moving:
            self._check_open()
            if self._held:
                yield
                return
            pausing = asyncio.create_task(pause(self._client, self._container))
            try:
                await asyncio.shield(pausing)
                yield
            finally:
                await asyncio.shield(self._unpause(pausing))

    async def _unpause(self, pausing: asyncio.Task[None]) -> None:
        """Even when the pause was cancelled half-way: a box that stays paused could not be used again."""
        await asyncio.wait({pausing})
        if pausing.exception() is None:
            await ask(self._client.unpause, self._container)

    def _check_open(self) -> None:
        if self._closed or self._watch.dead:
            raise BoxFailed(f"box {self.id} is {'closed' if self._closed else 'dead'}", remedy="open another")
