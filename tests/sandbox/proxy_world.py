"""A proxy on real sockets, with a name server and an internet of our own around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from sandbox.network.proxy import Limits, Proxy, Streams
from sandbox.network.rules import Rules

PUBLIC = "93.184.215.14"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
GET = b"GET http://example.org/a?b=c HTTP/1.1\r\nHost: example.org\r\n\r\n"
CONNECT = b"CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n"
ALLOWED = ("example.org:80", "example.org:443", "xn--bcher-kva.example:80", "10.1.2.3:80")


class World:
    """An origin on this machine that stands for every address; what it got, what was looked up and dialled."""

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self.names = names
        self.got = b""
        self.ended = asyncio.Event()
        self.asked: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self.told: list[dict[str, object]] = []
        self.port = 0
        self.silent = False
        self.echo = False
        self._origin = 0

    async def resolve(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        found = self.names.get(host, ())
        if not found:
            raise OSError("unknown name")
        return list(found)

    async def dial(self, address: str, port: int) -> Streams:
        self.dialled.append((address, port))
        return await asyncio.open_connection("127.0.0.1", self._origin)

    async def origin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                self.got += data
                if self.echo:
                    writer.write(data)
                elif not self.silent and b"\r\n\r\n" in self.got:
                    writer.write(ANSWER)
                    writer.write_eof()
        except ConnectionError:
            pass
        finally:
            self.ended.set()
            writer.close()

    async def talk(self, data: bytes, *, end: bool = False, limit_s: float = 20.0) -> bytes:
        """What one connection answers, to its end."""
        async with asyncio.timeout(limit_s):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            try:
                writer.write(data)
                if end:
                    writer.write_eof()
                return await reader.read()
            finally:
                writer.close()


@asynccontextmanager
async def world(
    names: Mapping[str, Sequence[str]] | None = None,
    *,
    allow: Sequence[str] = ALLOWED,
    own: Sequence[str] = (),
    limits: Limits | None = None,
) -> AsyncIterator[World]:
    here = World(names if names is not None else {"example.org": [PUBLIC], "10.1.2.3": ["10.1.2.3"]})
    origin = await asyncio.start_server(here.origin, "127.0.0.1", 0)
    here._origin = origin.sockets[0].getsockname()[1]
    proxy = Proxy(Rules.parse(allow, own), here.told.append, resolve=here.resolve, dial=here.dial, limits=limits)
    size = (limits or Limits()).head_bytes
    serving: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        await proxy.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=size)
    here.port = server.sockets[0].getsockname()[1]
    async with origin, server:
        yield here
        async with asyncio.timeout(20):  # whatever its clients did, the proxy is done with them
            while any(task is not None and not task.done() for task in serving):
                await asyncio.sleep(0.01)
