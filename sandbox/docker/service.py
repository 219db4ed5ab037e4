"""Runs a service's image as hard as a box: no network, nothing to write but /tmp, asked through a socket file."""

from __future__ import annotations

import asyncio
import tarfile
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast, final

from docker import APIClient
from docker.types import HostConfig
from pydantic import JsonValue

from sandbox.docker.engine import ask, connect, remove_container
from sandbox.docker.hardening import MIB, OWNER_LABEL, SECCOMP
from sandbox.endings import to_the_end
from sandbox.owner import this_process

PLACE = "/run/service"
SOCKET = "service.sock"
TMP_MB, PIDS = 256, 128


@final
class RunningService:
    """A container of the service that was started. `socket` is where it listens."""

    def __init__(self, client: APIClient, container: str, socket: Path) -> None:
        self._client = client
        self._container = container
        self.socket = socket

    async def ended(self) -> str:
        """Empty while it runs; else how it ended, with its last words."""
        state = (await ask(self._client.inspect_container, self._container))["State"]
        if state["Running"]:
            return ""
        told = await ask(self._client.logs, self._container, tail=10, stream=True)
        words = b"".join(told).decode("utf-8", "replace").strip()
        killed = ", out of memory" if state.get("OOMKilled") else ""
        return f"exit code {state['ExitCode']}{killed}: {' / '.join(words.splitlines())}"

    async def health(self) -> str:
        """What the engine's own health check says: starting, healthy or unhealthy."""
        state = (await ask(self._client.inspect_container, self._container))["State"]
        return str((state.get("Health") or {}).get("Status", "none"))

    async def memory_bytes(self) -> int:
        """The most memory that it held where the kernel keeps that, else what it holds now."""
        found = (await ask(self._client.stats, self._container, stream=False))["memory_stats"]
        return int(found.get("max_usage") or found.get("usage") or 0)

    async def users(self) -> tuple[str, ...]:
        """The numbers of the users that its processes run as."""
        found = await ask(self._client.top, self._container, "-eo uid,pid,args")
        return tuple(sorted({str(row[0]) for row in found["Processes"]}))

    async def copy_out(self, folder: str, destination: Path) -> None:
        """The regular files below `folder` of the container, written below `destination` by their place alone."""
        await to_the_end(asyncio.to_thread(self._copy, folder, destination))

    def _copy(self, folder: str, destination: Path) -> None:
        chunks, _ = self._client.get_archive(self._container, folder)
        with tempfile.TemporaryFile() as held:
            for chunk in chunks:
                held.write(chunk)
            held.seek(0)
            with tarfile.open(fileobj=held) as archive:
                for number, member in enumerate(one for one in archive if one.isfile()):
                    stream = archive.extractfile(member)
                    assert stream is not None, "a regular file"
                    (destination / f"{number}").write_bytes(stream.read())
                    (destination / f"{number}.name").write_text(member.name)


@asynccontextmanager
async def running(tag: str, memory_mb: int, cpus: float, run: str) -> AsyncIterator[RunningService]:
    """The image's container, started; killed and removed at the end, also after an interruption."""
    client, _ = await ask(connect)
    with tempfile.TemporaryDirectory(prefix="mlexpert-service-") as folder:
        shared = Path(folder) / "shared"
        shared.mkdir()
        shared.chmod(0o777)  # the container's user makes its socket here; nobody else comes through the folder above
        config = client.create_container_config(
            tag,
            [],  # the image's own
            environment={"SOCKET": f"{PLACE}/{SOCKET}"},
            labels={OWNER_LABEL: this_process(), "mlexpert.run": run, "mlexpert.step": "service"},
            host_config=cast(HostConfig, _limits(shared, memory_mb, cpus)),
        )
        container = str((await to_the_end(ask(client.create_container_from_config, config)))["Id"])
        try:
            await to_the_end(ask(client.start, container))
            yield RunningService(client, container, shared / SOCKET)
        finally:
            await to_the_end(remove_container(client, container))


def _limits(shared: Path, memory_mb: int, cpus: float) -> dict[str, JsonValue]:
    mount: JsonValue = {"Type": "bind", "Source": str(shared), "Target": PLACE, "ReadOnly": False}
    return {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "Init": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={SECCOMP.read_text()}"],
        "PidsLimit": PIDS,
        "Memory": memory_mb * MIB,
        "MemorySwap": memory_mb * MIB,
        "NanoCpus": int(cpus * 1e9),
        "Tmpfs": {"/tmp": f"rw,noexec,nosuid,nodev,size={TMP_MB}m,mode=1777"},  # noqa: S108
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
        "Mounts": [mount],
    }
