"""Builds the image of a service's folder, by its own Dockerfile, without a network, and takes it away again."""

from __future__ import annotations

import asyncio
import tarfile
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from docker import APIClient
from docker.errors import DockerException

from orchestrator.core.errors import BoxFailed, RunError
from orchestrator.core.values import Value
from sandbox.docker.engine import ask, connect
from sandbox.endings import to_the_end
from sandbox.images.images import box_image
from sandbox.images.wheels import fetch_wheels
from sandbox.owner import is_dead, this_process

REPOSITORY = "mlexpert-service"
MARK, OWNER = "mlexpert.image", "mlexpert.image-owner"
Progress = Callable[[str], None]


class ServiceImage(Value):
    """A built image: what it was made on, how large it is, as whom it runs, and how long building took."""

    tag: str
    base: str
    bytes: int
    user: str
    build_s: float


@asynccontextmanager
async def built(service: Path, name: str, progress: Progress = lambda line: None) -> AsyncIterator[ServiceImage]:
    """The image of the folder `service`, gone at the end with every layer that only it had.

    It stands on what the box image stands on. Raises RunError where a wheel cannot be had or the Dockerfile fails.
    """
    client, _ = await ask(connect)
    await ask(_sweep, client)
    needs, pins = ((service / file).read_text(encoding="utf-8") for file in ("requirements.txt", "constraints.txt"))
    progress("fetches the wheels that the service's image is built from")
    wheels = await fetch_wheels(needs, pins, progress)
    base = await ask(_base, client)
    tags = (f"{REPOSITORY}:{name}", f"{REPOSITORY}:{name}-build")
    began = time.monotonic()
    try:
        progress(f"builds the image on {base}, without a network")
        await to_the_end(asyncio.to_thread(_build, client, service, wheels, base, tags))
        found = await ask(client.inspect_image, tags[0])
        yield ServiceImage(
            tag=tags[0],
            base=base,
            bytes=int(found["Size"]),
            user=str(found["Config"].get("User", "")),
            build_s=time.monotonic() - began,
        )
    finally:
        await to_the_end(ask(_remove, client, tags))


def _base(client: APIClient) -> str:
    """What the box image was built on: its Python is the one that the wheels are for."""
    found = client.inspect_image(box_image(client))  # type: ignore[no-untyped-call]
    base = str((found["Config"].get("Labels") or {}).get("mlexpert.base", ""))
    if not base:
        raise BoxFailed("the box image does not say what it was built on", remedy="run `mlexpert image build`")
    return base


def _build(client: APIClient, service: Path, wheels: Path, base: str, tags: tuple[str, str]) -> None:
    """The first stage is built, and named, by itself too: what has a name can be taken away."""
    labels = {MARK: "service", OWNER: this_process()}
    for target, tag in (("build", tags[1]), (None, tags[0])):
        with tempfile.TemporaryFile() as context:
            with tarfile.open(fileobj=context, mode="w") as archive:
                archive.add(service, ".")
                archive.add(wheels, "wheels")
            context.seek(0)
            try:
                made = client.build(
                    fileobj=context, custom_context=True, tag=tag, target=target, labels=labels, rm=True, forcerm=True,
                    buildargs={"BASE": base, "PIP_NO_INDEX": "1"}, network_mode="none", decode=True,
                )  # fmt: skip
                lines = [str(line.get("error") or line.get("stream") or "").strip() for line in made]
            except DockerException as error:
                raise RunError(
                    f"the service's image was not built: {error}", remedy="read the engine's words"
                ) from error
        if not client.images(tag):
            tail = " / ".join([line for line in lines if line][-8:])
            raise RunError(f"the service's image was not built on {base!r}: {tail}", remedy="read the last lines")


def _remove(client: APIClient, tags: tuple[str, ...]) -> None:
    for tag in tags:
        if client.images(tag):
            client.remove_image(tag, force=True)


def _sweep(client: APIClient) -> None:
    """Images whose maker is dead."""
    for entry in client.images(filters={"label": f"{MARK}=service"}):
        if is_dead((entry.get("Labels") or {}).get(OWNER, "")):
            _remove(client, tuple(entry.get("RepoTags") or ()))
