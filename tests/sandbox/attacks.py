"""What untrusted code may try, and what it gets: each test is an attack that was carried out in a real box.

    class TestMyAttacks(Attacks):
        @pytest.fixture
        def sandbox(self) -> Sandbox: ...
        async def leftovers(self) -> set[str]: ...   # names of everything that an open box holds on this machine

Where it can be done, the same program is run outside too and gets through there: a program that cannot attack proves
nothing. The box needs `sh` and `python3`.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from attacks_on_artefacts import ArtefactAttacks
from attacks_on_limits import LimitAttacks
from attacks_on_neighbours import NeighbourAttacks
from attacks_on_rights import RightsAttacks
from attacks_on_the_kernel import KernelAttacks
from attacks_on_the_machine import MachineAttacks
from attacks_on_the_network import NetworkAttacks
from attacks_on_time import TimeAttacks

from sandbox.protocol import Sandbox


class Attacks(
    KernelAttacks, RightsAttacks, NetworkAttacks, MachineAttacks, LimitAttacks, TimeAttacks, NeighbourAttacks,
    ArtefactAttacks,
):  # fmt: skip
    """All attacks that every sandbox that claims isolation must hold."""

    @pytest.fixture
    def sandbox(self) -> Sandbox:
        raise NotImplementedError("give a fixture `sandbox`")

    async def leftovers(self) -> set[str]:
        raise NotImplementedError("say what an open box leaves on this machine")

    @pytest.fixture(autouse=True)
    async def nothing_left(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
    ) -> AsyncIterator[None]:
        """No attack, held or not, leaves a box behind."""
        place = tmp_path / "boxes"
        place.mkdir()
        monkeypatch.setattr(tempfile, "tempdir", str(place))
        yield
        assert await self.leftovers() == set()
