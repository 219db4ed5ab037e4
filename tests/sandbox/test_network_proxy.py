"""The proxy of a box on real sockets: what it lets pass, what it refuses, and whom it never waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from proxy_world import ANSWER, CONNECT, GET, PUBLIC, world

from orchestrator.core.errors import BadConfig
from sandbox.network.machine import check_network, own_addresses
from sandbox.network.proxy import Limits
from sandbox.network.reached import DISTINCT, OTHERS, Tally


async def test_a_request_is_sent_on_with_the_host_that_was_allowed() -> None:
    told = b"GET http://example.org/a?b=c HTTP/1.1\r\nHost: internal.corp\r\nX-Kept: 1\r\nConnection: close, X-Gone\r\n"
    async with world() as here:
        answer = await here.talk(told + b"X-Gone: 2\r\nProxy-Authorization: Basic aaaa\r\n\r\n")
    assert answer == ANSWER
    assert here.got == b"GET /a?b=c HTTP/1.1\r\nHost: example.org\r\nx-kept: 1\r\nConnection: close\r\n\r\n"
    assert here.dialled == [(PUBLIC, 80)]
    (line,) = here.told
    assert (line["host"], line["port"], line["allowed"], line["why"]) == ("example.org", 80, True, "")
    assert (line["up"], line["down"]) == (len(here.got), len(ANSWER))


async def test_a_tunnel_passes_bytes_both_ways_and_its_end_too() -> None:
    async with world() as here:
        here.echo = True
        answer = await here.talk(CONNECT + b"\x16\x03hello\r\n\r\n", end=True)
    assert answer == b"HTTP/1.1 200 Connection established\r\n\r\n\x16\x03hello\r\n\r\n"
    assert here.dialled == [(PUBLIC, 443)]


@pytest.mark.parametrize("target", ["EXAMPLE.org:443", "example.org.:443", "Example.Org:80"])
async def test_one_host_in_another_spelling_is_the_same_host(target: str) -> None:
    async with world() as here:
        here.echo = True
        assert (await here.talk(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode(), end=True)).startswith(b"HTTP/1.1 200")
    assert here.asked == ["example.org"]


async def test_an_international_name_is_compared_in_its_ascii_form() -> None:
    async with world({"xn--bcher-kva.example": [PUBLIC]}) as here:
        answer = await here.talk("GET http://BÜCHER.example/ HTTP/1.1\r\n\r\n".encode())
    assert answer == ANSWER
    assert b"Host: xn--bcher-kva.example\r\n" in here.got


@pytest.mark.parametrize(
    "target",
    [
        "example.org:8080", "example.com:443", "a.example.org:443", "xexample.org:443", "example.org.evil.com:443",
        "localhost:443", "127.0.0.1:80", "169.254.169.254:80", "93.184.215.14:443", "10.1.2.3:443",
        # other notations of an address, also of one that is allowed
        "0x0a.1.2.3:80", "167838211:80", "10.1.515:80", "012.1.2.3:80", "010.001.002.003:80", "0xa010203:80",
        "2130706433:80", "127.1:80", "0x7f.1:80", "0:80", "[::1]:80", "[::ffff:169.254.169.254]:80",
        "[::ffff:10.1.2.3]:80", "[10.1.2.3]:80", "::1:80", "10.1.2.3.:81", "１0.1.2.3:81",
        # what one program may read as one host and another as another
        "example.org:443@evil.com:443", "evil.com:443#@example.org:443", "example.org:443:443",
        "evil.com\\@example.org:443",
        "evil.com%00.example.org:443", "evil.com,example.org:443", "example.org:0443", "example.org:+443",
        "example.org:", "example.org", ":443", ".example.org:443", "example..org:443", "*.org:443", "example.org:99999",
    ],
)  # fmt: skip
async def test_what_is_not_on_the_list_is_neither_looked_up_nor_dialled(target: str) -> None:
    async with world() as here:
        answer = await here.talk(f"CONNECT {target} HTTP/1.1\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 403 "), answer
        assert b"[sandbox] network in agents.toml" in answer
        plain = await here.talk(f"GET http://{target}/ HTTP/1.1\r\n\r\n".encode())
        if target not in ("example.org", "evil.com:443#@example.org:443"):  # a plain request has port 80
            assert plain.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 400 ")), plain
            assert (here.asked, here.dialled) == ([], [])
    assert here.told[0]["allowed"] is False


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.17.0.1", "100.64.0.1", "169.254.169.254", "169.254.0.1",
        "100.100.100.200", "168.63.129.16", "192.0.0.192", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "203.0.113.80", "::1", "::", "fd00::1", "fe80::1", "fec0::1", "ff02::1", "fd00:ec2::254", "::ffff:127.0.0.1",
        "::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1", "::169.254.169.254", "100::1", "5f00::1", "198.51.100.7", "2606:4700::7",
    ],
)  # fmt: skip
async def test_a_name_that_leads_to_no_public_address_is_refused(address: str) -> None:
    async with world({"example.org": [PUBLIC, address]}, own=["198.51.100.7", "2606:4700::7"]) as here:
        answer = await here.talk(CONNECT)
    assert answer.startswith(b"HTTP/1.1 403 example.org:443 is at "), answer
    assert here.dialled == [], "nor is its public address tried"


@pytest.mark.parametrize("address", [PUBLIC, "2606:4700::6812", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"])
async def test_a_public_address_is_dialled(address: str) -> None:
    async with world({"example.org": [address]}) as here:
        assert await here.talk(GET) == ANSWER
    assert here.dialled == [(address, 80)]


async def test_a_private_address_is_reached_where_the_list_names_it() -> None:
    async with world(
        {"mirror.corp": ["10.1.2.3"], "10.1.2.3": ["10.1.2.3"]}, allow=("mirror.corp:80", "10.1.2.3:80")
    ) as here:
        assert await here.talk(b"GET http://mirror.corp/ HTTP/1.1\r\n\r\n") == ANSWER
        assert await here.talk(b"GET http://10.1.2.3/ HTTP/1.1\r\n\r\n") == ANSWER
    async with world({"mirror.corp": ["10.1.2.3"]}, allow=("mirror.corp:443", "10.1.2.3:80")) as here:
        answer = await here.talk(b"CONNECT mirror.corp:443 HTTP/1.1\r\n\r\n")
    assert b"add '10.1.2.3:443' to [sandbox] network in agents.toml too" in answer


async def test_a_name_is_looked_up_once_and_dialled_where_it_was_judged() -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]

    class Rebinding(dict[str, Sequence[str]]):
        def get(self, key: str, default: object = None) -> Sequence[str]:  # type: ignore[override]
            return answers.pop(0)

    async with world(Rebinding()) as here:
        assert await here.talk(GET) == ANSWER
        assert (await here.talk(GET)).startswith(b"HTTP/1.1 403 ")
    assert (here.asked, here.dialled) == (["example.org"] * 2, [(PUBLIC, 80)])


async def test_a_head_that_is_too_long_or_too_slow_is_given_up() -> None:
    async with world(limits=Limits(head_s=0.3, head_bytes=2048)) as here:
        assert (await here.talk(GET[:-2] + b"X: " + b"a" * 4000 + b"\r\n\r\n")).startswith(b"HTTP/1.1 431 ")
        assert (await here.talk(b"A" * 4000)).startswith(b"HTTP/1.1 431 ")
        assert (await here.talk(GET[:-2] + b"X: 1\r\n" * 101 + b"\r\n")).startswith(b"HTTP/1.1 431 ")
        assert (await here.talk(GET[:-2])).startswith(b"HTTP/1.1 408 ")
        assert (await here.talk(b"GET http://example.org/ HTTP/1.1\n\n")).startswith(b"HTTP/1.1 408 ")
        assert await here.talk(b"", end=True) == b""
    assert here.dialled == []


async def test_a_box_has_so_many_connections_and_no_more() -> None:
    async with world(limits=Limits(connections=2, head_s=30)) as here:
        held = [await asyncio.open_connection("127.0.0.1", here.port) for _ in range(2)]
        await asyncio.sleep(0.1)
        assert (await here.talk(b"", end=True)).startswith(b"HTTP/1.1 503 ")
        for _, writer in held:
            writer.close()
        async with asyncio.timeout(20):
            while await here.talk(GET) != ANSWER:
                await asyncio.sleep(0.05)


async def test_a_tunnel_that_stands_still_is_ended() -> None:
    async with world(limits=Limits(idle_s=0.3)) as here:
        here.silent = True
        for said in (b"", b"x"):
            assert await here.talk(CONNECT + said) == b"HTTP/1.1 200 Connection established\r\n\r\n"
        await asyncio.wait_for(here.ended.wait(), 20)
    assert [line["why"] for line in here.told] == ["broken off: nothing moved for 0.3 s"] * 2


async def test_a_box_has_so_many_bytes_and_no_more() -> None:
    async with world(limits=Limits(bytes=1000)) as here:
        here.echo = True
        answer = await here.talk(CONNECT + b"x" * 600, end=True)
        assert answer.count(b"x") < 600
        assert b" 403 example.org:443: the box has used up its 1000 bytes" in await here.talk(CONNECT)
    assert here.told[0]["why"] == "cut off: the box has used up its 1000 bytes of network"


async def test_a_host_that_cannot_be_found_or_reached_is_told() -> None:
    async with world({}) as here:
        assert (await here.talk(GET)).startswith(b"HTTP/1.1 502 example.org:80 cannot be found: ")
    async with world() as here:
        here._origin = 1
        assert (await here.talk(GET)).startswith(b"HTTP/1.1 502 example.org:80 cannot be reached: ")
    assert here.told[0]["allowed"] is False


@pytest.mark.parametrize(
    "entry",
    ["127.0.0.1:80", "169.254.169.254:80", "100.100.100.200:80", "168.63.129.16:80", "0.0.0.0:80", "224.0.0.1:80",
     "127.1:80", "2130706433:80", "0x7f.1:80", "a..b:80", "x:0", "x:70000", "x-.org:80"],
)  # fmt: skip
def test_an_entry_that_no_list_opens_is_a_mistake_of_the_list(entry: str) -> None:
    with pytest.raises(BadConfig, match="network"):
        check_network([entry])


def test_this_machines_own_addresses_are_read(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    lines = [
        "Local:",
        "  |-- 127.0.0.1",
        "     /32 host LOCAL",
        "  |-- 192.0.2.255",
        "     /32 link BROADCAST",
        "  |-- 192.0.2.2",
    ]
    (tmp_path / "net" / "fib_trie").write_text("\n".join([*lines, "     /32 host LOCAL"]))
    (tmp_path / "net" / "if_inet6").write_text("fd000000000000000000000000000002 02 40 00 80 eth0\n")
    assert own_addresses(tmp_path) == ("127.0.0.1", "192.0.2.2", "fd00::2")
    assert own_addresses(tmp_path / "none") == ()


def test_the_tally_of_a_box_that_asks_for_anything_stays_short() -> None:
    tally = Tally()
    for number in range(DISTINCT * 2):
        tally.feed(f'{{"host": "h{number}", "port": 1, "allowed": false, "up": 1, "down": 2, "why": "no"}}')
    assert len(tally.reached) == DISTINCT + 1
    assert tally.reached[-1].host == OTHERS
    assert (sum(one.requests for one in tally.reached), sum(one.received for one in tally.reached)) == (400, 800)
