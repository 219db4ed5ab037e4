"""The program of a proxy: takes the socket that listens in the box, serves it, and ends with its standard input.

A script of its own (see `program.py`), with the standard library alone; `argv[1]` is JSON, see `Told`. Through the door
comes one listening socket, opened inside the box: no process of the box holds it, so none can stop or replace it. On
stderr, one line of JSON a request. SIGTERM ends it too.
"""

from __future__ import annotations

import asyncio
import dataclasses
import ipaddress
import json
import os
import signal
import socket
import struct
import sys
from dataclasses import dataclass

from sandbox.network.proxy import Limits, Proxy
from sandbox.network.rules import Address, Rules

LAST_WORDS_S = 0.1


@dataclass(frozen=True)
class Told:
    """What the proxy is told on its command line."""

    allow: tuple[str, ...]  # "host:port"
    own: tuple[str, ...]  # addresses that are never reached
    door: str  # a path, or an inherited descriptor
    gateways: bool  # whether those of this network namespace lead to the machine itself
    uid: int  # whom to become where it starts as root
    keep_s: float = 0.0  # how long it serves a kept box, from the word on


class Life:
    """Over at the end of stdin. Where a word came before that, the proxy serves a kept box: over `keep_s` after it."""

    def __init__(self, keep_s: float) -> None:
        self.over = asyncio.Event()
        self._keep_s = keep_s
        self._loop = asyncio.get_running_loop()
        self._kept = False
        self._loop.add_reader(0, self._hear)
        self._loop.add_signal_handler(signal.SIGTERM, self.over.set)

    def _hear(self) -> None:
        word = os.read(0, 64)
        if word and not self._kept:
            self._kept = True
            self._loop.call_later(self._keep_s, self.over.set)
        elif not word:
            self._loop.remove_reader(0)
            if not self._kept:
                self.over.set()


def gateways() -> frozenset[Address]:
    """The IPv4 gateways of this network namespace: for a box on an engine's bridge, the machine that it runs on."""
    with open("/proc/net/route") as stream:  # noqa: PTH123
        fields = [line.split() for line in stream.readlines()[1:]]
    packed = [struct.pack("=I", int(field[2], 16)) for field in fields]
    return frozenset(ipaddress.IPv4Address(four) for four in packed if any(four))


def receive(door: str) -> socket.socket:
    """Waits for the box's listening socket, and says that it came (blocking)."""
    if door.isdigit():
        line = socket.socket(fileno=int(door))
    else:
        with socket.socket(socket.AF_UNIX) as outer:
            outer.bind(door)
            outer.listen(1)
            say({"ready": True})
            line, _ = outer.accept()
    with line:
        _, (descriptor, *_), _, _ = socket.recv_fds(line, 1, 1)
        line.sendall(b"k")
    return socket.socket(fileno=descriptor)


def become(uid: int) -> None:
    """Gives root's rights up. What Python would load later is loaded before: its files may be out of reach then."""
    import concurrent.futures.thread
    import encodings.idna
    import encodings.latin_1

    assert concurrent.futures.thread and encodings.idna and encodings.latin_1
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def say(line: dict[str, object]) -> None:
    sys.stderr.write(json.dumps(line) + "\n")
    sys.stderr.flush()


async def serve(told: Told) -> None:
    rules = Rules.parse(told.allow, told.own)
    if told.gateways:
        rules = dataclasses.replace(rules, own=rules.own | gateways())
    ended = asyncio.create_task(Life(told.keep_s).over.wait())
    waiting = asyncio.get_running_loop().run_in_executor(None, receive, told.door)
    await asyncio.wait((waiting, ended), return_when=asyncio.FIRST_COMPLETED)
    if waiting.done():
        listener = waiting.result()
        listener.setblocking(False)
        limits = Limits()
        proxy = Proxy(rules, say, limits=limits)
        server = await asyncio.start_server(proxy.serve, sock=listener, limit=limits.head_bytes)
        await ended
        server.close()
    here = asyncio.current_task()
    open_now = [task for task in asyncio.all_tasks() if task is not here]
    for task in open_now:
        task.cancel()  # each tells what it has passed on
    if open_now:
        await asyncio.wait(open_now, timeout=LAST_WORDS_S)


async def serve_and_exit() -> None:
    """Never returns: the loop's own end would wait for a thread that still waits for a name server or the door."""
    code = 1
    try:
        told = Told(**json.loads(sys.argv[1]))
        become(told.uid)
        await serve(told)
        code = 0
    except Exception as error:  # noqa: BLE001 - the one line that tells the host why there is no proxy
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    os.umask(0o077)
    asyncio.run(serve_and_exit())
