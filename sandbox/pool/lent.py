"""A box of the pool in the hands of one job: a `Box` like any other, whose close gives it back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import final

from orchestrator.core.errors import BoxFailed
from sandbox.pool.stage import STAGE
from sandbox.protocol import Box, BoxSpec, Completed, IntakeLimits, OnOutput, Taken

GiveBack = Callable[[bool], Awaitable[None]]  # is it spoiled?


@final
class LentBox:
    """Passes everything on. A command that did not end by itself, or any pause, makes the box unfit for another job."""

    def __init__(self, box: Box, spec: BoxSpec, part: str, give_back: GiveBack) -> None:
        self.id = box.id
        self.spec = spec
        self.workspace = box.workspace
        self.mounts: PurePosixPath = box.mounts / STAGE / part
        self._box = box
        self._give_back = give_back
        self._commands = 0
        self._spoiled = False
        self._closing: asyncio.Task[None] | None = None

    async def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout_s: float,
        output_limit: int = 16 * 1024 * 1024,
        on_output: OnOutput | None = None,
    ) -> Completed:
        self._check_open()
        self._commands += 1
        try:
            done = await self._box.run(
                command, env=env, timeout_s=timeout_s, output_limit=output_limit, on_output=on_output
            )
        except BaseException:
            self._spoiled = True
            raise
        finally:
            self._commands -= 1
        self._spoiled |= done.ended != "exit"
        return done

    async def write(self, path: str, data: bytes) -> None:
        self._check_open()
        await self._box.write(path, data)

    async def read(self, path: str, *, limit: int = 16 * 1024 * 1024) -> bytes:
        self._check_open()
        return await self._box.read(path, limit=limit)

    async def collect(self, path: str, destination: Path, limits: IntakeLimits) -> tuple[Taken, ...]:
        self._check_open()
        return await self._box.collect(path, destination, limits)

    async def pause(self) -> None:
        self._check_open()
        self._spoiled = True
        await self._box.pause()

    async def resume(self) -> None:
        self._check_open()
        await self._box.resume()

    async def close(self) -> None:
        """Gives the box back; one that is spoiled or busy is closed. A second call waits for the first."""
        if self._closing is None:
            work = self._give_back(self._spoiled or self._commands > 0)
            self._closing = asyncio.ensure_future(work)
        await asyncio.shield(self._closing)

    def _check_open(self) -> None:
        if self._closing is not None:
            raise BoxFailed(f"box {self.id} is closed", remedy="open another")
