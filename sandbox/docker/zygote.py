"""A zygote in a container: started by one exec, whose streams are the line to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, final

from docker import APIClient

from orchestrator.core.errors import BoxFailed
from sandbox.docker.engine import ask
from sandbox.docker.hardening import USER
from sandbox.docker.wire import Endpoint, Line, converse, frames
from sandbox.inbox.line import KeeperLine
from sandbox.inbox.program import zygote_program
from sandbox.output import Capture
from sandbox.protocol import Ended

LOAD_S: Final = 120.0  # for the libraries, on a machine that is busy
REASON_BYTES: Final = 2000
GONE_S: Final = 5.0


@final
class Zygote:
    """The host's side of it. Nothing but `hang_up` ends it: kill whatever runs in its box afterwards."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._stream = frames(line)
        self._said = b""
        self._keeper = KeeperLine(self._read, line.send, "the zygote")

    @classmethod
    async def start(
        cls,
        client: APIClient,
        endpoint: Endpoint,
        container: str,
        words: Sequence[str],
        env: Mapping[str, str],
    ) -> Zygote:
        """`words` are the interpreter and the modules to load. Raises BoxFailed with the reason where none came up."""
        python, *modules = words
        pairs = [f"{name}={value}" for name, value in env.items()]
        command = ["/usr/bin/env", "-i", *pairs, python, "-c", zygote_program(), *modules]
        created = await ask(client.exec_create, container, command, user=USER, workdir="/", stdin=True)
        body = {"Detach": False, "Tty": False}
        zygote = cls(await converse(endpoint, "POST", f"/exec/{created['Id']}/start", body, hijack=True))
        try:
            await zygote._keeper.ready(LOAD_S)
        except BaseException as error:
            await zygote.hang_up()
            if isinstance(error, BoxFailed) and zygote._said:
                reason = zygote._said.decode("utf-8", "replace").strip()
                raise BoxFailed(f"no zygote: {reason}", remedy="the job loads its libraries itself") from error
            raise
        return zygote

    @property
    def alive(self) -> bool:
        return not self._keeper.gone.is_set()

    async def run(
        self, command: Sequence[str], env: Mapping[str, str], cwd: str, capture: Capture, deadline: float
    ) -> tuple[Ended | None, int, bool]:
        """What cut the command short, its exit code, and whether it left processes (which are dead now).

        A command that was cut short may live: the line is hung up, and the caller kills what is in the box.
        """
        work = asyncio.create_task(self._keeper.run(command, env, cwd, capture, timeout_s=float("inf")))
        try:
            await asyncio.wait({work}, timeout=max(0.0, deadline - time.monotonic()))
            if work.done():
                ending = work.result()  # a zygote can go with its command: by its hand, or when memory ran out
                return ("killed" if ending.cut == "gone" else ending.cut), ending.code, ending.left > 0
            return "timeout", 137, True
        finally:
            if not work.done():
                await self.hang_up()
                await asyncio.wait({work})
                work.exception()

    async def hang_up(self) -> None:
        self._line.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._keeper.gone.wait(), GONE_S)
        await self._keeper.close()

    async def _read(self) -> bytes:
        async for channel, data in self._stream:
            if channel == 1:
                return data
            self._said = (self._said + data)[-REASON_BYTES:]
        return b""
