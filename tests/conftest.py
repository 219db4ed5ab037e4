"""What every test may use: the box environment's Python, and the rule that CI skips no test of an engine."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from sandbox.bubblewrap.backend import BubblewrapSandbox
from sandbox.files.paths import marks
from sandbox.images.environments import build
from sandbox.owner import this_process
from tests.boxed import Box, runner

LOCK = Path(__file__).resolve().parents[1] / "locks" / "box.txt"

# No test fails because the machine is busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session", autouse=True)
def own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Boxes of this worker lie in a folder of its own, where nobody else counts them or takes them away.

    Short, since sockets lie in it. At the end no box of this process may be left there.
    """
    tmp_path_factory.getbasetemp()  # stays where it is
    place = Path(tempfile.mkdtemp(prefix="mlx-"))
    before = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(place)
    try:
        yield
        # What a killed process left is for the reaper, and its tests; what we left ourselves is a leak.
        left = [mark.folder.name for mark in marks() if mark.owner == this_process()]
    finally:
        tempfile.tempdir = before[0]
        if before[1] is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before[1]
        shutil.rmtree(place, ignore_errors=True)  # a test's own scratch; the boxes were counted above
    assert left == [], f"boxes were left in {place}: {left}"


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
    """Under CI a skipped test of an engine is a failure: one that is missing must not look like a pass."""
    outcome = yield
    report = outcome.get_result()
    if (
        report.skipped
        and os.environ.get("CI")
        and (item.get_closest_marker("docker") or item.get_closest_marker("bwrap"))
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
