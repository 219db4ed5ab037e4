"""A box's folder on this machine, which goes when its owner does: by close, or because the owner died."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import final

from sandbox.files.paths import make_folder, remove_folder
from sandbox.protocol import BoxSpec

# Waits for the end of its standard input, which nobody but the owner holds open, then removes the folder.
_KEEPER = 'read -r _; rm -rf -- "$1"'


@final
class Folder:
    """A private folder and the tiny process that removes it should the owner be killed."""

    def __init__(self, path: Path, keeper: asyncio.subprocess.Process) -> None:
        self.path = path
        self._keeper = keeper

    @classmethod
    async def make(cls, spec: BoxSpec, sandbox: str) -> Folder:
        path = await asyncio.to_thread(make_folder, spec, sandbox)
        pipe = asyncio.subprocess.PIPE
        words = ("/bin/sh", "-c", _KEEPER, "sh", str(path))
        keeper = await asyncio.create_subprocess_exec(*words, stdin=pipe, start_new_session=True, env={}, cwd="/")
        return cls(path, keeper)

    async def remove(self) -> None:
        """Removes the folder, whatever rights the command left on it, and ends the keeper. Twice does no harm."""
        await asyncio.to_thread(remove_folder, self.path)
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        await self._keeper.wait()
