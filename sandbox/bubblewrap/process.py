"""The process tree of one box as its owner holds it: a supervisor, the line to the keeper, descriptors of its rooms."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, final

from orchestrator.core.errors import BoxFailed
from sandbox.inbox.line import KeeperLine

SUPERVISOR: Final = Path(__file__).with_name("supervisor.py")
START_S: Final = 30.0
END_S: Final = 15.0
SAID_BYTES: Final = 4096
SECCOMP_HANDLE, DOOR_HANDLE = 3, 4  # as supervisor.py has them
ROOMS: Final = 2  # the workspace and /tmp


@final
class Tree:
    """A started box. `rooms` are descriptors of its workspace and of its /tmp."""

    def __init__(self, process: asyncio.subprocess.Process, line: KeeperLine, rooms: list[int], words: int) -> None:
        self.line = line
        self.rooms = rooms
        self.pid = process.pid
        self._process = process
        self._words = words

    async def end(self) -> None:
        """Lets go of the box, which ends it, and waits until nothing of it is left. Twice does no harm."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(END_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            remedy = "look for a process in state D on this machine"
            raise BoxFailed(f"box process {self.pid} would not end", remedy=remedy) from None
        finally:
            await self.line.close()
            if self._words >= 0:
                os.close(self._words)
                self._words = -1


async def start(
    wrapper: Sequence[str], job: dict[str, object], filter_: bytes, name: str, *, lock: int | None, door: int | None
) -> Tree:
    """Starts the supervisor (within `wrapper`, systemd's) with its job. Raises BoxFailed with what it said.

    The keeper writes to the supervisor's standard output and reads a pipe of its own. `lock` is the claim on the user,
    `door` the way to the proxy: both go on to the supervisor.
    """
    ours, theirs = socket.socketpair()
    reads, words = os.pipe()
    program = os.memfd_create("seccomp")
    process: asyncio.subprocess.Process | None = None
    try:
        os.write(program, filter_)
        os.lseek(program, 0, os.SEEK_SET)
        handles = [theirs.fileno(), reads, program, *(one for one in (lock, door) if one is not None)]
        whole = {**job, "owner": theirs.fileno(), "line": reads, "seccomp": program, "lock": lock, "door": door}
        try:
            process = await asyncio.create_subprocess_exec(
                *(*wrapper, sys.executable, "-I", "-S", str(SUPERVISOR), str(job["root"])),  # the folder: for who looks
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_environment(bool(wrapper)),
                pass_fds=handles,
                start_new_session=True,
            )
        except OSError as error:
            raise BoxFailed(f"{name} did not start: {error}", remedy="mlexpert doctor") from None
        finally:
            theirs.close()
            os.close(reads)
            os.close(program)
        return await _greet(process, whole, ours, words, name)
    except BaseException:
        os.close(words)
        if process is not None:
            await asyncio.shield(_abandon(process))
        raise
    finally:
        ours.close()


async def _greet(
    process: asyncio.subprocess.Process, job: dict[str, object], ours: socket.socket, words: int, name: str
) -> Tree:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(job).encode() + b"\n")
    output = process.stdout
    os.set_blocking(words, False)

    async def read() -> bytes:
        return await output.read(1 << 16)

    async def send(data: bytes) -> None:
        await _write(words, data)

    line = KeeperLine(read, send, name)
    rooms: list[int] = []
    try:
        try:
            await line.ready(START_S)
        except BoxFailed as error:
            said = await _said(process)
            raise BoxFailed(f"{name} did not start: {said or error.message}", remedy="mlexpert doctor") from None
        _, rooms, _, _ = socket.recv_fds(ours, 1, ROOMS)  # sent before the keeper could say that it listens
        if len(rooms) != ROOMS:
            raise BoxFailed(f"{name} shows no workspace", remedy="open another")
    except BaseException:
        for room in rooms:
            os.close(room)
        await line.close()
        raise
    return Tree(process, line, rooms, words)


async def _write(handle: int, data: bytes) -> None:
    """All of it, in the loop's own time: a keeper that was stopped takes nothing."""
    loop = asyncio.get_running_loop()
    while data:
        try:
            data = data[os.write(handle, data) :]
        except BlockingIOError:
            free = loop.create_future()
            loop.add_writer(handle, _release, free)
            try:
                await free
            finally:
                loop.remove_writer(handle)


def _release(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)


async def _said(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    said = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(2):
            said = await process.stderr.read(SAID_BYTES)
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


async def _abandon(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(END_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _environment(scope: bool) -> dict[str, str]:
    """systemd is found through the user's session. Nothing else goes on, and nothing of it into the box."""
    base = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    session = ("XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS") if scope else ()
    return base | {name: os.environ[name] for name in session if name in os.environ}
