"""Artefact intake: copies regular files out of a box and nothing else, within limits.

Two sources, one set of rules: the tar stream that an engine gives of a paused box, and a folder on this machine.
`tarfile.extractall` is not used: it follows what it extracted before.
"""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, final

from orchestrator.core.errors import BoxFailed, FileMissing
from sandbox.files.paths import bad_name
from sandbox.protocol import IntakeLimits, Taken

BLOCK = 1 << 20
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_REMEDY = "deliver plain files in few folders, and raise the limits if the files are wanted"


def refusal(path: str, reason: str) -> BoxFailed:
    return BoxFailed(f"artefact {path!r} {reason}", remedy=_REMEDY)


def missing(path: str, what: str = "file") -> FileMissing:
    return FileMissing(f"artefact {path!r} cannot be read: there is no such {what}", remedy="wait until it is written")


@final
class Intake:
    """What was taken so far, and the only writer below `destination`."""

    def __init__(self, destination: Path, limits: IntakeLimits) -> None:
        destination.mkdir(parents=True, exist_ok=True)
        if any(destination.iterdir()):
            raise BoxFailed(f"{str(destination)!r} is not empty", remedy="collect into an empty folder")
        self._root = destination
        self._limits = limits
        self._bytes = 0
        self._entries = 0
        self.taken: list[Taken] = []

    def check(self, parts: tuple[str, ...], folder: bool) -> None:
        """Counts one entry, and refuses its name, its depth, or one entry too many."""
        shown = "/".join(parts)
        for part in parts:
            if why := bad_name(part):
                raise refusal(shown[:200], f"has a part that {why}")
        if len(parts) - (0 if folder else 1) > self._limits.depth:
            raise refusal(shown[:200], f"lies deeper than {self._limits.depth} folders")
        self._entries += 1
        if self._entries > 2 * self._limits.files:
            raise refusal(shown, f"is one of more than {2 * self._limits.files} files and folders")
        if not folder and len(self.taken) >= self._limits.files:
            raise refusal(shown, f"is one file more than the limit of {self._limits.files}")

    def folder(self, parts: tuple[str, ...]) -> int:
        """A descriptor of destination/parts, made where missing, no link followed on the way."""
        handle = os.open(self._root, _FOLDER)
        for part in parts:
            with suppress(FileExistsError):  # of an earlier entry; the open below refuses anything but a real folder
                os.mkdir(part, 0o755, dir_fd=handle)
            try:
                deeper = os.open(part, _FOLDER, dir_fd=handle)
            except OSError:
                raise refusal("/".join(parts), "lies below something that is not a folder") from None
            finally:
                os.close(handle)
            handle = deeper
        return handle

    def file(self, parts: tuple[str, ...], size: int, source: IO[bytes]) -> None:
        """Copies one file of `size` bytes; a source that gives more or fewer is refused."""
        shown = "/".join(parts)
        if self._bytes + size > self._limits.bytes:
            raise refusal(shown, f"of {size} bytes goes over the limit of {self._limits.bytes} bytes together")
        parent = self.folder(parts[:-1])
        try:
            handle = os.open(parts[-1], _NEW, 0o644, dir_fd=parent)
        except FileExistsError:
            raise refusal(shown, "comes twice") from None
        finally:
            os.close(parent)
        with os.fdopen(handle, "wb") as target:
            left = size
            while left and (block := source.read(min(BLOCK, left))):
                target.write(block)
                left -= len(block)
        if left or source.read(1):
            raise refusal(shown, f"changed while it was read (its size was {size} bytes)")
        self._bytes += size
        self.taken.append(Taken(path=shown, bytes=size))

    def undo(self) -> None:
        """Empties the destination: a refused delivery leaves nothing that could be mistaken for a whole one."""
        for entry in self._root.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def take_tar(stream: IO[bytes], destination: Path, limits: IntakeLimits) -> tuple[Taken, ...]:
    """Takes what `GET /containers/ID/archive` sends: one top entry, whose own name is dropped if it is a folder."""
    intake = Intake(destination, limits)
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                _take_member(intake, archive, member)
    except tarfile.TarError as error:
        intake.undo()
        raise BoxFailed(f"the engine sent a broken archive: {error}", remedy="run the step again") from error
    except BaseException:
        intake.undo()
        raise
    return tuple(intake.taken)


def _take_member(intake: Intake, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    if member.name.startswith("/"):
        raise refusal(member.name[:200], "has an absolute path")
    whole = tuple(part for part in member.name.split("/") if part not in ("", "."))
    parts = whole[1:]
    if member.type == tarfile.DIRTYPE:
        if parts:
            intake.check(parts, folder=True)
            os.close(intake.folder(parts))
        return
    if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise refusal(member.name[:200], f"is not a regular file (it is a {_kind(member)})")
    parts = parts or whole
    intake.check(parts, folder=False)
    source = archive.extractfile(member)
    if source is None:
        raise refusal(member.name[:200], "has no contents")
    intake.file(parts, member.size, source)


def _kind(member: tarfile.TarInfo) -> str:
    kinds = {tarfile.SYMTYPE: "symbolic link", tarfile.LNKTYPE: "hard link", tarfile.FIFOTYPE: "fifo"}
    return kinds.get(member.type, "device" if member.isdev() else "special file")


def take_tree(root: Path | int, path: PurePosixPath, destination: Path, limits: IntakeLimits) -> tuple[Taken, ...]:
    """Takes the files below root/`path` (`root`: a folder of this machine, or a descriptor of one).

    No link is followed, not even on the way to `path`.
    """
    intake = Intake(destination, limits)
    try:
        parent = open_below(root, path.parts[:-1])
        try:
            _take_entry(intake, parent, path.name or ".", ())
        finally:
            os.close(parent)
    except BaseException:
        intake.undo()
        raise
    return tuple(intake.taken)


def open_below(root: Path | int, parts: tuple[str, ...]) -> int:
    """A descriptor of the folder root/parts. Raises FileMissing, and BoxFailed where a part is a link or no folder."""
    handle = os.open(".", _FOLDER, dir_fd=root) if isinstance(root, int) else os.open(root, _FOLDER)
    for part in parts:
        try:
            deeper = os.open(part, _FOLDER, dir_fd=handle)
        except FileNotFoundError:
            raise missing("/".join(parts), "folder") from None
        except OSError as error:
            raise refusal("/".join(parts), f"cannot be reached at {part!r}: {error.strerror}") from None
        finally:
            os.close(handle)
        handle = deeper
    return handle


def open_file(parent: int, name: str, shown: str) -> IO[bytes]:
    """Opens a regular file with one name only. Raises FileMissing, and BoxFailed for links, fifos, devices, folders."""
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    except FileNotFoundError:
        raise missing(shown) from None
    except OSError as error:
        raise refusal(shown, f"cannot be read: {error.strerror}") from None
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(handle)
        raise refusal(shown, "is not a regular file" if status.st_nlink == 1 else "is a hard link")
    return os.fdopen(handle, "rb")


def _take_entry(intake: Intake, parent: int, name: str, above: tuple[str, ...]) -> None:
    """One entry of the folder `parent`. The top folder gives no part to the path; a top file gives its name."""
    shown = "/".join((*above, name))
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        raise missing(shown) from None
    except OSError as error:
        raise refusal(shown, f"cannot be read: {error.strerror}") from None
    if stat.S_ISDIR(status.st_mode):
        handle = os.open(name, _FOLDER, dir_fd=parent)
        try:
            for child, is_folder in _entries(handle):
                parts = (*above, child)
                intake.check(parts, folder=is_folder)
                if is_folder:
                    os.close(intake.folder(parts))
                _take_entry(intake, handle, child, parts if is_folder else above)
        finally:
            os.close(handle)
        return
    if not stat.S_ISREG(status.st_mode):
        raise refusal(shown, f"is not a regular file (mode {stat.filemode(status.st_mode)})")
    with open_file(parent, name, shown) as source:
        intake.file((*above, name), os.fstat(source.fileno()).st_size, source)


def _entries(handle: int) -> Iterator[tuple[str, bool]]:
    with os.scandir(handle) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            yield entry.name, entry.is_dir(follow_symlinks=False)
