"""Attacks on bubblewrap boxes: all that every sandbox must hold."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import pytest
from attacks import Attacks
from bubbles import bubbles

from orchestrator.core.errors import Untrusted
from sandbox.bubblewrap.backend import BubblewrapSandbox
from sandbox.protocol import BoxSpec, Mount, Sandbox


@pytest.fixture(scope="session")
def bwrap() -> None:
    """A bubblewrap that holds every limit; without it an attack is skipped, under CI it fails."""
    sandbox = BubblewrapSandbox()
    why = asyncio.run(sandbox.probe()) or "; ".join(asyncio.run(sandbox.gaps()))
    if why and os.environ.get("CI") == "true":
        pytest.fail(f"CI must have a bubblewrap that may run untrusted code: {why}")
    if why:
        pytest.skip(why)


pytestmark = [pytest.mark.bwrap, pytest.mark.usefixtures("bwrap")]


class TestBubblewrapAttacks(Attacks):
    @pytest.fixture
    def sandbox(self, bwrap: None) -> Sandbox:
        return BubblewrapSandbox()

    async def leftovers(self) -> set[str]:
        return bubbles(Path(tempfile.gettempdir()))


@pytest.mark.parametrize("form", ["itself", "a link", "its folder", "a link to its folder", "the root"])
async def test_the_engines_socket_is_never_mounted(tmp_path: Path, form: str) -> None:
    sock = Path("/var/run/docker.sock")
    if not sock.exists():
        pytest.skip("no engine here whose socket could be mounted")
    source = Path("/") if form == "the root" else sock.parent if "folder" in form else sock
    if "link" in form:
        (tmp_path / "innocent").symlink_to(source)
        source = tmp_path / "innocent"
    with pytest.raises(Untrusted, match="socket"):
        await BubblewrapSandbox().open(BoxSpec(mounts=(Mount(source=source, target="in/data"),)))
