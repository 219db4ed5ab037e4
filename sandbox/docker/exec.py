"""One command in a container: started, streamed, limited, and ended with everything it left behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal, final

from docker import APIClient

from orchestrator.core.errors import BoxFailed
from sandbox.cgroup import Cgroup
from sandbox.docker.begin import begin
from sandbox.docker.engine import ask, remove_container
from sandbox.docker.hardening import KEEPER_PROCESSES, USER, WORKSPACE
from sandbox.docker.watch import Watch
from sandbox.docker.wire import Endpoint, Line, frames
from sandbox.docker.zygote import Zygote
from sandbox.output import Capture
from sandbox.protocol import BoxSpec, Completed, Ended, OnOutput

BASE_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": WORKSPACE, "TMPDIR": "/tmp"}  # noqa: S108
GRACE_S = 0.2  # for the last output after the command's own end
ASK_S = 0.5
NEWS_S = 0.3  # for the engine's news of a memory kill
DEATH_S = 0.5
KILL_TRIES = 5
AGAIN_S = 0.05


@final
class Exec:
    """Everything one command needs of its box."""

    def __init__(
        self,
        client: APIClient,
        endpoint: Endpoint,
        container: str,
        spec: BoxSpec,
        watch: Watch,
        moving: asyncio.Lock,
        cgroup: Cgroup,
        zygote: Zygote | None = None,
    ) -> None:
        self._client = client
        self._endpoint = endpoint
        self._container = container
        self._spec = spec
        self._watch = watch
        self._moving = moving
        self._cgroup = cgroup
        self._zygote = zygote
        self.killed = False  # something of the command had to be killed

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        timeout_s: float,
        output_limit: int,
        on_output: OnOutput | None,
    ) -> Completed:
        started = time.monotonic()
        cpu_before, _ = await self.stats()
        kills_before = self._cgroup.oom_kills(), self._watch.oom
        capture = Capture(output_limit, on_output)
        clean = False
        try:
            why, code = await self._carry_out(command, {**BASE_ENV, **env}, capture, started + timeout_s)
            cpu_after, processes = await self.stats()
            if why is None and processes <= KEEPER_PROCESSES + (self._zygote is not None):
                clean = True
        finally:
            if not clean:
                await asyncio.shield(self.kill())
        ended, code = await self.ruling(why, code, kills_before)
        wall_s = time.monotonic() - started
        return Completed(
            exit_code=code, ended=ended, output=capture.finish(), wall_s=wall_s, cpu_s=cpu_after - cpu_before
        )

    async def _carry_out(
        self, command: Sequence[str], env: Mapping[str, str], capture: Capture, deadline: float
    ) -> tuple[Ended | None, int]:
        """What cut the command short, and its own exit code (137 where it did not come to one)."""
        if self._zygote is not None:
            why, code, left = await self._zygote.run(command, env, WORKSPACE, capture, deadline)
            self.killed = left
            return why, code
        execution, line = await self._start(command, env)
        try:
            why = await self._drain(execution, line, capture, deadline)
        finally:
            line.close()  # before any kill: an engine that cannot write its output waits ten seconds
        if why is not None or self._watch.dead:
            return why, 137
        found = await ask(self._client.exec_inspect, execution)
        return None, 137 if found["ExitCode"] is None else int(found["ExitCode"])

    async def _start(self, command: Sequence[str], env: Mapping[str, str]) -> tuple[str, Line]:
        """`env -i` keeps the image's own variables out, and answers 127 for a command that is not there."""
        pairs = [f"{name}={value}" for name, value in env.items()]
        words = ["/usr/bin/env", "-i", *pairs, *command]
        async with self._moving:
            created = await ask(self._client.exec_create, self._container, words, user=USER, workdir=WORKSPACE)
            execution = str(created["Id"])
            return execution, await begin(self._client, self._endpoint, execution)

    async def _drain(self, execution: str, line: Line, capture: Capture, deadline: float) -> Ended | None:
        """Reads until the output or the command ends. Returns what cut it short."""
        pump = asyncio.create_task(_pump(line, capture))
        over = asyncio.create_task(self._watch.ended(execution).wait())
        died = asyncio.create_task(self._watch.died.wait())
        waiting = {pump, over, died}
        try:
            left = max(0.0, deadline - time.monotonic())
            await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not pump.done() and (over.done() or died.done()):
                await asyncio.wait({pump}, timeout=GRACE_S)
            if pump.done():
                pump.result()  # a listener's own error goes up to the caller
            if capture.flooded:
                return "output"
            if pump.done():
                await self._wait_for_end(execution, over, died, deadline)
            return None if over.done() else "killed" if died.done() else "timeout"
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _wait_for_end(
        self, execution: str, over: asyncio.Task[Literal[True]], died: asyncio.Task[Literal[True]], deadline: float
    ) -> None:
        """A command may close its output and go on. Should the engine's news be lost, it is asked."""
        while (left := deadline - time.monotonic()) > 0:
            await asyncio.wait({over, died}, timeout=min(left, ASK_S), return_when=asyncio.FIRST_COMPLETED)
            if over.done() or died.done():
                return
            if not (await ask(self._client.exec_inspect, execution))["Running"]:
                self._watch.ended(execution).set()

    async def stats(self) -> tuple[float, int]:
        """CPU seconds the box has used so far, and how many processes it holds now."""
        if self._cgroup.found:
            return self._cgroup.cpu_s(), self._cgroup.processes()
        try:
            stats = await ask(self._client.stats, self._container, stream=False, one_shot=True)
        except BoxFailed:
            if self._watch.dead:
                return 0.0, 0
            raise
        usage = stats.get("cpu_stats", {}).get("cpu_usage", {}).get("total_usage", 0)
        return usage / 1e9, stats.get("pids_stats", {}).get("current", 0)

    async def kill(self) -> None:
        """Kills every process of the command's user at once; a box that cannot even do that is killed whole."""
        self.killed = True
        if self._zygote is not None:
            await self._zygote.hang_up()
        for attempt in range(KILL_TRIES):
            if self._watch.dead:
                return
            async with self._moving:
                try:
                    words = ["/bin/sh", "-c", "kill -9 -1"]
                    created = await ask(self._client.exec_create, self._container, words, user=USER)
                    await ask(self._client.exec_start, created["Id"], detach=True)
                except BoxFailed:  # a full box, or a busy engine: the killer itself did not start
                    await asyncio.sleep(AGAIN_S * (1 + attempt))
                    continue
            for pause_s in (0.0, 0.02, 0.05, 0.1):
                await asyncio.sleep(pause_s * (1 + attempt))
                if (await self.stats())[1] <= KEEPER_PROCESSES:
                    return
        await remove_container(self._client, self._container)
        with suppress(TimeoutError):  # without the news, the next call meets a container that is not there
            await asyncio.wait_for(self._watch.died.wait(), NEWS_S * 10)

    async def ruling(self, why: Ended | None, code: int, kills_before: tuple[int, int]) -> tuple[Ended, int]:
        """The reason and the exit code. A memory kill wins: the deadline or the exit code only followed from it."""
        if why == "output":
            return "output", 137
        if code and await self._memory_killed(kills_before, code == 137 and why is None):
            return "memory", code
        if why is None and code == 137:
            await self._watch.dies_within(DEATH_S)  # the news of the command's end may come before the box's own
        if why is None and self._watch.dead:
            return "killed", 137
        if why is None and code and await self._full():
            return "disk", code
        return (why or "exit"), (137 if why else code)

    async def _memory_killed(self, before: tuple[int, int], likely: bool) -> bool:
        """Whether the kernel killed for memory since. The engine's news may lag behind; the control group knows."""
        if self._cgroup.oom_kills() > before[0]:
            return True
        late = likely and not (self._cgroup.found and self._cgroup.processes())
        return await self._watch.saw_oom(before[1], NEWS_S if late else 0.0)

    async def _full(self) -> bool:
        """Whether the workspace or /tmp has no room left: asked after a failure, to name its likely cause."""
        words = ["/usr/bin/stat", "-f", "-c", "%a %d", WORKSPACE, "/tmp"]  # noqa: S108
        try:
            async with self._moving:
                created = await ask(self._client.exec_create, self._container, words, user=USER)
                printed = await ask(self._client.exec_start, created["Id"])
        except BoxFailed:
            return False  # a box that cannot even look: its command's own exit code is all there is to tell
        return any("0" in line.split() for line in printed.decode("utf-8", "replace").splitlines())


async def _pump(line: Line, capture: Capture) -> None:
    async for channel, data in frames(line):
        capture.feed("stderr" if channel == 2 else "stdout", data)
        if capture.flooded:
            return
