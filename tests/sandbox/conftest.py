"""Fixtures of the sandbox tests: a real engine where there is one, boxes that are told apart from others'."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pools import held

from sandbox.docker.backend import DockerSandbox
from sandbox.pool.pool import Pool


@pytest.fixture(scope="session")
def engine() -> None:
    """A Docker engine with the box image; without one a test is skipped, under CI it fails."""
    why = asyncio.run(DockerSandbox().probe())
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"CI must have a Docker engine with the box image: {why}")
    if why:
        pytest.skip(why)


@pytest.fixture
def docker_sandbox(engine: None) -> DockerSandbox:
    return DockerSandbox()


@pytest.fixture
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Boxes of this test lie in a folder of its own, so that what they leave is seen."""
    place = tmp_path / "boxes"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


@pytest.fixture
async def pool(docker_sandbox: DockerSandbox, own_place: Path) -> AsyncIterator[Pool]:
    """A pool of containers that leaves nothing."""
    made = Pool(docker_sandbox, size=3, memory_mb=1024)
    yield made
    await made.close()
    assert held() == set()
