"""The engine's streams over its Unix socket, where the docker package would block, buffer or lose their first bytes.

Attach and exec take the connection over after an HTTP exchange ("hijack"); events never end; archives are read by a
thread that must be able to hang up. Everything else goes through the docker package.
"""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import final
from urllib.parse import urlencode

from orchestrator.core.errors import BoxFailed

ARCHIVE_TIMEOUT_S = 60.0


@final
@dataclass(frozen=True)
class Endpoint:
    """Where an engine on this machine listens, and the version of its interface that was agreed on."""

    path: str
    version: str


@final
class Line:
    """An open conversation with the engine. Close it before anything is killed: an engine that cannot write waits."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, chunked: bool) -> None:
        self.reader = reader
        self._writer = writer
        self._chunked = chunked

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def close(self) -> None:
        self._writer.transport.abort()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body of an answer without an end, piece by piece."""
        while self._chunked:
            size = int((await self.reader.readline()).strip() or b"0", 16)
            if size == 0:
                return
            yield (await self.reader.readexactly(size + 2))[:-2]
        while data := await self.reader.read(65536):
            yield data


async def converse(endpoint: Endpoint, method: str, target: str, body: object = None, *, hijack: bool = False) -> Line:
    """Sends one request and returns when the head of the answer is there. Raises BoxFailed where it is no success."""
    reader, writer = await asyncio.open_unix_connection(endpoint.path, limit=1 << 20)
    try:
        data = b"" if body is None else json.dumps(body).encode()
        head = [f"{method} /v{endpoint.version}{target} HTTP/1.1", "Host: docker", f"Content-Length: {len(data)}"]
        head += ["Content-Type: application/json"] if data else []
        head += ["Connection: Upgrade", "Upgrade: tcp"] if hijack else []
        writer.write("\r\n".join(head).encode() + b"\r\n\r\n" + data)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = int(answer.split(" ", 2)[1])
        line = Line(reader, writer, "transfer-encoding: chunked" in answer.lower())
        if status not in (101, 200):
            reason = b"".join([piece async for piece in _short(line, answer)]).decode("utf-8", "replace")
            raise BoxFailed(
                f"the engine refused {target.split('?')[0]!r}: {status} {reason.strip()}", remedy="try again"
            )
        return line
    except BaseException as error:
        writer.transport.abort()
        if isinstance(error, asyncio.IncompleteReadError):
            raise BoxFailed("the engine hung up", remedy="look at the engine's log") from error
        raise


async def _short(line: Line, answer: str) -> AsyncIterator[bytes]:
    for header in answer.lower().split("\r\n"):
        if header.startswith("content-length:"):
            yield await line.reader.readexactly(min(65536, int(header.partition(":")[2])))
            return
    async for piece in line.chunks():
        yield piece


async def frames(line: Line) -> AsyncIterator[tuple[int, bytes]]:
    """The pieces of a multiplexed stream: (1 for stdout, 2 for stderr; bytes). A piece is at most 64 KiB."""
    while True:
        try:
            header = await line.reader.readexactly(8)
            left = int.from_bytes(header[4:], "big")
            while left:
                data = await line.reader.read(min(left, 65536))
                if not data:
                    return
                left -= len(data)
                yield header[0], data
        except (asyncio.IncompleteReadError, ConnectionError):
            return


async def events(line: Line) -> AsyncIterator[dict[str, object]]:
    """The engine's events, one object each, until the line is closed."""
    rest = b""
    try:
        async for piece in line.chunks():
            *whole, rest = (rest + piece).split(b"\n")
            for text in whole:
                if text.strip():
                    yield json.loads(text)
    except (asyncio.IncompleteReadError, ConnectionError):
        return


@final
class _Connection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("docker", timeout=ARCHIVE_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@final
class Archive:
    """The archive calls of one container, blocking: for a thread. Leaving the context hangs up, whatever was read."""

    def __init__(self, endpoint: Endpoint, container: str) -> None:
        self._connection = _Connection(endpoint.path)
        self._target = f"/v{endpoint.version}/containers/{container}/archive"

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> http.client.HTTPResponse:
        self._connection.request(method, f"{self._target}?{urlencode({'path': path})}", body)
        return self._connection.getresponse()

    def stat(self, path: str) -> dict[str, object] | None:
        """The engine's description of a path in the box (name, size, mode as Go has it), None where nothing is."""
        answer = self._ask("HEAD", path)
        answer.read()
        if answer.status == 404:
            return None
        self._check(answer, path)
        found: dict[str, object] = json.loads(base64.b64decode(answer.headers["X-Docker-Container-Path-Stat"]))
        return found

    def get(self, path: str) -> http.client.HTTPResponse:
        answer = self._ask("GET", path)
        self._check(answer, path)
        return answer

    def put(self, path: str, tar: bytes) -> None:
        answer = self._ask("PUT", path, tar)
        self._check(answer, path)
        answer.read()

    def _check(self, answer: http.client.HTTPResponse, path: str) -> None:
        if answer.status != 200:
            reason = answer.read(4096).decode("utf-8", "replace").strip()
            raise BoxFailed(
                f"the engine cannot copy {path!r}: {answer.status} {reason}", remedy="check the path and the disk limit"
            )
