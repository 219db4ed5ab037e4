"""The mounts of jobs in a box whose own mounts cannot change: one folder, seen read-only, with a part for each job."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar, final

from orchestrator.core.errors import BadConfig
from sandbox.endings import to_the_end
from sandbox.files.admission import open_up
from sandbox.files.folder import Folder
from sandbox.files.paths import remove_folder
from sandbox.protocol import BoxSpec

T = TypeVar("T")

STAGE: Final = "stage"  # the target at which the box mounts it
COPY_BYTES: Final = 256 * 1024 * 1024
FILES: Final = 5_000


@final
class Stage:
    """The folder of one box. It goes with its owner, as every folder of a box does."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._jobs = 0
        self.path = folder.path / STAGE

    @classmethod
    async def make(cls, spec: BoxSpec, sandbox: str) -> Stage:
        making = asyncio.create_task(Folder.make(spec, sandbox))
        try:
            stage = cls(await to_the_end(making))
            stage.path.mkdir()
            stage.path.chmod(0o755)
        except BaseException:
            if making.exception() is None:
                await asyncio.shield(making.result().remove())
            raise
        return stage

    async def place(self, sources: Mapping[str, Path], environment: PurePosixPath | None) -> str:
        """Shows `sources` (target -> real path) to the box; the name of their folder on the stage.

        `environment` is where the box itself mounts the environment, which every job finds at `env`.
        """
        self._jobs += 1
        name = str(self._jobs)
        await to_the_end(asyncio.to_thread(_place, self.path / name, sources, environment))
        return name

    async def clear(self) -> None:
        for entry in self.path.iterdir():
            await to_the_end(asyncio.to_thread(remove_folder, entry))

    async def remove(self) -> None:
        await self._folder.remove()


def too_heavy(sources: Mapping[str, Path], place: Path) -> bool:
    """Whether staging below `place` would cost more than a cold box does, whose bind mounts copy nothing (blocking)."""
    device, files, size = place.stat().st_dev, 0, 0
    for source in sources.values():
        if place.resolve().is_relative_to(source):
            return True  # the stage would be placed on itself
        for folder, _, names in os.walk(source) if source.is_dir() else [(str(source.parent), [], [source.name])]:
            files += 1 + len(names)
            for name in names:
                status = os.lstat(os.path.join(folder, name))  # noqa: PTH118
                linked = status.st_dev == device and status.st_mode & stat.S_IROTH
                size += 0 if linked else status.st_size
            if files > FILES or size > COPY_BYTES:
                return True
    return False


def _place(job: Path, sources: Mapping[str, Path], environment: PurePosixPath | None) -> None:
    job.mkdir()
    job.chmod(0o755)
    for target, source in sources.items():
        parent = job
        for part in PurePosixPath(target).parts[:-1]:
            parent = parent / part
            parent.mkdir(exist_ok=True)
            parent.chmod(0o755)
        show(source, parent / PurePosixPath(target).name)
    if environment is not None:
        (job / "env").symlink_to(environment)


def show(source: Path, place: Path) -> None:
    """Makes `source` readable for every user at `place`: a hard link where it is readable already, else a copy.

    A link costs nothing and shows the very file, as a bind mount does. Symbolic links stay what they are.
    """
    status = source.lstat()
    if stat.S_ISLNK(status.st_mode):
        place.symlink_to(os.readlink(source))  # noqa: PTH115
    elif stat.S_ISDIR(status.st_mode):
        place.mkdir()
        place.chmod(0o755)
        for entry in source.iterdir():
            show(entry, place / entry.name)
    elif not stat.S_ISREG(status.st_mode):
        raise BadConfig(f"{str(source)!r} is no file or folder", remedy="mount plain files")
    else:
        if status.st_mode & stat.S_IROTH:
            with suppress(OSError):  # another file system, or a kernel that lets nobody link others' files
                place.hardlink_to(source)
                return
        open_up(source, place)
