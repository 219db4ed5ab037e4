"""Runs a program of the host while the event loop goes on: its lines as they come, its tail at the end."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence

TAIL_LINES = 40


async def run_program(
    command: Sequence[str], env: Mapping[str, str], progress: Callable[[str], None] | None
) -> tuple[int, str]:
    """The exit code and the last lines. A cancelled caller takes the program's whole group with it.

    Raises OSError where the program is not there.
    """
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=dict(env),
        start_new_session=True,
        limit=1 << 20,
    )
    assert process.stdout is not None
    tail: list[str] = []
    try:
        async for raw in process.stdout:
            line = raw.decode("utf-8", "replace").rstrip()
            tail = [*tail[1 - TAIL_LINES :], line]
            if progress is not None and line:
                progress(line)
        return await process.wait(), "\n".join(tail)
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
