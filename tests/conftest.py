"""What every test may use: the box environment's Python, and the rule that CI skips no Docker test."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from sandbox.bubblewrap.backend import BubblewrapSandbox
from sandbox.images.environments import build
from tests.boxed import Box, runner

LOCK = Path(__file__).resolve().parents[1] / "locks" / "box.txt"


@pytest.fixture(scope="session")
def box_python() -> Path:
    """The Python of the box environment for process boxes, built on first use (`make env` builds it ahead).

    MLEXPERT_TEST_BOX_PYTHON names another one.
    """
    if own := os.environ.get("MLEXPERT_TEST_BOX_PYTHON"):
        return Path(own)
    return asyncio.run(build(LOCK, "process")).path / "bin" / "python3"


@pytest.fixture(scope="session")
def box(box_python: Path) -> Box:
    """Run one verb of the job contract, as the host does."""
    return runner(box_python)


@pytest.fixture(scope="session")
def bwrap() -> None:
    """bubblewrap that works; without it a test is skipped, under CI it fails."""
    why = asyncio.run(BubblewrapSandbox().probe())
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"CI must have bubblewrap: {why}")
    if why:
        pytest.skip(why)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # type: ignore[no-untyped-def]
    """Under CI a skipped Docker test is a failure: an engine that is missing must not look like a pass."""
    outcome = yield
    report = outcome.get_result()
    if (
        report.skipped
        and os.environ.get("CI")
        and item.get_closest_marker("docker")
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
