"""The Docker engine of this machine: found, asked whether it will do, and called without blocking the event loop."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import docker
import requests
from docker.errors import APIError, DockerException, NotFound

from orchestrator.core.errors import BoxFailed
from sandbox.docker.wire import Endpoint

T = TypeVar("T")

CALL_TIMEOUT_S = 60
REMOVE_S, POLL_S = 30.0, 0.02
FREEZE_WAITS_S = (0.05, 0.2, 0.5, 1.0, 2.0)
START_ENGINE = (
    "start Docker (`systemctl start docker`, or Docker Desktop), or use --sandbox process for built-in skills"
)
GONE = (404, 409)  # removed already, or its removal is under way


def socket_path() -> str:
    """The engine's socket: DOCKER_HOST, the system's, or this user's own. Raises BoxFailed for a remote engine."""
    host = os.environ.get("DOCKER_HOST", "")
    if host and not host.startswith("unix://"):
        raise BoxFailed(
            f"DOCKER_HOST={host!r} is not on this machine", remedy="boxes mount local files: use a local engine"
        )
    if host:
        return host.removeprefix("unix://")
    own = Path(os.environ.get("XDG_RUNTIME_DIR", "/run")) / "docker.sock"
    desktop = Path.home() / ".docker" / "run" / "docker.sock"
    candidates = (Path("/var/run/docker.sock"), own, desktop)
    return str(next((path for path in candidates if os.access(path, os.W_OK)), candidates[0]))


def connect() -> tuple[docker.APIClient, Endpoint]:
    """A client of the local engine (blocking). Raises BoxFailed where none answers."""
    path = socket_path()
    _knock(path)
    try:
        client = docker.APIClient(base_url=f"unix://{path}", version="auto", timeout=CALL_TIMEOUT_S)
    except (DockerException, requests.exceptions.RequestException) as error:
        raise BoxFailed(f"no Docker engine answers at {path!r}: {_short(error)}", remedy=START_ENGINE) from error
    client.headers["Connection"] = "close"  # a socket of the engine's is not kept open between two calls
    return client, Endpoint(path, str(client.api_version))


def _knock(path: str) -> None:
    """Whether anything listens. The docker package would ask too, but leaves its socket open where nothing does."""
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(CALL_TIMEOUT_S)
        try:
            door.connect(path)
        except PermissionError as error:
            remedy = "let your user use Docker (`sudo usermod -aG docker $USER`, then log in again)"
            raise BoxFailed(f"no access to the Docker engine at {path!r}", remedy=remedy) from error
        except OSError as error:
            raise BoxFailed(f"no Docker engine answers at {path!r}: {error.strerror}", remedy=START_ENGINE) from error


async def ask(call: Callable[..., T], *args: object, **kwargs: object) -> T:
    """Calls the docker package in a thread; what the engine refuses comes back as BoxFailed."""
    try:
        return await asyncio.to_thread(call, *args, **kwargs)
    except NotFound as error:
        raise BoxFailed(f"the engine does not know it any more: {_short(error)}", remedy="open another box") from error
    except (DockerException, requests.exceptions.RequestException) as error:
        raise BoxFailed(f"the engine refused: {_short(error)}", remedy="look at the engine's log") from error


async def remove_container(client: docker.APIClient, container: str) -> bool:
    """Kills and removes a container with its anonymous volume; False where another had begun to. Gone on return."""
    removed = await ask(_remove, client, container)
    for _ in range(int(REMOVE_S / POLL_S)):
        if not await ask(client.containers, all=True, filters={"id": container}, quiet=True):
            return removed
        await asyncio.sleep(POLL_S)  # the engine's own removal got there first and is not done
    raise BoxFailed(
        f"box {container[:12]} was not removed in {REMOVE_S} s", remedy=f"remove it: `docker rm -f {container[:12]}`"
    )


def _remove(client: docker.APIClient, container: str) -> bool:
    try:
        client.remove_container(container, force=True, v=True)
    except APIError as error:
        if error.status_code not in GONE:
            raise
        return False
    return True


async def pause(client: docker.APIClient, container: str) -> None:
    """Freezes a container. On a busy machine its processes may not stand still in the engine's patience: again then."""
    for wait_s in FREEZE_WAITS_S:
        try:
            return await ask(client.pause, container)
        except BoxFailed as error:
            if "freeze" not in error.message:
                raise
            await asyncio.sleep(wait_s)
    await ask(client.pause, container)


def _short(error: Exception) -> str:
    return (getattr(error, "explanation", None) or str(error)).strip().splitlines()[0][:300]
