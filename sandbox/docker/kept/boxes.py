"""Kept boxes whose owner is dead: found by their labels, taken over by one process at most, or removed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from docker import APIClient

from orchestrator.core.errors import BoxFailed
from orchestrator.core.values import Value
from sandbox.docker.box import DockerBox
from sandbox.docker.engine import ask, remove_container
from sandbox.docker.hardening import KEEP_LABEL, OWNER_LABEL
from sandbox.docker.kept.keeping import COPIES_LABEL, KEY_LABEL, PROXY_LABEL, claim, claimed
from sandbox.docker.network import PART, ProxyBox
from sandbox.docker.wire import Endpoint
from sandbox.files.folder import Folder
from sandbox.files.paths import mark_of, marks, remove_folder
from sandbox.owner import is_dead
from sandbox.protocol import BoxSpec


class Entry(Value):
    """A container of ours as the engine lists it."""

    container: str
    labels: dict[str, str]
    state: str
    created: int

    @classmethod
    def of(cls, listed: Mapping[str, Any]) -> Entry:
        return cls(
            container=listed["Id"], labels=listed["Labels"], state=listed["State"], created=listed["Created"]
        )  # fmt: skip

    @property
    def kept(self) -> bool:
        """Whether it may outlive its owner."""
        return KEEP_LABEL in self.labels

    @property
    def owner_alive(self) -> bool:
        return not is_dead(self.labels[OWNER_LABEL]) or (self.kept and claimed(self.container))

    @property
    def shown(self) -> Literal["running", "paused", "kept"]:
        if self.kept and not self.owner_alive:
            return "kept"
        return "paused" if self.state == "paused" else "running"


async def reattach(client: APIClient, endpoint: Endpoint, run: str, key: str) -> DockerBox | None:
    """The newest box of that run and key that is nobody's, now this process's own and not paused."""
    if not key:
        return None
    wanted = [f"mlexpert.run={run}", f"{KEY_LABEL}={key}", KEEP_LABEL, OWNER_LABEL]
    for listed in await ask(client.containers, all=True, filters={"label": wanted}):
        entry = Entry.of(listed)
        if is_dead(entry.labels[OWNER_LABEL]) and (box := await _take(client, endpoint, entry)):
            return box
    return None


async def _take(client: APIClient, endpoint: Endpoint, entry: Entry) -> DockerBox | None:
    held = claim(entry.container)
    if held is None:
        return None
    try:
        state = (await ask(client.inspect_container, entry.container))["State"]
        proxy = ProxyBox(client, endpoint, entry.labels[PROXY_LABEL]) if PROXY_LABEL in entry.labels else None
        box = DockerBox(client, endpoint, entry.container, _spec(entry), _copies(entry), proxy)
        there = state["Running"] and await box.take_over(
            held, int(state["Pid"]), bool(state["Paused"]), entry.created
        )  # fmt: skip
    except BoxFailed:
        held.close()
        if await ask(client.containers, all=True, filters={"id": entry.container}, quiet=True):
            raise
        return None  # its time was over just now
    except BaseException:
        held.close()
        raise
    if not there:
        held.close()
    return box if there else None


def _spec(entry: Entry) -> BoxSpec:
    """What can be told from its labels; its limits were the engine's to hold from the start."""
    labels = entry.labels
    return BoxSpec(
        run=labels.get("mlexpert.run", ""), step=labels.get("mlexpert.step", ""), key=labels[KEY_LABEL],
        keep_s=float(labels[KEEP_LABEL]),
    )  # fmt: skip


def _copies(entry: Entry) -> Folder | None:
    """The staged mounts, where this user may remove them; else they go when their time is over."""
    path = entry.labels.get(COPIES_LABEL)
    mark = mark_of(Path(path)) if path else None
    return Folder(mark.folder, None) if mark is not None and mark.box == entry.container else None


async def reap_kept(client: APIClient, entries: Sequence[Entry], *, run: bool, kept: bool) -> int:
    """Removes kept boxes with `kept`: those whose owner is dead, or every one where the whole `run` is to go."""
    if not kept:
        for entry in entries:
            await _let_end(client, entry)
        return 0
    boxes = [entry for entry in entries if PART not in entry.labels]
    serving = {entry.labels.get(PROXY_LABEL) for entry in boxes if not run and entry.owner_alive}
    parts = [entry for entry in entries if PART in entry.labels and entry.container not in serving]
    # All at once: one that the engine cannot let go must not keep the others.
    ends = await asyncio.gather(*(_remove(client, entry, run) for entry in (*boxes, *parts)), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    return sum(end is True for end in ends[: len(boxes)])


async def _remove(client: APIClient, entry: Entry, run: bool) -> bool:
    if run:
        return await remove_container(client, entry.container)
    if not is_dead(entry.labels[OWNER_LABEL]):
        return False
    held = claim(entry.container)
    if held is None:
        return False  # a living process took it over
    with held:
        return await remove_container(client, entry.container)


async def _let_end(client: APIClient, entry: Entry) -> None:
    """A box that stood still when its owner died cannot end by itself: once its time may be over, it goes on."""
    late = time.time() > entry.created + float(entry.labels[KEEP_LABEL])
    if entry.state != "paused" or not late or entry.owner_alive:
        return
    with contextlib.suppress(BoxFailed):  # it goes on, or is gone, by another's doing
        await ask(client.unpause, entry.container)


async def reap_copies(client: APIClient) -> None:
    """Removes the staged mounts of kept boxes that are no more."""
    folders = [mark for mark in await asyncio.to_thread(marks) if mark.box and is_dead(mark.owner)]
    for mark in folders:
        if not await ask(client.containers, all=True, filters={"id": mark.box}, quiet=True):
            await asyncio.to_thread(remove_folder, mark.folder)
