"""How the Docker engine hands a GPU to a box, or why it does not: tried once, with a container that is thrown away."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

import requests
from docker import APIClient
from docker.errors import DockerException
from docker.types import HostConfig
from pydantic import JsonValue

from orchestrator.core.errors import BoxFailed
from sandbox.docker.engine import ask, remove_container
from sandbox.docker.hardening import CDI_KIND, GPU_LABEL, OWNER_LABEL, USER, environment, host_config, labels
from sandbox.docker.kept.keeping import claimed
from sandbox.leases.decision import Answer, Way
from sandbox.owner import is_dead, this_process
from sandbox.protocol import BoxSpec

PROBE_S: Final = 60  # the first start after a boot loads the driver
CDI_SINCE: Final = 25  # the first major release of the engine that knows CDI
TOOLKIT: Final = (
    "install the NVIDIA Container Toolkit, run `nvidia-ctk runtime configure --runtime=docker`, restart Docker"
)
CDI_ON: Final = 'set {"features": {"cdi": true}} in /etc/docker/daemon.json and restart Docker'
CDI_MAKE: Final = (
    "`nvidia-ctk cdi generate --device-name-strategy=uuid --output=/etc/cdi/nvidia.yaml`, then restart Docker"
)
DRIVER: Final = "install, renew or reload this machine's NVIDIA driver until `nvidia-smi` works, then restart Docker"

# What engines say, in the order in which it is looked for. The first four were recorded on an engine without a GPU;
# the others are from the toolkit's and the engine's own issue trackers.
SAYINGS: Final = (
    ('could not select device driver "cdi"', "the engine's CDI is off", CDI_ON),
    ("could not select device driver", "the engine has no NVIDIA runtime", TOOLKIT),
    ("unknown runtime specified nvidia", "the engine has no NVIDIA runtime", TOOLKIT),
    ("error gathering device information", "the device's file is missing: the driver is not loaded", DRIVER),
    ("unsatisfied condition", "the driver is older than the CUDA that the image asks for", DRIVER),
    ("unknown device", "the engine's driver does not know the device", DRIVER),
    ("driver not loaded", "the NVIDIA driver is not loaded", DRIVER),
    ("driver error", "the NVIDIA driver failed", DRIVER),
    ("load library failed", "the NVIDIA driver's libraries are missing", DRIVER),
    ("initialization error", "the NVIDIA runtime could not start the driver", DRIVER),
    ("unresolvable cdi devices", "the engine's CDI specification does not name the device", CDI_MAKE),
    ("failed to initialize nvml", "the driver does not answer in a box", DRIVER),
    ("no devices were found", "a box that was given a device sees none", TOOLKIT),
    ("nvidia-smi", "the device comes without the driver's tools", TOOLKIT),  # not found, or it failed
)

_answers: dict[str, Answer] = {}


async def gpu_answer(client: APIClient, image: str, uuids: Sequence[str]) -> Answer:
    """How this engine hands over devices such as these. It is tried with the first of them, once for each engine.

    Raises BoxFailed where the engine itself does not answer.
    """
    info = await ask(client.info)
    engine = str(info.get("ID", ""))
    if engine not in _answers:
        _answers[engine] = await _probe(client, image, info, uuids[0])
    return _answers[engine]


def ways(info: Mapping[str, object], uuid: str) -> tuple[Way, ...]:
    """What to try. The runtime is not listed by engines that have it as a hook alone: only trying tells."""
    major = str(info.get("ServerVersion", "")).split(".")[0]
    if not major.isdigit() or int(major) < CDI_SINCE or not info.get("CDISpecDirs"):
        return ("runtime",)
    devices = info.get("DiscoveredDevices")  # of newer engines only
    if not isinstance(devices, list):
        return ("runtime", "cdi")
    names = {str(device.get("ID", "")) for device in devices if isinstance(device, dict)}
    return ("runtime", "cdi") if f"{CDI_KIND}={uuid}" in names else ("runtime",)


def explain(said: str) -> Answer:
    """The one reason and remedy behind what an engine said."""
    text = said.lower()
    for sign, reason, remedy in SAYINGS:
        if sign in text:
            return Answer(reason=reason, remedy=remedy)
    short = " ".join(said.split())[:300] or "no word"
    return Answer(reason=f"the engine gave no GPU: {short}", remedy="look at the engine's log")


async def clear_gpu(client: APIClient, uuid: str) -> None:
    """Removes the containers that a dead owner left on that device.

    Raises BoxFailed where a living owner's box still has it: the lease went before the box.
    """
    found = await ask(client.containers, all=True, filters={"label": GPU_LABEL})
    for entry in found:
        marks = entry["Labels"]
        if uuid not in marks.get(GPU_LABEL, "").split(","):
            continue
        if not is_dead(marks.get(OWNER_LABEL, "")) or claimed(entry["Id"]):
            raise BoxFailed(
                f"GPU {uuid!r} is still used by box {entry['Id'][:12]!r} of run {marks.get('mlexpert.run')!r}",
                remedy=f"end that run, or remove the box: `docker rm -f {entry['Id'][:12]}`",
            )
        await remove_container(client, entry["Id"])


async def _probe(client: APIClient, image: str, info: Mapping[str, object], uuid: str) -> Answer:
    answer = Answer()
    for way in ways(info, uuid):
        answer = await _try(client, image, way, uuid)
        if answer.way:
            break
    return answer


async def _try(client: APIClient, image: str, way: Way, uuid: str) -> Answer:
    """Lists the devices in a box that was given one. Errors of this kind come at start, when there is a container."""
    creating = asyncio.create_task(
        asyncio.to_thread(client.create_container_from_config, _config(client, image, way, uuid))
    )
    try:
        container = str((await asyncio.shield(creating))["Id"])
        await asyncio.to_thread(client.start, container)
        ended = await asyncio.to_thread(client.wait, container, timeout=PROBE_S)
        output = (await asyncio.to_thread(client.logs, container)).decode("utf-8", "replace")
    except (DockerException, requests.exceptions.RequestException) as error:
        return explain(str(getattr(error, "explanation", None) or error))
    finally:
        await asyncio.shield(_discard(client, creating))
    if ended["StatusCode"] != 0:
        return explain(f"nvidia-smi: {output}")
    return _judge(output, way, uuid)


def _judge(listing: str, way: Way, uuid: str) -> Answer:
    kind = "MIG" if uuid.startswith("MIG-") else "GPU"
    seen = set(re.findall(rf"UUID: ({kind}-[^)]+)\)", listing))
    if seen == {uuid}:
        return Answer(way=way)
    return Answer(
        reason=f"a box that was given {uuid} sees {sorted(seen) or 'none'}",
        remedy="the engine does not keep devices apart: look at its runtime's configuration",
    )


def _config(client: APIClient, image: str, way: Way, uuid: str) -> dict[str, JsonValue]:
    """The very box that skills get, but for its command, and removed by us: its output is read after its end."""
    spec = BoxSpec(step="gpu-probe", memory_mb=512, disk_mb=16, gpus=(uuid,))
    marks = {name: value for name, value in labels(spec, this_process()).items() if name != GPU_LABEL}
    limits = {**host_config(spec, {}, marks, way), "AutoRemove": False}
    config: dict[str, JsonValue] = client.create_container_config(
        image,
        ["nvidia-smi", "-L"],
        user=USER,
        entrypoint=[],
        labels=marks,
        environment=environment(spec, way),
        host_config=cast(HostConfig, limits),
    )
    return config


async def _discard(client: APIClient, creating: asyncio.Task[dict[str, str]]) -> None:
    await asyncio.wait({creating})
    if creating.exception() is None:
        await remove_container(client, creating.result()["Id"])
