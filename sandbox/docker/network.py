"""The proxy box: the one container on the engine's bridge that serves one job box, and ends with it.

The two share a tiny volume, which only the keeper's user may enter. Through a socket there, a program in the job box
hands out a socket that listens on the job box's own loopback: the job box has no other interface, before and after.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Final, cast, final

from docker import APIClient
from docker.types import HostConfig
from pydantic import JsonValue

from orchestrator.core.errors import BoxFailed
from sandbox.docker.engine import ask, remove_container
from sandbox.docker.hardening import KEEPER, environment, host_config, labels
from sandbox.docker.wire import Endpoint, Line, converse, frames
from sandbox.endings import to_the_end
from sandbox.network.door import OPEN
from sandbox.network.machine import check_network
from sandbox.network.program import door_words, proxy_words
from sandbox.network.reached import Reached, Tally
from sandbox.owner import this_process
from sandbox.protocol import BoxSpec

PART: Final = "mlexpert.part"  # marks a container that belongs to a box and is none of its own
PLACE: Final = "/run/mlexpert"
DOOR: Final = f"{PLACE}/door"
READY_S: Final = 60.0
LAST_WORDS_S: Final = 3.0
KEEP_WORD: Final = b"keep\n"
READY: Final = '{"ready": true}'


@final
class ProxyBox:
    """Open it before its job box, `connect` the two when both run, close it after the job box."""

    def __init__(self, client: APIClient, endpoint: Endpoint, container: str) -> None:
        self.container = container
        self._client = client
        self._endpoint = endpoint
        self._lifeline: Line | None = None
        self._tally = Tally()
        self._ready = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def reached(self) -> tuple[Reached, ...]:
        """What the box asked for so far; complete once it is closed."""
        return self._tally.reached

    @classmethod
    async def open(cls, client: APIClient, endpoint: Endpoint, image: str, spec: BoxSpec) -> ProxyBox:
        """Raises BadConfig for an entry that cannot be reached, BoxFailed where the proxy does not come up."""
        own = await asyncio.to_thread(check_network, spec.network)
        creating = asyncio.create_task(_create(client, image, spec, own))
        try:
            box = cls(client, endpoint, await asyncio.shield(creating))
        except BaseException:
            await asyncio.shield(_undo(client, creating))
            raise
        try:
            await box._start()
        except BaseException:
            await asyncio.shield(box.close())
            raise
        return box

    async def connect(self, job: str) -> None:
        """Opens the door in the container `job`, which runs and has had no command yet. Raises BoxFailed."""
        created = await ask(self._client.exec_create, job, [*door_words(DOOR)], user=KEEPER, workdir="/")
        said = await to_the_end(ask(self._client.exec_start, created["Id"]))
        if not said.endswith(OPEN):
            last = (said.decode("utf-8", "replace").strip().splitlines() or ["it died"])[-1]
            raise BoxFailed(f"the box was not connected to its proxy: {last}{self._said()}", remedy="open it again")

    async def keep(self) -> None:
        """From now on it lives for the box's `keep_s`, whatever becomes of the owner: as its job box does."""
        if self._lifeline is not None:
            await self._lifeline.send(KEEP_WORD)

    async def follow(self) -> None:
        """Takes over the proxy of a kept box, with what it told before. One that is gone is none: the box has `lo`."""
        attach = f"/containers/{self.container}/attach?stream=1&logs=1&stdout=1&stderr=1"
        with contextlib.suppress(BoxFailed):
            self._lifeline = await converse(self._endpoint, "POST", attach, hijack=True)
            self._reading = asyncio.create_task(self._read(self._lifeline))
            self._ready.set()

    async def close(self) -> None:
        """Lets the proxy tell what is still open, then removes it. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        await to_the_end(self._remove())

    async def _start(self) -> None:
        attach = f"/containers/{self.container}/attach?stream=1&stdin=1&stdout=1&stderr=1"
        self._lifeline = await converse(self._endpoint, "POST", attach, hijack=True)
        self._reading = asyncio.create_task(self._read(self._lifeline))
        await to_the_end(ask(self._client.start, self.container))
        waiting = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({waiting, self._reading}, timeout=READY_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if not self._ready.is_set():
            remedy = "check the engine's default network (`docker network ls`), or run the step without a network"
            raise BoxFailed(f"the box's proxy did not start{self._said()}", remedy=remedy)

    def _said(self) -> str:
        lines = self._tally.said.strip().splitlines()
        return f": {lines[-1]}" if lines else ""

    async def _read(self, line: Line) -> None:
        rest = b""
        async for _, data in frames(line):
            *whole, rest = (rest + data).split(b"\n")
            rest = rest[-65536:]
            for text in whole:
                if text.decode("utf-8", "replace").strip() == READY:
                    self._ready.set()
                else:
                    self._tally.feed(text.decode("utf-8", "replace"))

    async def _remove(self) -> None:
        try:
            if self._lifeline is not None and self._reading is not None:
                if self._ready.is_set() and not self._reading.done():
                    with contextlib.suppress(BoxFailed):  # it ended by itself
                        await ask(self._client.kill, self.container, "SIGTERM")
                    await asyncio.wait({self._reading}, timeout=LAST_WORDS_S)
                self._lifeline.close()
                self._reading.cancel()
                await asyncio.gather(self._reading, return_exceptions=True)
        finally:
            await remove_container(self._client, self.container)


async def _create(client: APIClient, image: str, spec: BoxSpec, own: tuple[str, ...]) -> str:
    marks = labels(spec, this_process())
    told = {
        "allow": list(spec.network),
        "own": list(own),
        "door": DOOR,
        "gateways": True,
        "uid": 0,
        "keep_s": spec.keep_s,
    }
    config = client.create_container_config(
        image,
        [*proxy_words(), json.dumps(told)],
        user=KEEPER,
        hostname="proxy",
        stdin_open=True,
        labels={**marks, PART: "proxy"},
        entrypoint=[],
        environment=environment(BoxSpec()),
        working_dir="/",
        host_config=cast(HostConfig, _host_config(spec, marks)),
    )
    return str((await ask(client.create_container_from_config, config))["Id"])


def _host_config(spec: BoxSpec, marks: Mapping[str, str]) -> dict[str, JsonValue]:
    """The one spec of a box, with a network, without a workspace, and with the volume of the door."""
    proxy = BoxSpec(run=spec.run, step=spec.step, memory_mb=128, cpus=1.0, disk_mb=1, pids=64)
    limits = f"size=1m,nr_inodes=16,mode=0700,uid={KEEPER.partition(':')[0]},gid=0,nosuid,nodev,noexec"
    driver: JsonValue = {"Name": "local", "Options": {"type": "tmpfs", "device": "tmpfs", "o": limits}}
    volume: JsonValue = {"NoCopy": True, "Labels": dict(marks), "DriverConfig": driver}
    door: JsonValue = {"Type": "volume", "Target": PLACE, "VolumeOptions": volume}
    return {**host_config(proxy, {}, marks), "NetworkMode": "bridge", "Mounts": [door], "Tmpfs": {}}


def shared_with(proxy: ProxyBox | None) -> dict[str, JsonValue]:
    """What the job box's HostConfig needs: the engine removes the volume with the last of both containers."""
    return {} if proxy is None else {"VolumesFrom": [f"{proxy.container}:ro"]}


async def _undo(client: APIClient, creating: asyncio.Task[str]) -> None:
    await asyncio.wait({creating})
    if creating.exception() is None:
        await remove_container(client, creating.result())
