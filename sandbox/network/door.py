"""Opens the box's one door: a socket that listens inside the box and is handed out to the proxy.

A script of its own (see `program.py`), with the standard library alone: `argv[1]` the door (a path, or a descriptor
that was inherited), the rest a command to become, if any. The socket stays in the box's network namespace, whoever
holds it. This program keeps no copy: with the proxy the door is gone, and connections are refused, not left hanging.
"""

from __future__ import annotations

import os
import socket
import sys

ADDRESS = ("127.0.0.1", 3128)
WAIT_S = 30.0
OPEN = b"the door is open\n"  # said where no command follows


def open_door(door: str) -> None:
    if door.isdigit():
        line = socket.socket(fileno=int(door))
    else:
        line = socket.socket(socket.AF_UNIX)
        line.connect(door)
    with line, socket.socket() as listener:
        line.settimeout(WAIT_S)
        listener.bind(ADDRESS)
        listener.listen(128)
        socket.send_fds(line, [b"d"], [listener.fileno()])
        if line.recv(1) != b"k":
            raise ConnectionError("the proxy took no socket")


def main() -> None:
    open_door(sys.argv[1])
    if command := sys.argv[2:]:
        os.execvp(command[0], command)  # noqa: S606
    os.write(1, OPEN)
