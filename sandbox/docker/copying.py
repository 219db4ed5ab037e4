"""Files into and out of a container that stands still, through the engine's archive calls; blocking, for a thread."""

from __future__ import annotations

import io
import tarfile
import time
from pathlib import Path
from typing import IO, cast

from orchestrator.core.errors import BoxFailed
from sandbox.docker.hardening import WORKSPACE
from sandbox.docker.wire import Archive, Endpoint
from sandbox.files.intake import missing, refusal, take_tar
from sandbox.protocol import IntakeLimits, Taken

FOLDER_BIT, LINK_BIT = 1 << 31, 1 << 27  # of Go's os.FileMode


def put(endpoint: Endpoint, container: str, parts: tuple[str, ...], data: bytes) -> None:
    """Writes a file of the command's user below the workspace, and the folders that are missing."""
    tar = io.BytesIO()
    with Archive(endpoint, container) as archive, tarfile.open(fileobj=tar, mode="w") as writer:
        there = _walk(archive, parts[:-1])
        for depth in range(there, len(parts) - 1):
            writer.addfile(_entry("/".join(parts[: depth + 1]), tarfile.DIRTYPE))
        writer.addfile(_entry("/".join(parts), tarfile.REGTYPE, len(data)), io.BytesIO(data))
        writer.close()
        archive.put(WORKSPACE, tar.getvalue())


def get(endpoint: Endpoint, container: str, parts: tuple[str, ...], limit: int) -> bytes:
    shown = "/".join(parts)
    with Archive(endpoint, container) as archive:
        if _walk(archive, parts[:-1]) < len(parts) - 1:
            raise missing(shown)
        with tarfile.open(fileobj=_source(archive, parts), mode="r|") as reader:
            member = reader.next()
            stream = reader.extractfile(member) if member and member.type == tarfile.REGTYPE else None
            if member is None or stream is None:
                raise refusal(shown, "is not a regular file")
            if member.size > limit:
                raise BoxFailed(f"{shown!r} is larger than {limit} bytes", remedy="raise the limit")
            return stream.read()


def take(
    endpoint: Endpoint, container: str, parts: tuple[str, ...], destination: Path, limits: IntakeLimits
) -> tuple[Taken, ...]:
    with Archive(endpoint, container) as archive:
        if _walk(archive, parts[:-1]) < len(parts) - 1:
            raise missing("/".join(parts), "folder")
        return take_tar(_source(archive, parts), destination, limits)


def _source(archive: Archive, parts: tuple[str, ...]) -> IO[bytes]:
    path = "/".join((WORKSPACE, *parts))
    found = archive.stat(path)
    if found is None:
        raise missing("/".join(parts), "file or folder")
    if int(str(found["mode"])) & LINK_BIT:
        raise refusal("/".join(parts), "is a symbolic link")
    return cast(IO[bytes], archive.get(path))  # a response reads as a file does


def _walk(archive: Archive, parts: tuple[str, ...]) -> int:
    """How many of the folders are there. Raises BoxFailed at a link or a file: the engine would follow it."""
    for depth in range(1, len(parts) + 1):
        found = archive.stat("/".join((WORKSPACE, *parts[:depth])))
        if found is None:
            return depth - 1
        if not int(str(found["mode"])) & FOLDER_BIT:
            raise refusal("/".join(parts[:depth]), "is not a folder")
    return len(parts)


def _entry(name: str, kind: bytes, size: int = 0) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.mtime = kind, size, int(time.time())
    entry.uid = entry.gid = 10001
    entry.mode = 0o755 if kind == tarfile.DIRTYPE else 0o644
    return entry
