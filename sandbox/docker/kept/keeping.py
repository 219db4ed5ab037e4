"""What lets a container outlive its owner: its keeper, its labels, a place for the record, and who may take it over."""

from __future__ import annotations

import errno
import math
import socket
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from orchestrator.core.errors import BoxFailed
from sandbox.docker.kept.record import RECORD_BYTES
from sandbox.protocol import BoxSpec

KEY_LABEL: Final = "mlexpert.key"
COPIES_LABEL: Final = "mlexpert.copies"
PROXY_LABEL: Final = "mlexpert.proxy"
RECORDS: Final = "/kept"
PROCESSES: Final = 2  # the runner and the follower
_CLAIM: Final = "mlexpert-box-"

# The keeper ends with its standard input, with its owner; told a number of seconds, it ends after these instead.
_KEEPER: Final = 'read -r keep_s && exec sleep "$keep_s"'


def keeper(spec: BoxSpec) -> list[str]:
    """The process that holds a box open. A kept box's is told when the first command starts (`keep_word`)."""
    return ["sh", "-c", _KEEPER] if spec.keep_s else ["cat"]


def keep_word(left_s: float) -> bytes:
    return f"{math.ceil(left_s)}\n".encode()


def labels(spec: BoxSpec, copies: Path | None, proxy: str | None) -> dict[str, str]:
    """What another owner must know; nothing for a box that ends with its first."""
    if not spec.keep_s:
        return {}
    staged = {COPIES_LABEL: str(copies)} if copies else {}
    served = {PROXY_LABEL: proxy} if proxy else {}
    return {KEY_LABEL: spec.key, **staged, **served}


def furnish(config: dict[str, JsonValue], spec: BoxSpec) -> dict[str, JsonValue]:
    """The engine's HostConfig with a place for the record, out of the workspace, and room for its writer and reader."""
    if not spec.keep_s:
        return config
    tmpfs, pids = config["Tmpfs"], config["PidsLimit"]
    assert isinstance(tmpfs, dict)
    assert isinstance(pids, int)
    place = f"rw,noexec,nosuid,nodev,size={RECORD_BYTES},nr_inodes=64,mode=0755,uid=10001,gid=10001"
    return {**config, "Tmpfs": {**tmpfs, RECORDS: place}, "PidsLimit": pids + PROCESSES}


def claim(container: str) -> socket.socket | None:
    """The right to own a kept box whose first owner is dead; None while another process of this machine holds it.

    An address without a file: the kernel gives it to one process at a time and takes it back when that one dies,
    so that no claim is left over. It holds within one network namespace.
    """
    held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        held.bind(f"\0{_CLAIM}{container}")
    except OSError as error:
        held.close()
        if error.errno == errno.EADDRINUSE:
            return None
        raise BoxFailed(f"box {container[:12]} cannot be claimed: {error.strerror}", remedy="try again") from error
    return held


def claimed(container: str) -> bool:
    """Whether a living process has taken the kept box over."""
    return f"@{_CLAIM}{container}" in Path("/proc/net/unix").read_text().split()
