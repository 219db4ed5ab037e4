"""Owns a kept box until it is killed, and tells on stdout how far it is. A program for test_kept_boxes.py."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from sandbox.docker.backend import DockerSandbox
from sandbox.protocol import BoxSpec


def tell(word: str) -> None:
    print(word, flush=True)


async def main(told: dict[str, Any]) -> None:
    sandbox = DockerSandbox()
    if told["do"] == "rejoin":
        tell("begin")
        kept = await sandbox.reattach(told["run"], told["key"])
        tell("got" if kept is not None else "none")
        if kept is not None and told.get("listen", True):
            await kept.rejoin(timeout_s=60, on_output=lambda stream, line: tell(f"heard {line}"))
            tell("ended")
        await asyncio.sleep(60)
    box = await sandbox.open(BoxSpec.model_validate(told["spec"]))
    tell("opened")
    if told["do"] == "open":
        await asyncio.sleep(60)
    task = asyncio.create_task(
        box.run(
            ["sh", "-c", told["script"]], timeout_s=told.get("timeout_s", 60),
            on_output=lambda stream, line: tell(f"heard {line}"),
        )
    )  # fmt: skip
    if told["do"] == "pause":
        await asyncio.sleep(1.5)
        await box.pause()
        tell("paused")
    await task
    tell("ended")
    await asyncio.sleep(60)


asyncio.run(main(json.loads(sys.argv[1])))
