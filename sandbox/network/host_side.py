"""The proxy as a process of this machine: for a box with a network namespace of its own and no engine around it.

    async with HostProxy.opened(spec.network) as proxy:
        start the box with `pass_fds=(proxy.door,)`; in it, run `[*door_words(str(proxy.door)), *keeper]`

The door is one end of a socket pair: the box sees no file of the host's, not even a socket. What runs
`door_words` in the box must be in the box's own network namespace with `lo` up; it becomes the keeper once the proxy
holds its socket, so a keeper that answers means a network that works.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, final

from orchestrator.core.errors import BoxFailed
from sandbox.network.machine import check_network
from sandbox.network.program import proxy_words
from sandbox.network.reached import Reached, Tally

END_S: Final = 2.0  # for the last words of a proxy that was told to end
NOBODY: Final = 65534
LINE_BYTES: Final = 1 << 20


@final
class HostProxy:
    """A proxy of this process's: it ends with it, by the end of its standard input, whatever became of the owner."""

    def __init__(self, process: asyncio.subprocess.Process, door: int) -> None:
        self.door = door  # to be inherited by the box, which must not keep it open
        self._process = process
        self._tally = Tally()
        self._reading = asyncio.create_task(self._read())

    @property
    def reached(self) -> tuple[Reached, ...]:
        """What was asked for so far; complete once the context is left."""
        return self._tally.reached

    @classmethod
    @asynccontextmanager
    async def opened(cls, network: Sequence[str], *, uid: int = NOBODY) -> AsyncIterator[HostProxy]:
        """`uid` is whom the proxy becomes where this process is root. Raises BadConfig, BoxFailed."""
        own = await asyncio.to_thread(check_network, network)
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                starting = asyncio.ensure_future(_start(network, own, theirs, uid))
                try:
                    process = await asyncio.shield(starting)
                except asyncio.CancelledError:
                    await asyncio.wait({starting})
                    if starting.exception() is None:
                        await _end(starting.result())
                    raise
            proxy = cls(process, ours.fileno())
            try:
                yield proxy
            finally:
                await asyncio.shield(proxy._close())

    def alive(self) -> bool:
        return self._process.returncode is None

    async def _read(self) -> None:
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            self._tally.feed(line.decode("utf-8", "replace").rstrip())

    async def _close(self) -> None:
        await _end(self._process)
        await asyncio.gather(self._reading, return_exceptions=True)


async def _start(
    network: Sequence[str], own: Sequence[str], door: socket.socket, uid: int
) -> asyncio.subprocess.Process:
    told = {"allow": list(network), "own": list(own), "door": str(door.fileno()), "gateways": False, "uid": uid}
    try:
        return await asyncio.create_subprocess_exec(
            *proxy_words(os.path.realpath(sys.executable)),
            json.dumps(told),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(door.fileno(),),
            start_new_session=True,
            env={},
            cwd="/",
            limit=LINE_BYTES,
        )
    except OSError as error:
        raise BoxFailed(f"the box's proxy did not start: {error}", remedy="open the box again") from error


async def _end(process: asyncio.subprocess.Process) -> None:
    """Lets it tell what it passed on, then kills it."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
