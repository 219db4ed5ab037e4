"""What a box may reach: the allow-list, and the addresses that no list opens.

Runs in the proxy: standard library alone.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

REMEDY = "add it to [sandbox] network in agents.toml"
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
PORT = re.compile(r"[1-9][0-9]{0,4}")
# Where clouds answer with the credentials of a machine: link-local (nearly all), Alibaba, Azure, Oracle.
METADATA = tuple(
    ipaddress.IPv4Network(text) for text in ("169.254.0.0/16", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Target:
    """A host, in the one spelling that is compared (lower case, IDNA, no dot at the end), and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_target(text: str, default_port: int | None = None) -> Target:
    """`host:port`. Raises ValueError that says what is wrong: also for an address that is not written plainly."""
    host, colon, port = text.rpartition(":")
    if not colon and default_port is not None:
        host, port = text, str(default_port)
    if not PORT.fullmatch(port) or int(port) > 65535:
        raise ValueError(f"{text!a} has no port from 1 to 65535")
    return Target(_host(host), int(port))


def _host(text: str) -> str:
    name = text.lower().removesuffix(".")
    if not name.isascii():
        name = name.encode("idna").decode("ascii").lower()
    labels = name.split(".")
    if len(name) > 253 or not all(LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{text!a} is no host name and no IPv4 address")
    if NUMBER.fullmatch(labels[-1]) and not _plain(name):
        raise ValueError(f"{text!a} is an address in an odd notation: write it as four numbers, or use the host's name")
    return name


def _plain(name: str) -> bool:
    """Whether it is an IPv4 address in its one canonical notation; 127.1, 0x7f.1 and 2130706433 are not."""
    try:
        return str(ipaddress.IPv4Address(name)) == name
    except ValueError:
        return False


@dataclass(frozen=True)
class Rules:
    """The allow-list, and this machine's own addresses, behind which its services wait."""

    allowed: frozenset[Target]
    own: frozenset[Address] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str], own: Iterable[str] = ()) -> Rules:
        """Raises ValueError for an entry that could never match, or that no list opens."""
        rules = cls(frozenset(map(parse_target, entries)), frozenset(map(ipaddress.ip_address, own)))
        for target in rules.allowed:
            if _plain(target.host) and (why := rules.refuse_address(target, ipaddress.ip_address(target.host))):
                raise ValueError(why)
        return rules

    def refuse(self, target: Target) -> str:
        """Why it may not be asked for, or empty. Exact: there are no wildcards."""
        return "" if target in self.allowed else f"{target} is not allowed: {REMEDY}"

    def refuse_address(self, target: Target, address: Address) -> str:
        """Why `target` may not be reached at the address that its name led to, or empty."""
        real = embedded(address)
        shown = f"{target} is at {address}" if target.host != str(address) else str(target)
        if any(real in network for network in METADATA):
            return f"{shown}, where clouds keep credentials: no list opens that"
        if real.is_loopback or real in self.own or address in self.own:
            return f"{shown}, which is this machine itself: no list opens that"
        if real.is_multicast or real.is_unspecified or real.is_reserved or real.is_link_local:
            return f"{shown}, which is no address of one host: no list opens that"
        public = real.is_global and (real.version == 4 or real in PUBLIC_6)
        literal = Target(str(real), target.port)
        if public or literal in self.allowed:
            return ""
        told = REMEDY.replace("it", repr(str(literal)), 1)
        return f"{shown}, no public address: if you mean it, {told} too, and ask for it beside the name"


def embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address only wraps (mapped, 6to4, Teredo, NAT64), or the address itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
