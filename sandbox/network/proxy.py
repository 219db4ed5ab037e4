"""The proxy of one box: CONNECT and plain HTTP to the hosts of an allow-list, and to nothing else.

Runs beside the box (`listen.py`): standard library alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass

from sandbox.network.request import PIECE, Refusal, Request, body, parse_head
from sandbox.network.rules import Rules, Target

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Resolve = Callable[[str, int], Awaitable[list[str]]]
Dial = Callable[[str, int], Awaitable[Streams]]
Tell = Callable[[dict[str, object]], None]
LINGER_S, LINGER_BYTES = 2.0, 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one box may ask of its proxy. `bytes` in all, both directions together."""

    connections: int = 64
    head_bytes: int = 32 * 1024
    head_s: float = 15.0
    dial_s: float = 15.0
    idle_s: float = 300.0
    bytes: int = 4 << 30


@dataclass
class Seen:
    """One request, as it is told when it is over. `up` and `down` in bytes, seen from the box."""

    host: str = ""
    port: int = 0
    allowed: bool = False
    up: int = 0
    down: int = 0
    why: str = ""


async def resolve(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def dial(address: str, port: int) -> Streams:
    return await asyncio.open_connection(address, port)


class Proxy:
    """Serves the connections of one box."""

    def __init__(
        self, rules: Rules, tell: Tell, *, resolve: Resolve = resolve, dial: Dial = dial, limits: Limits | None = None
    ) -> None:
        self._rules = rules
        self._tell = tell
        self._resolve = resolve
        self._dial = dial
        self._limits = limits or Limits()
        self._left = self._limits.bytes
        self._open = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: one request, and its end. Whatever the client does, it ends."""
        if self._open >= self._limits.connections:
            writer.write(_answer(503, f"{self._limits.connections} connections are open: close one"))
            writer.close()
            return
        self._open += 1
        try:
            refusal = await self._watched(reader, writer)
            with contextlib.suppress(OSError, TimeoutError):
                if refusal is not None:
                    writer.write(_answer(refusal.status, refusal.message))
                    writer.write_eof()
                await _linger(reader, writer)
        finally:
            self._open -= 1
            writer.transport.abort()

    async def _watched(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Refusal | None:
        """Carries one request out and tells of it. Returns the refusal that is still to be answered."""
        seen = Seen()
        try:
            await self._converse(reader, writer, seen)
        except Refusal as refusal:
            seen.why = refusal.message
            return None if seen.down else refusal  # in the middle of an origin's answer, it would pass for a part of it
        except TimeoutError:
            seen.why = f"broken off: nothing moved for {self._limits.idle_s:g} s"
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            if not seen.allowed:  # how a tunnel is closed is its two ends' business
                seen.why = f"broken off: {type(error).__name__}"
        finally:
            if seen.host or seen.why:
                self._tell(dataclasses.asdict(seen))
        return None

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen) -> None:
        request = parse_head(await self._head(reader))
        seen.host, seen.port = request.target.host, request.target.port
        if why := self._rules.refuse(request.target):
            raise Refusal(403, why)
        if self._left <= 0:
            raise Refusal(403, f"{request.target}: the box has used up its {self._limits.bytes} bytes of network")
        theirs, out = await self._reach(request.target)
        seen.allowed = True
        try:
            await self._relay(request, (reader, writer), (theirs, out), seen)
        finally:
            out.transport.abort()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(self._limits.head_s):
                return await reader.readuntil(b"\r\n\r\n")
        except TimeoutError:
            raise Refusal(408, f"no request came in {self._limits.head_s:g} s") from None
        except asyncio.LimitOverrunError:
            raise Refusal(431, f"the head of the request is larger than {self._limits.head_bytes} bytes") from None

    async def _reach(self, target: Target) -> Streams:
        """A connection to an address that was looked up once and judged: the name is not asked again."""
        try:
            async with asyncio.timeout(self._limits.dial_s):
                addresses = await self._resolve(target.host, target.port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Refusal(502, f"{target} cannot be found: {_reason(error)}") from None
        for text in addresses:
            if why := self._rules.refuse_address(target, ipaddress.ip_address(text)):
                raise Refusal(403, why)
        failure = "its name has no address"
        for text in addresses:
            try:
                async with asyncio.timeout(self._limits.dial_s):
                    return await self._dial(text, target.port)
            except (OSError, TimeoutError) as error:
                failure = _reason(error)
        raise Refusal(502, f"{target} cannot be reached: {failure}")

    async def _relay(self, request: Request, box: Streams, origin: Streams, seen: Seen) -> None:
        reader, writer = box
        theirs, out = origin
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._limits.idle_s) as timer:

            async def pass_on(data: bytes, sink: asyncio.StreamWriter) -> None:
                self._left -= len(data)
                if self._left < 0:
                    seen.why = f"cut off: the box has used up its {self._limits.bytes} bytes of network"
                    raise ConnectionAbortedError
                seen.up, seen.down = (
                    (seen.up + len(data), seen.down) if sink is out else (seen.up, seen.down + len(data))
                )
                sink.write(data)
                await sink.drain()
                timer.reschedule(loop.time() + self._limits.idle_s)

            async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
                while data := await source.read(PIECE):
                    await pass_on(data, sink)
                sink.write_eof()

            async def send() -> None:
                await pass_on(request.forwarded(), out)
                async for data in body(reader, request.length):
                    await pass_on(data, out)
                while await reader.read(PIECE):
                    pass  # whatever else it sends reaches nobody
                raise ConnectionAbortedError  # it has gone, and needs no answer any more

            if request.method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await _together(pump(reader, out), pump(theirs, writer))
            else:
                await _together(send(), pump(theirs, writer), last_ends_all=True)


async def _together(*works: Coroutine[None, None, None], last_ends_all: bool = False) -> None:
    """Runs all to their ends. The first error, or the end of the last of them where that ends all, ends the others."""
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        waiting = set(tasks)
        while waiting and not (last_ends_all and tasks[-1].done()):
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _answer(status: int, message: str) -> bytes:
    """The message is the reason phrase too: of a refused CONNECT, clients show nothing else."""
    text = f"{message}\n".encode("ascii", "replace")
    head = f"HTTP/1.1 {status} {message}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n"
    return head.encode("ascii", "replace") + b"Connection: close\r\n\r\n" + text


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Lets the answer arrive: a connection that is closed on unread bytes is reset, and the answer lost."""
    async with asyncio.timeout(LINGER_S):
        await writer.drain()
        dropped = 0
        while dropped < LINGER_BYTES and (data := await reader.read(PIECE)):
            dropped += len(data)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return getattr(error, "strerror", None) or type(error).__name__
