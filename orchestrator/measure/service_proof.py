"""Starts a delivered service and asks it: its image, built and started without a network; or its program in a box."""

from __future__ import annotations

import asyncio
import importlib
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.boxes.job import Code, Job
from orchestrator.boxes.workshop import Workshop
from orchestrator.core.errors import BoxFailed, FileMissing, RunError
from orchestrator.core.plan import Resources
from orchestrator.core.values import sha256_file
from orchestrator.measure.service_contents import Contents, look_into
from sandbox.endings import to_the_end
from sandbox.inbox import asking
from sandbox.leases.demand import Grant
from sandbox.protocol import Mount

if TYPE_CHECKING:
    from sandbox.docker.service import RunningService
    from sandbox.images.service_image import ServiceImage

Progress = Callable[[str], None]
READY_S = 180.0  # patience with a service that opens its model
HEALTHY_S, POLL_S = 30.0, 0.5  # and with the engine's own health check, which asks every five seconds
Found = dict[str, Any]


async def prove_image(
    service: Path, name: str, job: Found, memory_mb: int, sealed: frozenset[str], progress: Progress
) -> Found:
    """Build, start, ask, look inside, take away. What could not be done is told under `why`.

    The client of the engine is loaded here, where one is needed, and not when the command line starts.
    """
    images = importlib.import_module("sandbox.images.service_image")
    try:
        async with images.built(service, name, progress) as image:
            progress(f"starts the image, {image.bytes / 1e6:.0f} MB, without a network")
            return await _prove(image, name, job, memory_mb, sealed)
    except (RunError, BoxFailed) as error:
        return {"why": f"{error.message}; {error.remedy}"}


async def _prove(image: ServiceImage, name: str, job: Found, memory_mb: int, sealed: frozenset[str]) -> Found:
    began = time.monotonic()
    found: Found = {"image": image.model_dump(mode="json")}
    containers = importlib.import_module("sandbox.docker.service")
    async with containers.running(image.tag, memory_mb, 1.0, name) as service:
        if why := await _until_ready(service, began + READY_S):
            return {**found, "why": f"the container was not ready: {why}"}
        found["ready_s"] = time.monotonic() - began
        try:
            found |= await asyncio.to_thread(asking.ask, str(service.socket), job)
        except OSError as error:
            return {**found, "why": f"the service stopped answering: {error}; {await service.ended()}"}
        found["memory_bytes"] = await service.memory_bytes()
        found["users"] = list(await service.users())
        found["engine_health"] = await _engine_health(service)
        found["contents"] = (await _contents(service, sealed)).model_dump(mode="json")
    return found


async def prove_in_box(
    service: Path, packages: Path, workshop: Workshop, code: Code, job: Found, uses: Resources
) -> Found:
    """The service's program in a box, asked from inside; nothing is said of an image."""
    with tempfile.TemporaryDirectory(prefix="mlexpert-asking-") as folder:
        site = next(iter(sorted(packages.glob("lib/python3*/site-packages"))))
        mounts = (
            Mount(source=workshop.environment, target="env"),
            Mount(source=service, target="service"),
            Mount(source=site, target="packages"),
            Mount(source=Path(asking.__file__), target="asking.py"),
        )
        served = Job(
            verb="time",
            step="measure.service",
            agent="judge.service",
            destination=Path(folder),
            skill=code,
            resources=uses,
        )
        spec = workshop.lending.spec_of(served, Grant(cores=(), memory_mb=uses.memory_mb))
        box = await workshop.sandbox.open(spec.model_copy(update={"mounts": mounts}))
        try:
            python = workshop.sandbox.python(workshop.environment)
            command = [python, str(box.mounts / "service" / "serve.py")]
            environment = {"PYTHONPATH": str(box.mounts / "packages"), "PYTHONDONTWRITEBYTECODE": "1"}
            told = {**job, "command": command, "environment": environment, "patience_s": READY_S}
            await box.write("job.json", json.dumps(told).encode())
            words = [python, str(box.mounts / "asking.py"), "job.json", "found.json"]
            done = await box.run(words, env=environment, timeout_s=uses.timeout_s)
            return dict(json.loads(await box.read("found.json", limit=64 << 20)))
        except FileMissing:  # the program that asks was ended
            return {"why": f"the service could not be asked: {done.ended}, {done.output[-300:]}"}
        finally:
            await to_the_end(box.close())


async def _until_ready(service: RunningService, deadline: float) -> str:
    """Empty once it is ready; else why it is not."""
    while time.monotonic() < deadline:
        soon = min(deadline, time.monotonic() + 1.0)
        if await asyncio.to_thread(asking.wait_until_ready, str(service.socket), soon):
            return ""
        if ended := await service.ended():
            return ended
    return f"it did not say so in {READY_S:.0f} s"


async def _engine_health(service: RunningService) -> str:
    """The engine's verdict, once it has one: it asks over TCP, as a user would."""
    state = await service.health()
    for _ in range(int(HEALTHY_S / POLL_S)):
        if state != "starting":
            break
        await asyncio.sleep(POLL_S)
        state = await service.health()
    return state


async def _contents(service: RunningService, sealed: frozenset[str]) -> Contents:
    with tempfile.TemporaryDirectory(prefix="mlexpert-image-") as folder:
        await service.copy_out("/app", Path(folder))
        return await asyncio.to_thread(look_into, Path(folder), sealed)


def sealed_hashes(paths: tuple[Path, ...]) -> frozenset[str]:
    """The hashes of files that no image may hold."""
    return frozenset(sha256_file(path) for path in paths if path.is_file())
