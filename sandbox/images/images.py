"""The image that boxes run in: built from the Dockerfile beside this file, tagged with the hash of its text."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from docker import APIClient
from docker.errors import DockerException, ImageNotFound

from orchestrator.core.errors import BadInput, BoxFailed, RunError
from orchestrator.core.values import Value, sha256_text
from sandbox.docker.engine import ask, connect

DOCKERFILE: Final = Path(__file__).parents[1] / "Dockerfile"
BOOTSTRAP: Final = Path(__file__).parents[1] / "bootstrap_base.sh"
REPOSITORY: Final = "mlexpert-box"
BASE: Final = "python:3.11-slim"
# NVIDIA's base refuses to start on a driver older than its CUDA, which is the one that the locked torch was built for.
# Any other base will do as well: torch's wheels bring CUDA's libraries, the NVIDIA runtime the driver's.
CUDA_BASE: Final = "nvidia/cuda:13.0.1-base-ubuntu24.04"
BOOTSTRAPPED: Final = "mlexpert-base:bookworm"
Progress = Callable[[str], None]


class Image(Value):
    """A box image. `current` is true where it was made from the Dockerfile as it is now."""

    tag: str
    id: str
    base: str
    bytes: int
    current: bool


def current_tag() -> str:
    return f"{REPOSITORY}:{sha256_text(DOCKERFILE.read_text())[:12]}"


def box_image(client: APIClient, tag: str | None = None) -> str:
    """The id of the image to run (blocking). Raises BoxFailed where it has not been built."""
    name = tag or current_tag()
    try:
        found: dict[str, object] = client.inspect_image(name)  # type: ignore[no-untyped-call]
        return str(found["Id"])
    except ImageNotFound:
        remedy = "pull or build it, or leave [sandbox] image empty" if tag else "run `mlexpert image build`"
        raise BoxFailed(f"the box image {name!r} is not on this machine", remedy=remedy) from None


async def build(
    base: str | None = None, *, bootstrap: bool = False, cuda: bool = False, progress: Progress = lambda line: None
) -> Image:
    """Builds the box image on `base`, or NVIDIA's own with `cuda`.

    With `bootstrap` it makes a base first, where no registry can be reached (as root).
    Raises RunError where the base cannot be had or a step of the Dockerfile fails.
    """
    if bool(base) + bootstrap + cuda > 1:
        raise BadInput("more than one base was asked for", remedy="give one of --base, --bootstrap, --cuda")
    client, _ = await ask(connect)
    if bootstrap:
        await ask(_bootstrap, progress)
    named = BOOTSTRAPPED if bootstrap else CUDA_BASE if cuda else base
    chosen = named or await ask(_default_base, client)
    progress(f"building {current_tag()} on {chosen}")
    await ask(_build, client, chosen, progress)
    return next(image for image in await ask(_images, client) if image.current)


async def list_images() -> tuple[Image, ...]:
    client, _ = await ask(connect)
    return await ask(_images, client)


async def remove(tag: str | None = None) -> tuple[str, ...]:
    """Removes one box image, or all of them; the tags that went. An image that a box uses is left, with BoxFailed."""
    images = await list_images()
    chosen = [image for image in images if tag in (None, image.tag)]
    if tag is not None and not chosen:
        known = ", ".join(image.tag for image in images) or "none"
        raise BadInput(f"there is no box image {tag!r}", remedy=f"images here: {known}")
    client, _ = await ask(connect)
    for image in chosen:
        await ask(client.remove_image, image.tag)
    return tuple(image.tag for image in chosen)


def _default_base(client: APIClient) -> str:
    """python:3.11-slim, unless only a bootstrapped base is on this machine (then no registry was reached before)."""
    have = {tag for image in client.images() for tag in image.get("RepoTags") or ()}
    return BOOTSTRAPPED if BOOTSTRAPPED in have and BASE not in have else BASE


def _bootstrap(progress: Progress) -> None:
    tail: list[str] = []
    command = ["/bin/sh", str(BOOTSTRAP), BOOTSTRAPPED]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            progress(line.rstrip())
            tail = [*tail[-19:], line]
    if process.returncode:
        raise RunError(
            f"no base image was made (exit {process.returncode}):\n{''.join(tail)}", remedy="read the last lines"
        )


def _build(client: APIClient, base: str, progress: Progress) -> None:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        archive.add(DOCKERFILE, "Dockerfile")
    context.seek(0)
    marks = {"mlexpert.image": "box", "mlexpert.base": base}
    try:
        lines = client.build(
            fileobj=context, custom_context=True, tag=current_tag(), buildargs={"BASE": base}, labels=marks, rm=True,
            forcerm=True, decode=True,
        )  # fmt: skip
        refusal = ""
        for line in lines:
            refusal = refusal or str(line.get("error", "")).strip()
            if text := str(line.get("stream") or line.get("status") or "").strip():
                progress(text)
    except DockerException as error:
        raise RunError(f"the box image was not built on {base!r}: {error}", remedy=_remedy()) from error
    if refusal:
        raise RunError(f"the box image was not built on {base!r}: {refusal}", remedy=_remedy())


def _remedy() -> str:
    return (
        "where no registry can be reached: `mlexpert image build --bootstrap` as root, or --base with an image you have"
    )


def _images(client: APIClient) -> tuple[Image, ...]:
    found = []
    for entry in client.images(filters={"label": "mlexpert.image=box"}):
        for tag in entry.get("RepoTags") or ():
            if tag.startswith(f"{REPOSITORY}:"):
                base = (entry.get("Labels") or {}).get("mlexpert.base", "")
                found.append(
                    Image(tag=tag, id=entry["Id"], base=base, bytes=entry["Size"], current=tag == current_tag())
                )
    return tuple(found)
