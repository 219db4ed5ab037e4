"""A box's folder on this machine, which goes when its owner does: by close, or because the owner died."""

from __future__ import annotations

import asyncio
import math
import time
from pathlib import Path
from typing import final

from sandbox.endings import to_the_end
from sandbox.files.paths import make_folder, mark_kept, remove_folder
from sandbox.protocol import BoxSpec

# Waits for the end of its standard input, which nobody but the owner holds open, then removes the folder. A number of
# seconds on its input is how long the folder may outlive the owner, unless another removes it before.
_KEEPER = """
if read -r keep_s; then
    end=$(($(date +%s) + keep_s))
    read -r _
    while [ -d "$1" ] && [ "$(date +%s)" -lt "$end" ]; do sleep 1; done
fi
rm -rf -- "$1"
"""


@final
class Folder:
    """A private folder and the tiny process that removes it should the owner be killed (none where taken over)."""

    def __init__(self, path: Path, keeper: asyncio.subprocess.Process | None) -> None:
        self.path = path
        self._keeper = keeper

    @classmethod
    async def make(cls, spec: BoxSpec, sandbox: str) -> Folder:
        """A new one; nothing of it is left where the caller is cancelled meanwhile."""
        made: list[Folder] = []

        async def work() -> None:
            made.append(await cls._make(spec, sandbox))

        try:
            await to_the_end(work())
        except asyncio.CancelledError:
            for folder in made:
                await to_the_end(folder.remove())
            raise
        return made[0]

    @classmethod
    async def _make(cls, spec: BoxSpec, sandbox: str) -> Folder:
        path = await asyncio.to_thread(make_folder, spec, sandbox)
        pipe = asyncio.subprocess.PIPE
        words = ("/bin/sh", "-c", _KEEPER, "sh", str(path))
        # Its own output goes nowhere: who reads the owner's would wait for it.
        nothing = asyncio.subprocess.DEVNULL
        try:
            keeper = await asyncio.create_subprocess_exec(
                *words, stdin=pipe, stdout=nothing, stderr=nothing, start_new_session=True, env={}, cwd="/"
            )
        except OSError:
            await asyncio.to_thread(remove_folder, path)
            raise
        return cls(path, keeper)

    async def keep(self, box: str, keep_s: float) -> None:
        """Lets the folder outlive the owner with that box, for so many seconds from now."""
        await asyncio.to_thread(mark_kept, self.path, box, time.time() + keep_s)
        if self._keeper is not None and self._keeper.stdin is not None:
            self._keeper.stdin.write(f"{math.ceil(keep_s)}\n".encode())
            await self._keeper.stdin.drain()

    async def remove(self) -> None:
        """Removes the folder, whatever rights the command left on it, and ends the keeper. Twice does no harm."""
        await asyncio.to_thread(remove_folder, self.path)
        if self._keeper is None:
            return  # it is its first owner's, and goes when it sees that the folder is gone
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        await self._keeper.wait()
