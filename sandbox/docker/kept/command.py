"""One command in a kept box: started so that it needs nobody, followed through its record, ended as a whole tree."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, final

from docker import APIClient

from orchestrator.core.errors import BadInput, BoxFailed
from sandbox.cgroup import Cgroup
from sandbox.docker.begin import begin
from sandbox.docker.engine import ask
from sandbox.docker.exec import BASE_ENV, GRACE_S, Exec
from sandbox.docker.hardening import KEEPER, KEEPER_PROCESSES, USER, WORKSPACE
from sandbox.docker.kept import follower, runner
from sandbox.docker.kept.keeping import RECORDS
from sandbox.docker.kept.record import OUTPUT_LIMIT, RECORD_BYTES, Record
from sandbox.docker.watch import Watch
from sandbox.docker.wire import Endpoint, Line, frames
from sandbox.endings import to_the_end
from sandbox.output import Capture
from sandbox.protocol import Completed, Ended, OnOutput

RUNNER: Final = Path(runner.__file__).read_text()
FOLLOWER: Final = Path(follower.__file__).read_text()
PATIENCE_S: Final = 10.0  # for the record of a command that was started just now
LATE_S: Final = 2.0  # the same for one that a dead owner may have started in its last moment
LAST_S: Final = 10.0  # for the rest of the record once the command is killed
TRIES: Final = 5
Step = Callable[[], Awaitable[None]]


@final
class KeptExec:
    """Everything a kept command needs of its box. `plain` is the box's way of running others: it kills and rules."""

    def __init__(
        self, client: APIClient, endpoint: Endpoint, container: str, watch: Watch, cgroup: Cgroup,
        moving: asyncio.Lock, plain: Exec,
    ) -> None:  # fmt: skip
        self._client = client
        self._endpoint = endpoint
        self._container = container
        self._watch = watch
        self._moving = moving
        self._cgroup = cgroup
        self._plain = plain

    async def run(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        timeout_s: float,
        output_limit: int,
        on_output: OnOutput | None,
        keep: Step,
    ) -> Completed:
        """Starts the command, tells the box to outlive this process (`keep`), and follows it to its end."""
        if output_limit > OUTPUT_LIMIT:
            remedy = "ask for less, or open the box without keep_s"
            raise BadInput(f"output_limit {output_limit} is over the {OUTPUT_LIMIT} of a kept box", remedy=remedy)
        began = time.monotonic()
        cpu_before, _ = await self._plain.stats()
        kills_before = self._cgroup.oom_kills(), self._watch.oom
        record = Record(Capture(output_limit, on_output))
        token = secrets.token_hex(8)

        async def start() -> None:
            await self._start(token, output_limit, command, env)
            await keep()

        work = self._follow(record, token, PATIENCE_S, lambda: began + timeout_s, start)
        ended, code = await self._rule(record, await self._see_through(work), kills_before)
        cpu_after, _ = await self._plain.stats()
        wall_s = time.monotonic() - began
        output = record.capture.finish()
        return Completed(exit_code=code, ended=ended, output=output, wall_s=wall_s, cpu_s=cpu_after - cpu_before)

    async def rejoin(self, timeout_s: float, output_limit: int, on_output: OnOutput | None) -> Completed:
        """Follows what a dead owner started, from its first line. Raises BoxFailed where there is no such command."""
        now = time.monotonic()
        record = Record(Capture(output_limit, on_output))

        def began() -> float:
            return record.began.result() if record.began.done() else now

        why = await self._see_through(self._follow(record, "", LATE_S, lambda: began() + timeout_s, _nothing))
        if record.start is None:
            remedy = "close it and run the command in a box of its own"
            raise BoxFailed(f"box {self._container[:12]} holds no record of a command", remedy=remedy)
        start, end = record.start, record.end
        wall_s = end.at_s - start.at_s if end is not None else time.monotonic() - began()
        if end is not None and why in (None, "timeout"):
            why = "timeout" if wall_s > timeout_s else None  # it ended by itself; in time or, with nobody there, late
        ended, code = await self._rule(record, why, (start.memory_kills, 0))
        cpu_after, _ = await self._plain.stats()
        used_s, output = max(0.0, cpu_after - start.cpu_s), record.capture.finish()
        return Completed(exit_code=code, ended=ended, output=output, wall_s=wall_s, cpu_s=used_s)

    async def _see_through(self, work: Coroutine[None, None, Ended | None]) -> Ended | None:
        """Whatever ends the work, nothing of the command lives when this returns."""
        clean = False
        try:
            why = await work
            clean = await self._settled()
            return why
        finally:
            if not clean:
                await asyncio.shield(self._plain.kill())

    async def _settled(self) -> bool:
        """Whether the runner, which ends its command's tree itself, and the follower are gone, or soon are."""
        for pause_s in (0.0, 0.01, 0.02, 0.04, 0.08):
            await asyncio.sleep(pause_s)
            if (await self._plain.stats())[1] <= KEEPER_PROCESSES:
                return True
        return False

    async def _start(self, token: str, limit: int, command: Sequence[str], env: Mapping[str, str]) -> None:
        pairs = [f"{name}={value}" for name, value in {**BASE_ENV, **env}.items()]
        runner = ["python3", "-I", "-S", "-c", RUNNER, RECORDS, token, str(limit)]
        words = [*runner, "/usr/bin/env", "-i", *pairs, *command]
        async with self._moving:
            created = await ask(
                self._client.exec_create, self._container, words, user=USER, workdir=WORKSPACE, stdout=False,
                stderr=False,
            )  # fmt: skip
            # A start that is under way cannot be called back; the kill that follows must come after it.
            await to_the_end(ask(self._client.exec_start, created["Id"], detach=True))

    async def _follow(
        self, record: Record, token: str, patience_s: float, deadline: Callable[[], float], first: Step
    ) -> Ended | None:
        """Reads the record to its end. Returns what cut the command short."""
        for _ in range(TRIES):
            line = await self._listen(token, record.seen, patience_s)
            try:
                await first()  # nothing is heard of a command before its box is sure to outlive this process
            except BaseException:
                line.close()
                raise
            pump = asyncio.create_task(_pump(line, record))
            try:
                why = await self._wait(pump, record, deadline)
                if why == "timeout":
                    await self._plain.kill()
                    await asyncio.wait({pump}, timeout=LAST_S)  # what it printed before
                if pump.done():
                    pump.result()  # a listener's own error goes up to the caller
            finally:
                line.close()  # before any other kill: an engine that cannot write its output waits ten seconds
                pump.cancel()
                await asyncio.gather(pump, return_exceptions=True)
            if why is not None or record.over:
                return "output" if record.capture.flooded else why
            if self._watch.dead:
                return "killed"
            first = _nothing
        raise BoxFailed(f"box {self._container[:12]} loses its follower", remedy="raise the box's memory")

    async def _listen(self, token: str, offset: int, patience_s: float) -> Line:
        words = ["python3", "-I", "-S", "-c", FOLLOWER, RECORDS, token, str(offset), str(patience_s)]
        async with self._moving:
            created = await ask(self._client.exec_create, self._container, words, user=KEEPER, stdin=True)
            return await begin(self._client, self._endpoint, str(created["Id"]))

    async def _wait(self, pump: asyncio.Task[None], record: Record, deadline: Callable[[], float]) -> Ended | None:
        died = asyncio.create_task(self._watch.died.wait())
        try:
            known: set[asyncio.Future[Any]] = {pump, died, record.began}
            left = max(0.0, deadline() - time.monotonic())
            await asyncio.wait(known, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            left = LAST_S if record.length is not None else max(0.0, deadline() - time.monotonic())
            await asyncio.wait({pump, died}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if not pump.done() and died.done():
                await asyncio.wait({pump}, timeout=GRACE_S)
                return None if record.end else "killed"
            return None if pump.done() else "timeout"
        finally:
            died.cancel()
            await asyncio.gather(died, return_exceptions=True)

    async def _rule(self, record: Record, why: Ended | None, kills_before: tuple[int, int]) -> tuple[Ended, int]:
        lost = record.end is None and why is None
        if lost and record.seen > RECORD_BYTES - 65536:
            why = "output"  # the record's place was full
        ended, code = await self._plain.ruling(why, record.end.code if record.end else 137, kills_before)
        return ("killed" if lost and ended == "exit" else ended), code


async def _nothing() -> None:
    return


async def _pump(line: Line, record: Record) -> None:
    async for channel, data in frames(line):
        if channel == 2:
            record.hear(data)
        else:
            record.read(data)
        if record.over:
            return
