"""This machine's own addresses, and an allow-list checked against them before anything is opened."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path

from orchestrator.core.errors import BadConfig
from sandbox.network.rules import Rules


def own_addresses(proc: Path = Path("/proc")) -> tuple[str, ...]:
    """Every address that an interface here answers to; none where /proc does not tell (not Linux)."""
    found: set[str] = set()
    address = ""
    for line in _lines(proc / "net" / "fib_trie"):
        words = line.split()
        if words[:1] == ["|--"]:
            address = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"]:
            found.add(address)
    found |= {str(ipaddress.IPv6Address(bytes.fromhex(line.split()[0]))) for line in _lines(proc / "net" / "if_inet6")}
    return tuple(sorted(found))


def check_network(entries: Sequence[str]) -> tuple[str, ...]:
    """This machine's own addresses, for the proxy. Raises BadConfig for an entry that could never be reached."""
    own = own_addresses()
    for entry in entries:
        try:
            Rules.parse([entry], own)
        except ValueError as error:
            raise BadConfig(
                f"network {entry!r}: {error}", remedy="name a host and a port, as 'pypi.org:443', or leave it out"
            ) from None
    return own


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
