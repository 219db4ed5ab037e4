"""Boxes in containers of the local Docker engine: for any code, under the one spec of `hardening.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import cast, final

from docker import APIClient
from docker.types import HostConfig

from orchestrator.core.errors import BoxFailed, MlexpertError, NotAvailable
from sandbox.docker.box import DockerBox
from sandbox.docker.engine import ask, connect, remove_container
from sandbox.docker.gpu import clear_gpu, gpu_answer
from sandbox.docker.hardening import KEEPER, MOUNTS, WORKSPACE, environment, host_config, labels
from sandbox.docker.kept.boxes import Entry, reap_copies, reap_kept, reattach
from sandbox.docker.kept.keeping import furnish, keeper
from sandbox.docker.kept.keeping import labels as kept_labels
from sandbox.docker.network import PART, ProxyBox, shared_with
from sandbox.docker.wire import Endpoint
from sandbox.files.admission import admit, open_up, readable
from sandbox.files.folder import Folder
from sandbox.files.paths import check_mounts, left_over, remove_folder
from sandbox.images.images import box_image
from sandbox.leases.decision import Answer, Way
from sandbox.owner import is_dead, this_process
from sandbox.protocol import BoxInfo, BoxSpec, Isolation, KeptBox

LABEL = "mlexpert.owner"


@final
class DockerSandbox:
    """Opens one container a box. Connects to the engine on first use."""

    name = "docker"
    isolation: Isolation = "full"
    keeps = True
    reuses = True

    def __init__(self, image: str | None = None) -> None:
        self._image = image
        self._connection: tuple[APIClient, Endpoint] | None = None

    async def probe(self) -> str:
        try:
            client, _ = await self._connect()
            info = await ask(client.info)
            if info.get("OSType") != "linux":
                return f"the Docker engine runs {info.get('OSType')!r} containers: switch it to Linux containers"
            if not info.get("PidsLimit", True) or not info.get("MemoryLimit", True):
                return (
                    "the Docker engine cannot limit memory or processes: give it the cgroup controllers memory and pids"
                )
            await ask(box_image, client, self._image)
        except MlexpertError as error:
            return f"{error.message}: {error.remedy}"
        return ""

    def python(self, environment: Path) -> str:
        return f"{MOUNTS}/env/bin/python3"

    async def gaps(self) -> tuple[str, ...]:
        return ()  # an engine that cannot hold a limit does not pass the probe

    async def reattach(self, run: str, key: str) -> KeptBox | None:
        client, endpoint = await self._connect()
        return await reattach(client, endpoint, run, key)

    async def boxes(self) -> tuple[BoxInfo, ...]:
        client, _ = await self._connect()
        found = await ask(client.containers, all=True, filters={"label": LABEL})
        entries = [Entry.of(listed) for listed in found if PART not in listed["Labels"]]
        return tuple(
            BoxInfo(
                id=entry.container[:12],
                sandbox=self.name,
                run=entry.labels.get("mlexpert.run", ""),
                step=entry.labels.get("mlexpert.step", ""),
                state=entry.shown,
                owner_alive=entry.owner_alive,
                since=float(entry.created),
            )
            for entry in entries
        )

    async def open(self, spec: BoxSpec) -> DockerBox:
        """A running, empty box.

        Raises BoxFailed, BadConfig (a mount), Untrusted (a mount that holds a socket), NotAvailable (a GPU).
        The command's user is none of this machine's: sources that only their owner may read are copied, rights opened.
        """
        check_mounts(spec.mounts)
        client, endpoint = await self._connect()
        image = await ask(box_image, client, self._image)
        way = await _way(client, image, spec.gpus)
        binds = await asyncio.to_thread(admit, spec.mounts, endpoint.path)
        closed = [target for target, source in binds.items() if not await asyncio.to_thread(readable, source)]
        copies = await Folder.make(spec, self.name) if closed else None
        creating: asyncio.Task[str] | None = None
        proxy: ProxyBox | None = None
        try:
            for i, target in enumerate(closed):
                assert copies is not None
                binds[target] = await asyncio.to_thread(open_up, binds[target], copies.path / str(i))
            proxy = await ProxyBox.open(client, endpoint, image, spec) if spec.network else None
            creating = asyncio.create_task(_create(client, image, spec, binds, way, proxy, copies))
            container = await asyncio.shield(creating)
            box = DockerBox(client, endpoint, container, spec, copies, proxy)
            await box.start()
        except BaseException:
            await asyncio.shield(_abandon(client, creating, copies, proxy))
            raise
        return box

    async def reap(self, run: str | None = None, *, kept: bool = False) -> int:
        client, _ = await self._connect()
        wanted = f"mlexpert.run={run}" if run is not None else LABEL
        found = await ask(client.containers, all=True, filters={"label": [LABEL, wanted]})
        entries = [Entry.of(listed) for listed in found]
        gone = [entry for entry in entries if not entry.kept and (run is not None or is_dead(entry.labels[LABEL]))]
        # All at once: one that the engine cannot let go must not keep the others.
        waiting = reap_kept(client, [entry for entry in entries if entry.kept], run=run is not None, kept=kept)
        taken = asyncio.gather(*(remove_container(client, entry.container) for entry in gone), return_exceptions=True)
        ends, [of_kept] = await asyncio.gather(taken, asyncio.gather(waiting, return_exceptions=True))
        await _reap_volumes(client, wanted, run)
        for folder in await asyncio.to_thread(left_over, run, self.name):
            await asyncio.to_thread(remove_folder, folder)
        await reap_copies(client)
        for end in (*ends, of_kept):
            if isinstance(end, BaseException):
                raise end
        own = [end for entry, end in zip(gone, ends, strict=True) if PART not in entry.labels]
        return own.count(True) + (of_kept if isinstance(of_kept, int) else 0)

    async def gpu_answer(self, uuids: Sequence[str]) -> Answer:
        """How this engine hands over devices such as these, or why it does not."""
        client, _ = await self._connect()
        return await gpu_answer(client, await ask(box_image, client, self._image), uuids)

    async def clear_gpu(self, uuid: str) -> None:
        """Removes the boxes that a dead owner left on that device. Raises BoxFailed where a living one uses it."""
        client, _ = await self._connect()
        await clear_gpu(client, uuid)

    async def _connect(self) -> tuple[APIClient, Endpoint]:
        if self._connection is None:
            self._connection = await asyncio.to_thread(connect)
        return self._connection


async def _way(client: APIClient, image: str, gpus: tuple[str, ...]) -> Way:
    if not gpus:
        return ""
    answer = await gpu_answer(client, image, gpus)
    if not answer.way:
        raise NotAvailable(f"no box can be given a GPU: {answer.reason}", remedy=answer.remedy)
    return answer.way


async def _create(
    client: APIClient, image: str, spec: BoxSpec, binds: dict[str, Path], way: Way, proxy: ProxyBox | None,
    copies: Folder | None,
) -> str:  # fmt: skip
    marks = labels(spec, this_process())
    config = client.create_container_config(
        image,
        keeper(spec),
        user=KEEPER,
        hostname="box",
        stdin_open=True,
        labels=marks | kept_labels(spec, copies and copies.path, proxy and proxy.container),
        entrypoint=[],
        environment=environment(spec, way),
        working_dir=WORKSPACE,
        host_config=cast(HostConfig, furnish(host_config(spec, binds, marks, way), spec) | shared_with(proxy)),
    )
    created = await ask(client.create_container_from_config, config)
    return str(created["Id"])


async def _abandon(
    client: APIClient, creating: asyncio.Task[str] | None, copies: Folder | None, proxy: ProxyBox | None
) -> None:
    """Removes what there is of a box that did not open, also a container that the engine was about to make."""
    try:
        if creating is not None:
            await asyncio.wait({creating})
            if creating.exception() is None:
                await remove_container(client, creating.result())
    finally:
        try:
            if proxy is not None:
                await proxy.close()
        finally:
            if copies:
                await copies.remove()


async def _reap_volumes(client: APIClient, wanted: str, run: str | None) -> None:
    """Volumes go with their containers; one can be left where the engine itself was killed in between."""
    found = await ask(client.volumes, filters={"label": [LABEL, wanted], "dangling": True})
    for volume in found.get("Volumes") or []:
        if run is not None or is_dead((volume.get("Labels") or {}).get(LABEL, "")):
            try:
                await ask(client.remove_volume, volume["Name"])
            except BoxFailed:
                continue  # in use again or removed by another reaper
