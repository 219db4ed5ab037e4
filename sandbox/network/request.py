"""One request to the proxy, read strictly: whatever two programs could read differently is refused.

Runs in the proxy: standard library alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from sandbox.network.rules import Target, parse_target

PIECE = 64 * 1024
MAX_HEADERS = 100
MAX_LINE = 8192
START = re.compile(rb"([A-Z]{1,20}) ([!-~\x80-\xff]{1,8192}) HTTP/1\.([01])")
HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
PATH = re.compile(r"[!-~]*")
LENGTH = re.compile(r"[0-9]{1,15}")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(;[\t -~\x80-\xff]*)?\r\n")
# What speaks of one connection, or is written anew. The origin gets one request and an end.
HOP_BY_HOP = {
    "connection", "proxy-connection", "keep-alive", "proxy-authorization", "proxy-authenticate", "te", "trailer",
    "upgrade", "http2-settings", "host", "transfer-encoding", "content-length",
}  # fmt: skip


class Refusal(Exception):
    """The answer to a request that does not pass."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Request:
    """`path` is empty for CONNECT. `length` is None where the body is chunked, 0 where there is none."""

    method: str
    target: Target
    path: str
    minor: str  # of the version 1.x
    headers: tuple[tuple[str, str], ...]
    length: int | None

    def forwarded(self) -> bytes:
        """The head as the origin gets it: the host is the one that was allowed, whatever the client's header said."""
        named = {
            part.strip().lower() for name, value in self.headers if name == "connection" for part in value.split(",")
        }
        host = self.target.host if self.target.port == 80 else str(self.target)
        lines = [f"{self.method} {self.path} HTTP/1.{self.minor}", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers if name not in HOP_BY_HOP | named]
        if self.length is None:
            lines.append("Transfer-Encoding: chunked")
        elif self.length or self.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {self.length}")
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1")


def parse_head(head: bytes) -> Request:
    """The request line and the headers, up to the empty line. Raises Refusal."""
    first, *rest = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    start = START.fullmatch(first)
    if start is None:
        raise Refusal(400, "the request line is not one of HTTP/1.1 as a proxy reads it")
    if len(rest) > MAX_HEADERS:
        raise Refusal(431, f"the request has more than {MAX_HEADERS} headers")
    headers = []
    for line in rest:
        field = HEADER.fullmatch(line)
        if field is None:
            raise Refusal(400, "a header of the request is malformed")
        headers.append((field[1].decode().lower(), field[2].decode("latin-1")))
    method, minor = start[1].decode(), start[3].decode()
    authority, path = _split(method, start[2])
    length = _body_length(headers, minor)
    if method == "CONNECT" and length != 0:
        raise Refusal(400, "a CONNECT has no body")
    return Request(method, _target(authority, method), path, minor, tuple(headers), length)


def shown(text: str) -> str:
    """Text of the client's, fit for one line of an answer or a log."""
    return "".join(c if "!" <= c <= "~" else "?" for c in text[:300])


def _split(method: str, raw: bytes) -> tuple[str, str]:
    """The host:port that is asked for, and the path there."""
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise Refusal(400, "the address asked for is not UTF-8") from None
    if method == "CONNECT":
        return text, ""
    if text[:7].lower() != "http://":
        raise Refusal(400, "this is a proxy: ask for http://host/path, or CONNECT host:port for https")
    end = next((at for at, c in enumerate(text[7:], 7) if c in "/?#"), len(text))
    path = text[end:] if text[end : end + 1] == "/" else "/" + text[end:]
    if "#" in path or not PATH.fullmatch(path):
        raise Refusal(400, "the path asked for holds what no path may hold")
    return text[7:end], path


def _target(authority: str, method: str) -> Target:
    try:
        return parse_target(authority, None if method == "CONNECT" else 80)
    except ValueError:
        what = "an address in brackets" if authority.startswith("[") else "no host:port in plain notation"
        remedy = "ask for a host as [sandbox] network in agents.toml names it"
        raise Refusal(403, f"{shown(authority)} is not allowed ({what}): {remedy}") from None


def _body_length(headers: list[tuple[str, str]], minor: str) -> int | None:
    """Its bytes, None for chunked. Two answers to where a request ends are how requests are smuggled: refused."""
    lengths = [value for name, value in headers if name == "content-length"]
    codings = [value.lower() for name, value in headers if name == "transfer-encoding"]
    if len([name for name, _ in headers if name == "host"]) > 1:
        raise Refusal(400, "the request has two Host headers")
    if codings:
        if codings != ["chunked"] or lengths or minor == "0":
            raise Refusal(400, "the end of the request can be read in two ways")
        return None
    if len(lengths) > 1 or not all(map(LENGTH.fullmatch, lengths)):
        raise Refusal(400, "the length of the request can be read in two ways")
    return int(lengths[0]) if lengths else 0


async def body(reader: asyncio.StreamReader, length: int | None) -> AsyncIterator[bytes]:
    """The body as the origin gets it: chunks are read and written anew. Raises Refusal, IncompleteReadError."""
    if length is not None:
        async for data in _exactly(reader, length):
            yield data
        return
    while True:
        line = await reader.readuntil(b"\n")
        found = CHUNK.fullmatch(line)
        if found is None or len(line) > MAX_LINE:
            raise Refusal(400, "a chunk of the request is malformed")
        if (size := int(found[1], 16)) == 0:
            break
        yield b"%x\r\n" % size
        async for data in _exactly(reader, size):
            yield data
        if await reader.readexactly(2) != b"\r\n":
            raise Refusal(400, "a chunk of the request is malformed")
        yield b"\r\n"
    for _ in range(MAX_HEADERS):
        if await reader.readuntil(b"\n") == b"\r\n":  # trailers are dropped
            yield b"0\r\n\r\n"
            return
    raise Refusal(431, f"the request has more than {MAX_HEADERS} trailers")


async def _exactly(reader: asyncio.StreamReader, size: int) -> AsyncIterator[bytes]:
    while size:
        data = await reader.read(min(size, PIECE))
        if not data:
            raise asyncio.IncompleteReadError(b"", size)
        size -= len(data)
        yield data
