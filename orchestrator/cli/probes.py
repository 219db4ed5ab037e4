"""The questions that `mlexpert doctor` asks the machine, one function each."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orchestrator.cli.options import Place
from orchestrator.cli.place import runs_dir_of
from orchestrator.config.builtin import builtin_root
from orchestrator.config.registry import load_configuration
from orchestrator.config.settings import SandboxSection, load_settings
from orchestrator.core.errors import BadConfig, MlexpertError
from orchestrator.report.numbers import spell_bytes
from sandbox import registry
from sandbox.docker import engine
from sandbox.images import environments, images
from sandbox.leases.capacity import measure_capacity
from sandbox.leases.gpus import discover
from sandbox.leases.ledger import Leases

GIB = 1 << 30
ROOMY = 5 * GIB  # a box environment with torch and jax takes 2 to 3 GiB, its wheels as much again
TIGHT = GIB // 4  # below this a run itself may not find room
PATIENCE_S = 20.0


@dataclass(frozen=True)
class Finding:
    """`ok`: works. `limited`: runs go without it. `missing`: mend it; where it is `vital`, nothing runs before."""

    name: str
    state: Literal["ok", "limited", "missing"]
    found: str
    mend: str = ""
    vital: bool = False


async def examine(place: Place) -> tuple[Finding, ...]:
    """Every finding, the vital ones first. A probe that hangs or breaks is a finding too."""
    probes: tuple[tuple[str, Callable[[], Awaitable[Finding]]], ...] = (
        ("configuration", lambda: asyncio.to_thread(configuration, place)),
        ("runs folder", lambda: asyncio.to_thread(runs_folder, place)),
        ("boxes", lambda: boxes(place)),
        ("box environment", lambda: environment(place)),
        ("Docker engine", docker_engine),
        ("box image", lambda: box_image(place)),
        ("bubblewrap", bubblewrap),
        ("GPU", gpu),
        ("leases", lambda: leases(place)),
        ("API key", api_key),
        ("git", git),
        ("disk", lambda: asyncio.to_thread(disk, place)),
    )
    return tuple([await _patiently(name, probe) for name, probe in probes])


async def _patiently(name: str, probe: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        return await asyncio.wait_for(probe(), PATIENCE_S)
    except TimeoutError:
        return Finding(name, "limited", f"no reply within {PATIENCE_S:g} s", "see whether it hangs")
    except MlexpertError as error:
        return Finding(name, "limited", error.message, error.remedy)
    except OSError as error:
        return Finding(name, "limited", f"cannot be examined: {error}")


def configuration(place: Place) -> Finding:
    try:
        found = load_configuration(place.config)
    except MlexpertError as error:
        return Finding("configuration", "missing", error.message, error.remedy, vital=True)
    told = f"{len(found.agents.by_name)} agents, {len(found.skills.by_name)} skills"
    return Finding("configuration", "ok", told, vital=True)


def runs_folder(place: Place) -> Finding:
    folder = runs_dir_of(place).resolve()
    there = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        why = f"{folder} cannot be written: {error.strerror}"
        return Finding("runs folder", "missing", why, "name a writable folder with --runs-dir", vital=True)
    return Finding("runs folder", "ok", str(folder), vital=True)


async def boxes(place: Place) -> Finding:
    """Which sandbox a run would take."""
    try:
        sandbox, note = await registry.choose(_own(place).kind, _own(place).image)
    except MlexpertError as error:
        return Finding("boxes", "missing", error.message, error.remedy, vital=True)
    if sandbox.isolation == "none":
        return Finding("boxes", "limited", note, "start a Docker engine and run mlexpert image build", vital=True)
    return Finding("boxes", "ok", f"{sandbox.name}, isolated", vital=True)


async def environment(place: Place) -> Finding:
    """Whether the libraries of the boxes are there; a first run builds them otherwise."""
    own = _own(place)
    sandbox, _ = await registry.choose(own.kind, own.image)
    if own.python is not None and sandbox.name != "docker":
        made = await environments.own_environment(own.python, sandbox.name)
        return Finding("box environment", "ok", f"your own, {made.path}")
    lock = (builtin_root() / "locks" / "box.txt").read_text(encoding="utf-8")
    key = environments.environment_key(lock, await environments.target_for(sandbox.name, own.image))
    found = next((item for item in environments.list_environments() if item.key == key), None)
    if found is None:
        mend = "mlexpert env build (else the first run builds it, which takes minutes)"
        return Finding("box environment", "limited", f"not built yet for {sandbox.name} boxes", mend)
    return Finding("box environment", "ok", f"{found.key}, {spell_bytes(found.bytes)}")


async def docker_engine() -> Finding:
    _, endpoint = await engine.ask(engine.connect)
    return Finding("Docker engine", "ok", f"answers at {endpoint.path}, API {endpoint.version}")


async def box_image(place: Place) -> Finding:
    if own := _own(place).image:
        client, _ = await engine.ask(engine.connect)
        found = await engine.ask(images.box_image, client, own)
        return Finding("box image", "ok", f"your own, {own} ({found[:19]})")
    current = next((image for image in await images.list_images() if image.current), None)
    if current is None:
        return Finding("box image", "limited", f"{images.current_tag()} is not built", "mlexpert image build")
    return Finding("box image", "ok", f"{current.tag}, {spell_bytes(current.bytes)}")


async def bubblewrap() -> Finding:
    """Whether its boxes work here, and what they cannot hold."""
    sandbox = registry.load("bubblewrap")
    if why := await sandbox.probe():
        told, _, mend = why.rpartition(": ")
        return Finding("bubblewrap", "limited", told, f"{mend}; with a Docker engine nothing needs it")
    if gaps := await sandbox.gaps():
        mend = "run as root or in a login session with systemd to hold them; untrusted code is refused until then"
        return Finding("bubblewrap", "limited", f"works, but does not hold {'; '.join(gaps)}", mend)
    return Finding("bubblewrap", "ok", "works, and holds every limit")


async def gpu() -> Finding:
    found = await discover()
    if not found.gpus:
        return Finding("GPU", "limited", found.reason, "training runs on the CPU; install NVIDIA's driver for a GPU")
    return Finding("GPU", "ok", "; ".join(f"{unit.name}, {unit.memory_mb} MiB" for unit in found.gpus))


async def leases(place: Place) -> Finding:
    """What the boxes of all runs may hold together, and how much of it is held now."""
    own = load_settings(place.config).leases
    capacity = measure_capacity(own.cpus, own.memory_mb)
    held = [record.grant for record in await Leases(capacity).held() if record.grant is not None]
    cores, memory = sum(len(grant.cores) for grant in held), sum(grant.memory_mb for grant in held)
    told = f"{cores} of {len(capacity.cores)} processors and {memory} of {capacity.memory_mb} MiB are held now"
    return Finding("leases", "ok", told)


async def api_key() -> Finding:
    """Whether there is a key. Never what it is."""
    if os.environ.get("ANTHROPIC_API_KEY", "").strip():
        return Finding("API key", "ok", "ANTHROPIC_API_KEY is set: the planner claude can be used")
    mend = "set ANTHROPIC_API_KEY to let a model plan; nothing needs it"
    return Finding("API key", "limited", "ANTHROPIC_API_KEY is not set: plans come from rules", mend)


async def git() -> Finding:
    code, told = await _output("git", "--version")
    if code != 0:
        return Finding("git", "missing", "no git command", "install git")
    return Finding("git", "ok", told)


def disk(place: Place) -> Finding:
    folder = _existing(runs_dir_of(place).resolve())
    free = shutil.disk_usage(folder).free
    told = f"{spell_bytes(free)} free at {folder}"
    if free < TIGHT:
        return Finding("disk", "missing", told, "make room, or name another disk with --runs-dir", vital=True)
    if free < ROOMY:
        return Finding(
            "disk", "limited", told, "a box environment takes about 3 GB: make room before mlexpert env build"
        )
    return Finding("disk", "ok", told)


def _own(place: Place) -> SandboxSection:
    """The user's [sandbox]; the built-in one where the file is broken, which the configuration's finding tells."""
    try:
        return load_settings(place.config).sandbox
    except BadConfig:
        return SandboxSection()


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))


async def _output(*command: str) -> tuple[int, str]:
    """(exit code, stdout) of a short command; 127 where there is none such."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return 127, ""
    try:
        told, _ = await process.communicate()
    finally:
        if process.returncode is None:  # cancelled by the probe's deadline
            process.kill()
            await process.wait()
    return process.returncode or 0, told.decode(errors="replace").strip()
