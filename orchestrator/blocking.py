"""The one blocking call, for scripts and notebooks."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Unpack

from orchestrator.app import Orchestrator, Run
from orchestrator.options import Options


def run(
    request: str, *, config: str | Path | None = None, runs_dir: str | Path | None = None, **options: Unpack[Options]
) -> Run:
    """Run a request and wait for its end. Inside a running event loop (a notebook) it works in a thread of its own.

    Raises:
        BadConfig, BadInput: as `Orchestrator.open` and `Orchestrator.run` do.
    """

    async def whole() -> Run:
        async with Orchestrator.open(config, runs_dir=runs_dir) as opened:
            return await opened.run(request, **options)

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(whole())
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="mlexpert") as thread:
        return thread.submit(asyncio.run, whole()).result()
