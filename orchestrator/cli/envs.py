"""`mlexpert env`: the environments that boxes mount, ahead of their first use."""

from __future__ import annotations

import asyncio
import sys

from pydantic import JsonValue

from orchestrator.cli.options import Place
from orchestrator.cli.output import only_results
from orchestrator.config.builtin import builtin_root
from orchestrator.config.settings import load_settings
from orchestrator.report.numbers import spell_bytes
from sandbox import registry
from sandbox.images import environments
from sandbox.images.environments import Accelerator, Environment


def build(place: Place, sandbox: str, accelerator: Accelerator) -> int:
    """Build the environment that runs in that sandbox would use; its steps go to stderr, its path to stdout."""
    own = load_settings(place.config).sandbox
    made = asyncio.run(_build(own.kind if sandbox == "auto" else sandbox, own.image, accelerator))
    with only_results(place.format) as output:
        output.value(made.model_dump(mode="json"), f"{made.path}\n")
    return 0


async def _build(sandbox: str, image: str, accelerator: Accelerator) -> Environment:
    chosen, note = await registry.choose(sandbox, image)
    if note:
        sys.stderr.write(f"note: {note}\n")
    lock = builtin_root() / "locks" / "box.txt"
    return await environments.build(lock, chosen.name, _tell, image=image, accelerator=accelerator)


def _tell(line: str) -> None:
    sys.stderr.write(line + "\n")


def list_all(place: Place) -> int:
    found = environments.list_environments()
    rows: list[JsonValue] = [item.model_dump(mode="json") for item in found]
    lines = [
        f"{item.key}  {spell_bytes(item.bytes):>9}  Python {item.target.python} ({item.target.flavour})  {item.path}"
        for item in found
    ]
    with only_results(place.format) as output:
        output.value({"environments": rows}, "\n".join(lines or ["no environment: mlexpert env build"]) + "\n")
    return 0


def remove(place: Place, key: str | None) -> int:
    gone = environments.remove_environments(key)
    with only_results(place.format) as output:
        output.value({"removed": list(gone)}, "".join(f"removed {name}\n" for name in gone) or "nothing to remove\n")
    return 0
