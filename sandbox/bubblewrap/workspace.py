"""The files of a box that lie in another mount namespace, reached through a descriptor of its workspace."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import final

from orchestrator.core.errors import BoxFailed
from sandbox.files.intake import open_below, open_file, take_tree
from sandbox.protocol import IntakeLimits, Taken

_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@final
class Workspace:
    """A descriptor of the folder, and the user of new files (None: this process's own). No link is followed."""

    def __init__(self, handle: int, owner: int | None) -> None:
        self._handle = handle
        self._owner = owner

    def write(self, parts: tuple[str, ...], data: bytes) -> None:
        shown = "/".join(parts)
        try:
            for depth in range(1, len(parts)):
                self._make_folder(parts[:depth])
            self._write(parts, data)
        except OSError as error:
            remedy = "choose another name, or give the box more room (disk_mb)"
            raise BoxFailed(f"cannot write {shown!r}: {error.strerror}", remedy=remedy) from None

    def read(self, path: PurePosixPath, limit: int) -> bytes:
        parent = open_below(self._handle, path.parts[:-1])
        try:
            with open_file(parent, path.name or ".", str(path)) as stream:
                data = stream.read(limit + 1)
        finally:
            os.close(parent)
        if len(data) > limit:
            raise BoxFailed(f"{str(path)!r} is larger than {limit} bytes", remedy="raise the limit")
        return data

    def take(self, path: PurePosixPath, destination: Path, limits: IntakeLimits) -> tuple[Taken, ...]:
        return take_tree(self._handle, path, destination, limits)

    def full(self) -> bool:
        """Whether there is no room left for a byte or for a file."""
        state = os.fstatvfs(self._handle)
        return state.f_bavail == 0 or state.f_favail == 0

    def close(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _make_folder(self, parts: tuple[str, ...]) -> None:
        parent = open_below(self._handle, parts[:-1])
        try:
            with suppress(FileExistsError):  # a folder, or something that the next open refuses
                os.mkdir(parts[-1], mode=0o700, dir_fd=parent)
                if self._owner is not None:
                    os.chown(parts[-1], self._owner, self._owner, dir_fd=parent, follow_symlinks=False)
        finally:
            os.close(parent)

    def _write(self, parts: tuple[str, ...], data: bytes) -> None:
        parent = open_below(self._handle, parts[:-1])
        try:
            handle = os.open(parts[-1], _NEW, 0o600, dir_fd=parent)
        finally:
            os.close(parent)
        with os.fdopen(handle, "wb") as stream:
            if self._owner is not None:
                os.fchown(handle, self._owner, self._owner)
            stream.write(data)
