"""`mlexpert box run` and `mlexpert image`: one command in one box, and the images boxes start from."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Literal

from pydantic import JsonValue

from orchestrator.cli.options import Format, Place
from orchestrator.cli.output import Output, only_results
from orchestrator.core.errors import BadInput, LimitReached
from orchestrator.report.numbers import spell_bytes, spell_seconds
from sandbox import registry
from sandbox.images import images
from sandbox.once import run_once
from sandbox.protocol import BoxSpec, Completed, Trust


def run(
    place: Place, command: tuple[str, ...], *, sandbox: str, memory_mb: int, timeout_s: float, trust_code: bool
) -> int:
    """Run a command in a fresh box; its own exit code is ours, or 53 where a limit of the box ended it.

    The command is the user's: a sandbox without isolation takes it only with `trust_code`.
    """
    if not command:
        raise BadInput("there is no command to run", remedy="put it after --: mlexpert box run -- python3 -V")
    trust: Trust = "user"
    spec = BoxSpec(run="box-run", memory_mb=memory_mb, trust=trust, trust_code=trust_code)
    with only_results(place.format) as output:
        done, where = asyncio.run(_once(sandbox, command, spec, timeout_s, output))
        output.result({"sandbox": where, **done.model_dump(mode="json")})
    if done.ended != "exit":
        sys.stderr.write(f"ended by {done.ended} after {spell_seconds(done.wall_s)}\n")
    return done.exit_code if done.ended in {"exit", "killed"} else LimitReached.exit_code


async def _once(
    sandbox: str, command: tuple[str, ...], spec: BoxSpec, timeout_s: float, output: Output
) -> tuple[Completed, str]:
    def hear(stream: Literal["stdout", "stderr"], line: str) -> None:
        if stream == "stdout" and output.format is Format.TEXT:
            output.line(line)
        else:
            sys.stderr.write(line + "\n")

    chosen, note = await registry.choose(sandbox)
    if note:
        sys.stderr.write(f"note: {note}\n")
    task = asyncio.ensure_future(run_once(chosen, command, spec=spec, timeout_s=timeout_s, on_output=hear))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)  # Ctrl-C cancels already
    return await task, chosen.name


def build_image(place: Place, base: str | None, *, bootstrap: bool) -> int:
    """Build the box image; the steps of the build go to stderr."""
    made = asyncio.run(images.build(base, bootstrap=bootstrap, progress=_tell))
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
