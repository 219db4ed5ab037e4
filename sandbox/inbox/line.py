"""The host's end of the line to a keeper (`keeper.py`): frames in, words out, one command at a time."""

from __future__ import annotations

import asyncio
import errno
import json
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal, NoReturn, final

from pydantic import ValidationError

from orchestrator.core.errors import BoxFailed
from orchestrator.core.values import Value
from sandbox.output import Capture, Stream

KILL_S: Final = 5.0
FRAME_LIMIT: Final = 1 << 20
_HEADER: Final = 5
_STREAMS: Final[dict[int, Stream]] = {1: "stdout", 2: "stderr"}

Read = Callable[[], Awaitable[bytes]]  # the next bytes that the keeper wrote; empty: it is gone
Send = Callable[[bytes], Awaitable[None]]
Cut = Literal["timeout", "output", "gone"]  # gone: the keeper itself died with the command


class Word(Value):
    """A control message of the keeper."""

    ready: bool = False
    ended: int | None = None
    code: int | None = None
    cpu_s: float = 0.0
    left: int = 0
    failed: int | None = None
    errno: int = 0
    text: str = ""
    killed: bool = False
    paused: bool = False
    resumed: bool = False


class Ending(Value):
    """How a command ended: `code` is 128 + signal where one ended it, `cut` what the host ended it for."""

    code: int
    cut: Cut | None
    cpu_s: float
    left: int


@final
class KeeperLine:
    """Reads until the keeper is gone. Make it within a running loop; `close` it in every case."""

    def __init__(self, read: Read, send: Send, name: str = "box") -> None:
        self._read = read
        self._send = send
        self._name = name
        self._id = 0
        self._sink: Capture | None = None
        self._broken: BaseException | None = None  # what the listener of the output raised
        self._words: dict[str, asyncio.Future[Word]] = {}
        self._cut = asyncio.Event()
        self.gone = asyncio.Event()
        self._ready = self._expect("ready")
        self._reader = asyncio.create_task(self._follow())

    async def ready(self, timeout_s: float) -> None:
        """Returns when the keeper listens. Raises BoxFailed where it does not in time."""
        await self._await(self._ready, timeout_s, "did not start")

    async def run(
        self, command: Sequence[str], env: Mapping[str, str], cwd: str, capture: Capture, *, timeout_s: float
    ) -> Ending:
        """Runs one command, its output into `capture`. Whatever ends it, nothing of it lives when this returns.

        Raises BoxFailed where the box died before or does not end its processes, and what the listener of the output
        raised.
        """
        deadline = time.monotonic() + timeout_s
        self._id += 1
        self._sink, self._broken = capture, None
        self._cut.clear()
        ended = self._expect("ended")
        order = {"do": "run", "id": self._id, "command": list(command), "env": dict(env), "cwd": cwd}
        cut: Cut | None = None
        try:
            await self._say(order)
            cut = await self._wait(ended, deadline)
        finally:
            if not ended.done() and not self.gone.is_set():
                await asyncio.shield(self.kill())
            self._sink = None
            self._words.pop("ended", None)
        if self._broken is not None:
            raise self._broken
        if self.gone.is_set() and (not ended.done() or ended.exception() is not None):
            return Ending(code=137, cut="gone", cpu_s=0.0, left=0)
        return _ending(ended.result(), capture, cut)

    async def kill(self) -> None:
        """Ends every process of the box but the keeper. Raises BoxFailed where that does not come about."""
        self._sink = None  # what still comes is nobody's
        await self._ask("kill", "killed", "does not end its processes")

    async def pause(self) -> None:
        await self._ask("pause", "paused", "does not pause")

    async def resume(self) -> None:
        await self._ask("resume", "resumed", "does not go on")

    async def close(self) -> None:
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader
        self._hang_up()

    async def _wait(self, ended: asyncio.Future[Word], deadline: float) -> Cut | None:
        cut = asyncio.create_task(self._cut.wait())
        try:
            left = max(0.0, deadline - time.monotonic())
            waiting: set[asyncio.Future[Word] | asyncio.Task[Literal[True]]] = {ended, cut}
            await asyncio.wait(waiting, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            cut.cancel()
        if self._cut.is_set():
            return "output"
        return None if ended.done() else "timeout"

    async def _ask(self, word: str, answer: str, trouble: str) -> None:
        told = self._expect(answer)
        await self._say({"do": word})
        await self._await(told, KILL_S, trouble)

    async def _await(self, told: asyncio.Future[Word], timeout_s: float, trouble: str) -> None:
        done, _ = await asyncio.wait({told}, timeout=timeout_s)
        if not done:
            remedy = "close it and open another; look for a process in state D on this machine"
            raise BoxFailed(f"{self._name} {trouble} within {timeout_s:g} s", remedy=remedy)
        told.result()

    async def _say(self, message: Mapping[str, object]) -> None:
        if self.gone.is_set():
            self._lost()
        try:
            await self._send(json.dumps(message).encode() + b"\n")
        except (OSError, RuntimeError):
            self._lost()

    def _expect(self, word: str) -> asyncio.Future[Word]:
        waiting = self._words.get(word)
        if waiting is None or waiting.done():
            waiting = asyncio.get_running_loop().create_future()
            waiting.add_done_callback(_look)
            self._words[word] = waiting
        return waiting

    def _lost(self) -> NoReturn:
        raise BoxFailed(f"{self._name} died", remedy="open another; its keeper was killed, or its memory ran out")

    async def _follow(self) -> None:
        """Takes every frame as it comes, so that the keeper never has to wait for the host."""
        buffer = bytearray()
        try:
            while data := await self._read():
                buffer += data
                while len(buffer) >= _HEADER:
                    size = int.from_bytes(buffer[1:_HEADER], "big")
                    if size > FRAME_LIMIT or buffer[0] > 2:
                        return  # not a keeper's word: the line cannot be trusted any more
                    if len(buffer) < _HEADER + size:
                        break
                    channel, payload = buffer[0], bytes(buffer[_HEADER : _HEADER + size])
                    del buffer[: _HEADER + size]
                    self._take(channel, payload)
        except (OSError, ValidationError):
            return  # the same as a keeper that is gone
        finally:
            self._hang_up()

    def _take(self, channel: int, payload: bytes) -> None:
        if channel:
            self._feed(_STREAMS[channel], payload)
            return
        word = Word.model_validate_json(payload)
        if word.ended not in (None, self._id) or word.failed not in (None, self._id):
            return
        named = next((name for name in ("ready", "killed", "paused", "resumed") if getattr(word, name)), "ended")
        waiting = self._words.get(named)
        if waiting is not None and not waiting.done():
            waiting.set_result(word)

    def _feed(self, stream: Stream, data: bytes) -> None:
        if self._sink is None or self._cut.is_set():
            return
        try:
            self._sink.feed(stream, data)
        except BaseException as error:  # noqa: BLE001 - the listener's own error goes up to the caller of run
            self._broken = error
        if self._broken is not None or self._sink.flooded:
            self._cut.set()

    def _hang_up(self) -> None:
        self.gone.set()
        for waiting in self._words.values():
            if not waiting.done():
                waiting.set_exception(BoxFailed(f"{self._name} died", remedy="open another"))


def _look(told: asyncio.Future[Word]) -> None:
    """A box may die while nobody asks: its error is then nobody's, and no warning."""
    if not told.cancelled():
        told.exception()


def _ending(word: Word, capture: Capture, cut: Cut | None) -> Ending:
    if word.failed is not None:
        capture.feed("stderr", f"{word.text}\n".encode())
        code = 127 if word.errno == errno.ENOENT else 126
        return Ending(code=code, cut=None, cpu_s=0.0, left=0)
    code = word.code if word.code is not None else -9
    if cut is not None:
        code = -9  # a command that ended just then was over its limit all the same
    return Ending(code=code if code >= 0 else 128 - code, cut=cut, cpu_s=word.cpu_s, left=word.left)
