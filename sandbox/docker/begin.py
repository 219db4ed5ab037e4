"""Starts a command that the engine was told of, and returns when its process is there.

The engine answers before it has started anything. Told to pause the box in that moment it freezes its own half-made
process: neither the start nor the pause's end ever comes back (engine 20.10). So a box is not paused until then.
"""

from __future__ import annotations

import asyncio

from docker import APIClient

from orchestrator.core.errors import BoxFailed
from sandbox.docker.engine import ask
from sandbox.docker.wire import Endpoint, Line, converse

POLL_S = 0.01
START_S = 60.0


async def begin(client: APIClient, endpoint: Endpoint, execution: str) -> Line:
    """The command's streams. To be called, and waited for, while nothing may pause the box; a cancelled one waits too.

    Raises BoxFailed where the engine refuses, or the container is gone.
    """
    beginning = asyncio.create_task(_begin(client, endpoint, execution))
    try:
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        await asyncio.wait({beginning})
        if not beginning.cancelled() and beginning.exception() is None:
            beginning.result().close()
        raise


async def _begin(client: APIClient, endpoint: Endpoint, execution: str) -> Line:
    body = {"Detach": False, "Tty": False}
    line = await converse(endpoint, "POST", f"/exec/{execution}/start", body, hijack=True)
    try:
        for _ in range(int(START_S / POLL_S)):
            found = await ask(client.exec_inspect, execution)
            if found["Pid"] or found["ExitCode"] is not None:
                return line
            await asyncio.sleep(POLL_S)
        raise BoxFailed(f"the engine did not start a command in {START_S:g} s", remedy="look at the engine's log")
    except BaseException:
        line.close()
        raise
