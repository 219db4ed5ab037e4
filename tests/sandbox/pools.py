"""What the tests of the pool share: a sandbox whose boxes come from one, and small jobs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from traces import docker_leftovers, folders

from sandbox.conformance import shell
from sandbox.owner import this_process
from sandbox.pool.pool import Pool
from sandbox.protocol import Box, BoxInfo, BoxSpec, Isolation, KeptBox, Mount, Sandbox

MARK = "pool-test"
VARIABLES = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONUNBUFFERED": "1"}


def small(*mounts: Mount, **fields: object) -> BoxSpec:
    return BoxSpec.model_validate(
        {"memory_mb": 128, "disk_mb": 16, "pids": 64, "run": MARK, "mounts": mounts, **fields}
    )


def python_spec(environment: Path, lib: Path, **fields: object) -> BoxSpec:
    """A box with an environment and a folder of modules."""
    mounts = (Mount(source=environment, target="env"), Mount(source=lib, target="lib"))
    return small(*mounts, **{"memory_mb": 1024, "disk_mb": 64, **fields})


def variables(box: Box, **more: str) -> Mapping[str, str]:
    return {**VARIABLES, "PYTHONPATH": str(box.mounts / "lib"), **more}


class PooledSandbox:
    """A sandbox whose boxes all come from a pool, and go back to it."""

    name = "pooled"
    isolation: Isolation = "full"

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner = sandbox
        self.pool = Pool(sandbox, size=2, memory_mb=1024)

    async def probe(self) -> str:
        return await self.inner.probe()

    def python(self, environment: Path) -> str:
        return self.inner.python(environment)

    async def gaps(self) -> tuple[str, ...]:
        return await self.inner.gaps()

    async def open(self, spec: BoxSpec) -> Box:
        return await self.pool.open(spec, agent="conformance")

    async def reattach(self, run: str, key: str) -> KeptBox | None:
        return await self.inner.reattach(run, key)

    async def boxes(self) -> tuple[BoxInfo, ...]:
        return await self.inner.boxes()

    async def reap(self, run: str | None = None, *, kept: bool = False) -> int:
        return await self.inner.reap(run, kept=kept)


def held() -> set[str]:
    """Everything that boxes of this process hold on this machine now."""
    return docker_leftovers(f"mlexpert.owner={this_process()}") | folders(Path(tempfile.gettempdir()))


async def used(pool: Pool, script: str = "true", *, agent: str = "a", spec: BoxSpec | None = None) -> tuple[str, str]:
    """One job: the id of its box, and what it printed."""
    box = await pool.open(spec or small(), agent=agent)
    try:
        return box.id, (await shell(box, script)).output
    finally:
        await box.close()
