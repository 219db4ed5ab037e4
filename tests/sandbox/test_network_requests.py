"""The proxy's reading of a request: nothing that two programs could read differently reaches an origin."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from proxy_world import ANSWER, GET, world

from sandbox.network.request import Refusal, parse_head
from sandbox.network.rules import parse_target


def post(*headers: str, body: str = "", version: str = "1.1") -> bytes:
    return "\r\n".join([f"POST http://example.org/ HTTP/{version}", *headers, "", body]).encode()


@pytest.mark.parametrize(
    "request_bytes",
    [
        post("Content-Length: 4", "Transfer-Encoding: chunked", body="0\r\n\r\n"),
        post("Content-Length: 4", "Content-Length: 5", body="aaaaa"),
        post("Content-Length: 4, 4", body="aaaa"),
        post("Content-Length: +4", body="aaaa"),
        post("Content-Length: -1"),
        post("Content-Length: 0x4", body="aaaa"),
        post("Content-Length:"),
        post("Transfer-Encoding: chunked", "Transfer-Encoding: identity", body="0\r\n\r\n"),
        post("Transfer-Encoding: xchunked", body="0\r\n\r\n"),
        post("Transfer-Encoding: gzip, chunked", body="0\r\n\r\n"),
        post("Transfer-Encoding: chunked", body="0\r\n\r\n", version="1.0"),
        post("Transfer-Encoding : chunked", body="0\r\n\r\n"),
        post("Transfer-Encoding\x0b: chunked", body="0\r\n\r\n"),
        post("X: a\r\n Transfer-Encoding: chunked", body="0\r\n\r\n"),
        post("X: a\nTransfer-Encoding: chunked", body="0\r\n\r\n"),
        post("X: a\rTransfer-Encoding: chunked", body="0\r\n\r\n"),
        post("X: a\0b"),
        post("Host: example.org", "Host: evil.com"),
        post("no colon"),
        b"CONNECT example.org:443 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
        b"GET http://example.org/\rX: 1 HTTP/1.1\r\n\r\n",
        b"GET http://example.org/\nHost:evil HTTP/1.1\r\n\r\n",
        b"GET http://example.org/ HTTP/1.1 HTTP/1.1\r\n\r\n",
        b"GET  http://example.org/ HTTP/1.1\r\n\r\n",
        b"GET\thttp://example.org/ HTTP/1.1\r\n\r\n",
        b"GET http://example.org/ HTTP/2.0\r\n\r\n",
        b"GET http://example.org/\xc3\xa9 HTTP/1.1\r\n\r\n",
        b"GET http://example.org/#f HTTP/1.1\r\n\r\n",
        b"GET /local HTTP/1.1\r\nHost: example.org\r\n\r\n",
        b"GET https://example.org/ HTTP/1.1\r\n\r\n",
        b"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"\x16\x03\x01 not http \r\n\r\n",
    ],
)
async def test_a_request_that_can_be_read_in_two_ways_reaches_nobody(request_bytes: bytes) -> None:
    async with world() as here:
        answer = await here.talk(request_bytes)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert here.dialled == []


async def test_what_follows_a_request_reaches_nobody() -> None:
    second = b"GET http://example.org/second HTTP/1.1\r\n\r\n"
    async with world() as here:
        assert await here.talk(post("Content-Length: 4", body="four") + second) == ANSWER
        assert here.got.endswith(b"\r\n\r\nfour")
        here.got = b""
        assert await here.talk(GET + second * 1000) == ANSWER
    assert here.got.count(b"GET") == 1
    assert len(here.dialled) == 2


async def test_chunks_are_read_and_written_anew() -> None:
    async with world() as here:
        sent = post("Transfer-Encoding: CHUNKED", body="4;a=b\r\nfour\r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n")
        here.silent = True
        talking = asyncio.create_task(here.talk(sent, limit_s=60))
        async with asyncio.timeout(20):
            while b"\r\n0\r\n\r\n" not in here.got:
                await asyncio.sleep(0.01)
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
    head, _, body = here.got.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head and b"railer" not in here.got
    assert body == b"4\r\nfour\r\na\r\n0123456789\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "chunks",
    [
        "4\r\nfourXX",
        "0x4\r\nfour\r\n",
        "4\nfour\r\n",
        "+4\r\nfour\r\n",
        "-1\r\n",
        "4 4\r\nfour\r\n",
        "FFFFFFFFF\r\n",
        "\r\n",
    ],
)
async def test_a_malformed_chunk_ends_the_request_unfinished(chunks: str) -> None:
    async with world() as here:
        here.silent = True
        answer = await here.talk(post("Transfer-Encoding: chunked", body=chunks + "0\r\n\r\n"))
        async with asyncio.timeout(20):
            await here.ended.wait()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"0\r\n\r\n" not in here.got.partition(b"\r\n\r\n")[2]


@given(
    st.one_of(st.binary(max_size=300), st.binary(max_size=40).map(lambda b: b"GET http://" + b + b" HTTP/1.1\r\n\r\n"))
)
def test_any_bytes_are_a_request_or_a_refusal(head: bytes) -> None:
    try:
        request = parse_head(head)
    except Refusal as refusal:
        assert refusal.message.isascii() and "\n" not in refusal.message and "\r" not in refusal.message
        return
    sent = request.forwarded()
    assert parse_target(str(request.target)) == request.target
    assert sent.count(b"\r\n\r\n") == 1 and sent.count(b"\n") == sent.count(b"\r\n") and b"\0" not in sent
