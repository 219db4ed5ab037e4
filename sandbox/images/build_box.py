"""The networked box in which the image's own Python builds an environment. Nothing of the user's data is in it."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from docker import APIClient
from docker.types import HostConfig
from pydantic import JsonValue, ValidationError

from orchestrator.core.errors import RunError
from sandbox.docker.engine import ask, connect, remove_container
from sandbox.docker.hardening import MOUNTS
from sandbox.docker.wire import Endpoint, converse, frames
from sandbox.images.environments import ASK, HAS_CUDA, Target, cache_root
from sandbox.images.images import box_image
from sandbox.images.pip import PipSettings, pip_settings, raise_no_cuda, raise_pip_error
from sandbox.output import Capture, Stream
from sandbox.owner import this_process

HOME = "/tmp"  # noqa: S108 - a folder of the host that goes with the box
LOCK, CONFIG = "/tmp/lock.txt", "/tmp/pip.conf"  # noqa: S108
OUTPUT_BYTES = 64 * 1024 * 1024
Progress = Callable[[str], None]


async def image_target(tag: str = "") -> Target:
    """The box image's Python and C library: asked of the image once, then remembered by its id."""
    client, endpoint = await ask(connect)
    image = await ask(box_image, client, tag)
    note = cache_root() / "images" / f"{image.removeprefix('sha256:')[:24]}.json"
    try:
        return Target.model_validate_json(note.read_text())
    except (OSError, ValidationError):
        pass  # not asked yet
    async with open_build_box(client, endpoint, image, {}, "none") as container:
        code, output = await execute(client, endpoint, container, ["python3", "-I", "-c", ASK], {}, lambda line: None)
    if code:
        raise RunError(f"the box image's Python does not run:\n{output}", remedy="`mlexpert image build` again")
    facts = json.loads(output.splitlines()[-1])
    del facts["prefix"]
    target = Target(flavour="image", **facts)
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(target.model_dump_json())
    return target


async def build_in_image(
    building: Path, lock_text: str, progress: Progress, tag: str = "", *, cuda: bool = False
) -> None:
    """Fills the folder `building`, which the box sees where later boxes will see the environment."""
    client, endpoint = await ask(connect)
    image = await ask(box_image, client, tag)
    settings = await asyncio.to_thread(pip_settings, lock_text)
    with tempfile.TemporaryDirectory(dir=building.parent, prefix=".build-home-") as home:
        (Path(home) / "lock.txt").write_text(lock_text)
        (Path(home) / "pip.conf").write_text(settings.config)
        binds = box_binds(building, Path(home), settings)
        async with open_build_box(
            client, endpoint, image, binds, "host" if settings.loopback else "bridge"
        ) as container:
            env = {**settings.variables, "PIP_CONFIG_FILE": CONFIG, "PIP_NO_CACHE_DIR": "1", "PIP_NO_INPUT": "1"}
            python = f"{MOUNTS}/env/bin/python3"
            for command in (
                ["python3", "-m", "venv", f"{MOUNTS}/env"],
                [python, "-m", "pip", "install", "--progress-bar", "off", "-r", LOCK],
                [python, "-m", "pip", "check"],
            ):
                code, output = await execute(client, endpoint, container, command, env, progress)
                if code:
                    raise_pip_error(code, output)
            if cuda:
                code, output = await execute(client, endpoint, container, [python, "-I", "-c", HAS_CUDA], {}, progress)
                if code:
                    raise_no_cuda(output)


def box_binds(building: Path, home: Path, settings: PipSettings) -> dict[str, tuple[Path, bool]]:
    """Target -> (source, read-only)."""
    binds = {f"{MOUNTS}/env": (building, False), HOME: (home, False)}
    return binds | {str(path): (path.resolve(), True) for path in settings.paths}


@asynccontextmanager
async def open_build_box(
    client: APIClient, endpoint: Endpoint, image: str, binds: Mapping[str, tuple[Path, bool]], network: str
) -> AsyncIterator[str]:
    """A container of this user's own id that ends with this process and leaves nothing."""
    mounts: list[JsonValue] = [
        {"Type": "bind", "Source": str(source), "Target": target, "ReadOnly": readonly}
        for target, (source, readonly) in binds.items()
    ]
    limits: dict[str, JsonValue] = {"NetworkMode": network, "Init": True, "AutoRemove": True, "CapDrop": ["ALL"]}
    limits |= {"SecurityOpt": ["no-new-privileges:true"], "Mounts": mounts}
    config = client.create_container_config(
        image,
        ["cat"],
        user=f"{os.getuid()}:{os.getgid()}",
        stdin_open=True,
        entrypoint=[],
        labels={"mlexpert.owner": this_process(), "mlexpert.run": "", "mlexpert.step": "env"},
        host_config=cast(HostConfig, limits),
    )
    container = str((await ask(client.create_container_from_config, config))["Id"])
    try:
        lifeline = await converse(endpoint, "POST", f"/containers/{container}/attach?stream=1&stdin=1", hijack=True)
        try:
            await ask(client.start, container)
            yield container
        finally:
            lifeline.close()
    finally:
        await asyncio.shield(remove_container(client, container))


async def execute(
    client: APIClient,
    endpoint: Endpoint,
    container: str,
    command: Sequence[str],
    env: Mapping[str, str],
    progress: Progress,
) -> tuple[int, str]:
    """Runs one command of the build to its end; the exit code and the last lines."""

    def tell(_: Stream, line: str) -> None:
        progress(line)

    capture = Capture(OUTPUT_BYTES, tell)
    words = ["/usr/bin/env", f"HOME={HOME}", *(f"{k}={v}" for k, v in env.items())]
    words += ["/bin/sh", "-c", 'umask 022; exec "$@"', "sh", *command]
    created = await ask(client.exec_create, container, words)
    line = await converse(
        endpoint, "POST", f"/exec/{created['Id']}/start", {"Detach": False, "Tty": False}, hijack=True
    )
    try:
        async for channel, data in frames(line):
            capture.feed("stderr" if channel == 2 else "stdout", data)
    finally:
        line.close()
    found = await ask(client.exec_inspect, created["Id"])
    tail = "\n".join(capture.finish().splitlines()[-40:])
    return (1 if found["ExitCode"] is None else int(found["ExitCode"])), tail
