"""Opens boxes that are ready: used before by the same agent, emptied, perhaps with its libraries loaded.

    pool = Pool(sandbox, size=4, memory_mb=8192)
    box = await pool.open(spec, agent="physics", preload=("torch",), variables=fixed_variables)
    ...
    await box.close()   # given back, or closed
    await pool.close()  # ends everything

`size=0` turns it off: `open` is then `sandbox.open`. So it is for every job that may share nothing: untrusted code, a
network, a GPU, a box that is to outlive its owner, inputs too large to be staged, a sandbox whose boxes isolate nothing
or cannot be used again.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Final, final

from pydantic import JsonValue

from orchestrator.core.errors import BoxFailed
from orchestrator.core.values import canonical_json
from sandbox.files.admission import admit
from sandbox.files.paths import check_mounts
from sandbox.pool.lent import LentBox
from sandbox.pool.seam import Reusable, Reusing
from sandbox.pool.shelf import Member, Shelf
from sandbox.pool.stage import STAGE, Stage, too_heavy
from sandbox.pool.wipe import wiped
from sandbox.protocol import Box, BoxSpec, Mount, Sandbox, Trust

ENVIRONMENT: Final = "env"  # the mount that stays; it is part of what a box may be used again for
IDLE_S: Final = 600.0


@final
class Pool:
    """Make it and use it within one event loop, and close it. `memory_mb` bounds the limits of idle boxes together."""

    def __init__(self, sandbox: Sandbox, *, size: int, memory_mb: int, idle_s: float = IDLE_S) -> None:
        self.sandbox = sandbox
        self.refused: dict[str, str] = {}  # key -> why it has no zygote
        self._on = size > 0 and sandbox.isolation == "full" and isinstance(sandbox, Reusing)
        self._idle_s = idle_s
        self._shelf = Shelf(size, memory_mb)
        self._members: set[Member] = set()
        self._trust: dict[str, Trust] = {}
        self._closed = False
        self._sweeper: asyncio.Task[None] | None = None

    async def open(
        self, spec: BoxSpec, *, agent: str, preload: tuple[str, ...] = (), variables: Mapping[str, str] | None = None
    ) -> Box:
        """A box of this agent's own, empty, with the mounts of `spec`. Raises what `Sandbox.open` raises.

        A command `[python, "-m", ...]` is forked with the modules of `preload` loaded, where its variables, PYTHONPATH
        apart, are exactly `variables`; any other command starts as in a cold box.
        """
        if self._closed:
            raise BoxFailed("the pool is closed", remedy="make another")
        await self._note_trust(agent, spec.trust)
        if not self._on or not _may_share(spec):
            return await self.sandbox.open(spec)
        check_mounts(spec.mounts)
        moving = tuple(mount for mount in spec.mounts if mount.target != ENVIRONMENT)
        sources = await asyncio.to_thread(admit, moving, _engine_socket())
        if await asyncio.to_thread(too_heavy, sources, Path(tempfile.gettempdir())):
            return await self.sandbox.open(spec)
        key = _key(spec, agent, preload, variables or {})
        member = await self._take(key) or await self._make(spec, agent, key, preload, variables or {})
        return await self._lend(member, spec, sources)

    async def warm(
        self, spec: BoxSpec, *, agent: str, preload: tuple[str, ...] = (), variables: Mapping[str, str] | None = None
    ) -> None:
        """Has a box ready for such an `open`, where there is none yet."""
        key = _key(spec, agent, preload, variables or {})
        if self._closed or not self._on or not _may_share(spec) or self._shelf.holds(key):
            return
        await self._note_trust(agent, spec.trust)
        await self._shelve(await self._make(spec, agent, key, preload, variables or {}))

    @property
    def idle(self) -> int:
        return len(self._shelf)

    @property
    def idle_memory_mb(self) -> int:
        return self._shelf.memory_mb

    async def drain(self) -> None:
        """Closes the idle boxes."""
        await self._dispose(self._shelf.drop(lambda member: True))

    async def close(self) -> None:
        """Closes every box of the pool, also those that are lent."""
        self._closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        self._shelf.drop(lambda member: True)
        await self._dispose(tuple(self._members))

    async def _note_trust(self, agent: str, trust: Trust) -> None:
        """An agent whose code is now trusted otherwise gets nothing that was used before."""
        self._trust[agent] = trust
        await self._dispose(self._shelf.drop(lambda member: member.agent == agent and member.trust != trust))

    async def _take(self, key: str) -> Member | None:
        while member := self._shelf.take(key):
            if not member.box.spoiled:
                return member
            await self._dispose([member])  # died while it was idle
        return None

    async def _make(
        self, spec: BoxSpec, agent: str, key: str, preload: tuple[str, ...], variables: Mapping[str, str]
    ) -> Member:
        """A new box. Raises what `Sandbox.open` raises; libraries that cannot be preloaded are no error."""
        stage = await Stage.make(spec, self.sandbox.name)
        box: Box | None = None
        try:
            fixed = tuple(mount for mount in spec.mounts if mount.target == ENVIRONMENT)
            mounts = (*fixed, Mount(source=stage.path, target=STAGE))
            box = await self.sandbox.open(
                spec.model_copy(update={"mounts": mounts, "step": f"pool:{agent}", "key": "", "cores": ()})
            )
            if not isinstance(box, Reusable):
                raise BoxFailed(
                    f"the boxes of sandbox {self.sandbox.name!r} cannot be used again",
                    remedy="set the pool's size to 0 for it",
                )
            if preload and fixed and key not in self.refused:
                try:
                    await box.preload(self.sandbox.python(fixed[0].source), preload, variables)
                except BoxFailed as error:
                    self.refused[key] = error.message
        except BaseException:
            await asyncio.shield(_close(box, stage))
            raise
        member = Member(key, agent, spec.trust, spec.memory_mb, box, stage)
        self._members.add(member)
        return member

    async def _lend(self, member: Member, spec: BoxSpec, sources: Mapping[str, Path]) -> Box:
        inside = member.box.mounts / ENVIRONMENT
        environment = inside if any(mount.target == ENVIRONMENT for mount in spec.mounts) else None
        try:
            if spec.cores:
                await member.box.pin(spec.cores)
            part = await member.stage.place(sources, environment)
        except BaseException:
            await asyncio.shield(self._dispose([member]))
            raise
        return LentBox(member.box, spec, part, lambda spoiled: self._give_back(member, spoiled))

    async def _give_back(self, member: Member, spoiled: bool) -> None:
        fit = not (spoiled or self._closed)
        try:
            if fit and self._trust[member.agent] == member.trust and await wiped(member.box):
                await member.stage.clear()
                await self._shelve(member)
                return
        except OSError:  # a stage that cannot be cleared: the next job gets another box
            pass
        await self._dispose([member])

    async def _shelve(self, member: Member) -> None:
        if self._closed:
            await self._dispose([member])
            return
        member.until = asyncio.get_running_loop().time() + self._idle_s
        gone = self._shelf.put(member)
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep())
        await self._dispose(gone)

    async def _sweep(self) -> None:
        """Closes boxes that nobody used for too long; ends when the shelf is empty."""
        loop = asyncio.get_running_loop()
        while (end := self._shelf.next_end()) is not None:
            await asyncio.sleep(max(0.0, end - loop.time()))
            await self._dispose(self._shelf.drop(lambda member: member.until <= loop.time()))

    async def _dispose(self, members: Iterable[Member]) -> None:
        """Closes them all, even when cancelled or when one of them fails; then raises the first failure."""
        closings = [self._close_member(member) for member in members]
        if closings:
            await asyncio.shield(_all(closings))

    async def _close_member(self, member: Member) -> None:
        try:
            await _close(member.box, member.stage)
        finally:
            self._members.discard(member)


async def _all(work: list[Coroutine[None, None, None]]) -> None:
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result


async def _close(box: Box | None, stage: Stage) -> None:
    try:
        if box is not None:
            await box.close()
    finally:
        await stage.remove()


def _engine_socket() -> str:
    """Refused as a mount wherever it is; so is every other socket that something listens on."""
    return os.environ.get("DOCKER_HOST", "").removeprefix("unix://") or "/var/run/docker.sock"


def _may_share(spec: BoxSpec) -> bool:
    return spec.trust != "untrusted" and not (spec.network or spec.gpus or spec.keep_s)


def _key(spec: BoxSpec, agent: str, preload: tuple[str, ...], variables: Mapping[str, str]) -> str:
    """Equal for two jobs that may use one box after another: everything but the inputs, and the names of the step."""
    fixed: list[JsonValue] = [str(mount.source.resolve()) for mount in spec.mounts if mount.target == ENVIRONMENT]
    limits = spec.model_dump(mode="json", exclude={"mounts", "step", "key", "cores"})
    return canonical_json(
        {"agent": agent, "spec": limits, "env": fixed, "preload": [*preload], "variables": dict(variables)}
    )
