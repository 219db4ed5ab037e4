"""`mlexpert box run` and `mlexpert image`: one command in one box, and the images boxes start from."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from orchestrator.cli.options import Format, Place
from orchestrator.cli.output import Output, only_results
from orchestrator.config.settings import Settings, load_settings
from orchestrator.core.errors import BadInput, Interrupted, LimitReached
from orchestrator.report.numbers import spell_bytes, spell_seconds
from sandbox import registry
from sandbox.images import images
from sandbox.leases.demand import Demand, Grant, Wish
from sandbox.leases.machine import leases_for
from sandbox.once import run_once
from sandbox.protocol import BoxSpec, Completed

HOST_PORT = re.compile(r"^[a-z0-9][a-z0-9.\-]{0,252}:[0-9]{1,5}$")


@dataclass(frozen=True)
class Wanted:
    """What one command asks of its box."""

    command: tuple[str, ...]
    sandbox: str
    memory_mb: int
    cpus: int
    gpu: Wish
    network: tuple[str, ...]
    timeout_s: float
    trust_code: bool


def run(place: Place, wanted: Wanted) -> int:
    """Run a command in a fresh box; its own exit code is ours, or 53 where a limit of the box ended it.

    The command is the user's: a sandbox without isolation takes it only with `trust_code`. It waits until its cores,
    memory and GPU are free.
    """
    if not wanted.command:
        raise BadInput("there is no command to run", remedy="put it after --: mlexpert box run -- python3 -V")
    own = load_settings(place.config)
    for host in wanted.network:
        if not HOST_PORT.match(host):
            raise BadInput(f"--network {host!r} is not HOST:PORT", remedy="name one host and port, as in pypi.org:443")
        if host not in own.sandbox.network:
            told = f"{host!r} may not be reached: [sandbox] network in agents.toml does not name it"
            raise BadInput(told, remedy=f'set network = ["{host}"] there')
    with only_results(place.format) as output:
        try:
            done, box = asyncio.run(_once(wanted, own, output))
        except asyncio.CancelledError:
            raise Interrupted("stopped; the box is closed", remedy="run it again") from None
        output.result({**box, **done.model_dump(mode="json")})
    if done.ended != "exit":
        sys.stderr.write(f"ended by {done.ended} after {spell_seconds(done.wall_s)}\n")
    return done.exit_code if done.ended in {"exit", "killed"} else LimitReached.exit_code


async def _once(wanted: Wanted, own: Settings, output: Output) -> tuple[Completed, dict[str, JsonValue]]:
    def hear(stream: Literal["stdout", "stderr"], line: str) -> None:
        if stream == "stdout" and output.format is Format.TEXT:
            output.line(line)
        else:
            sys.stderr.write(line + "\n")

    wish = own.sandbox.kind if wanted.sandbox == "auto" else wanted.sandbox
    chosen, note = await registry.choose(wish, own.sandbox.image)
    if note:
        _tell(f"note: {note}")
    leases = await leases_for(chosen, gpu=wanted.gpu != "none", cpus=own.leases.cpus, memory_mb=own.leases.memory_mb)
    demand = Demand(cpus=wanted.cpus, memory_mb=wanted.memory_mb, gpu=wanted.gpu)

    who = f"box-run/{os.getpid()}"

    async def work() -> tuple[Completed, Grant]:
        async with await leases.acquire(demand, wait_s=own.leases.wait_s, what=who, on_wait=_tell) as lease:
            grant = lease.grant
            spec = BoxSpec(
                run="box-run", step=str(os.getpid()), memory_mb=wanted.memory_mb, cpus=wanted.cpus,
                gpus=grant.gpus, cores=grant.cores,
                network=wanted.network, trust="user", trust_code=wanted.trust_code,
            )  # fmt: skip
            return await run_once(chosen, wanted.command, spec=spec, timeout_s=wanted.timeout_s, on_output=hear), grant

    task = asyncio.ensure_future(work())
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # Ctrl-C cancels already
    done, grant = await task
    if grant.reason:
        _tell(f"device: cpu, because {grant.reason}")
    return done, {
        "sandbox": chosen.name,
        "device": grant.device,
        "device_reason": grant.reason,
        "gpus": list(grant.gpus),
    }


def build_image(place: Place, base: str | None, *, bootstrap: bool, cuda: bool) -> int:
    """Build the box image; the steps of the build go to stderr."""
    made = asyncio.run(images.build(base, bootstrap=bootstrap, cuda=cuda, progress=_tell))
    with only_results(place.format) as output:
        output.value(made.model_dump(mode="json"), f"{made.tag}\n")
    return 0


def list_images(place: Place) -> int:
    found = asyncio.run(images.list_images())
    rows: list[JsonValue] = [image.model_dump(mode="json") for image in found]
    lines = [
        f"{image.tag}  {spell_bytes(image.bytes):>9}  on {image.base}{'  (current)' if image.current else ''}"
        for image in found
    ]
    with only_results(place.format) as output:
        output.value({"images": rows}, "\n".join(lines or ["no box image: mlexpert image build"]) + "\n")
    return 0


def remove_image(place: Place, tag: str | None) -> int:
    gone = asyncio.run(images.remove(tag))
    with only_results(place.format) as output:
        output.value({"removed": list(gone)}, "".join(f"removed {name}\n" for name in gone) or "nothing to remove\n")
    return 0


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")
