"""What happens to one container, as the engine tells it: memory kills, ended commands, its death."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import final
from urllib.parse import quote

from sandbox.docker.wire import Endpoint, Line, converse, events


@final
class Watch:
    """Listens to the engine's events. `oom` counts memory kills, `died` is set at the container's end."""

    def __init__(self, endpoint: Endpoint, container: str) -> None:
        self._endpoint = endpoint
        self._container = container
        self._line: Line | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended: dict[str, asyncio.Event] = {}
        self.oom = 0
        self.changed = asyncio.Event()
        self.died = asyncio.Event()

    @property
    def dead(self) -> bool:
        return self.died.is_set()

    async def begin(self, since: int | None = None) -> None:
        """`since` (seconds since 1970) has the engine tell first what it remembers."""
        filters = {"container": [self._container], "event": ["oom", "die", "exec_die"]}
        past = "" if since is None else f"since={since}&"
        self._line = await converse(self._endpoint, "GET", f"/events?{past}filters={quote(json.dumps(filters))}")
        self._task = asyncio.create_task(self._listen(self._line))

    async def end(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def dies_within(self, patience_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self.died.wait(), patience_s)

    def ended(self, execution: str) -> asyncio.Event:
        """Set when the command of that exec id has ended, whoever still holds its output."""
        return self._ended.setdefault(execution, asyncio.Event())

    async def saw_oom(self, before: int, patience_s: float) -> bool:
        """Whether a memory kill came after `before` of them; the news may lag behind the end of the command."""
        try:
            async with asyncio.timeout(patience_s):
                while self.oom == before and not self.dead:
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            pass  # no news is the answer
        return self.oom > before

    async def _listen(self, line: Line) -> None:
        async for event in events(line):
            action = str(event.get("Action", ""))
            if action == "oom":
                self.oom += 1
            elif action == "die":
                self.died.set()
            elif action.startswith("exec_die"):
                actor = event.get("Actor")
                attributes = actor.get("Attributes", {}) if isinstance(actor, dict) else {}
                self.ended(str(attributes.get("execID", ""))).set()
            self.changed.set()
        self.died.set()  # the engine hung up: nothing is known of the box any more
        self.changed.set()
