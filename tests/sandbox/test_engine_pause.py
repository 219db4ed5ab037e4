"""The engine's freezer gives up on a busy machine; we do not, but for other refusals."""

from __future__ import annotations

import pytest
from docker.errors import APIError

from orchestrator.core.errors import BoxFailed
from sandbox.docker import engine

BUSY = "Cannot pause container 8413: OCI runtime pause failed: unable to freeze: unknown"  # of engine 20.10, under load


class Freezer:
    """An engine that refuses some pauses before it obeys."""

    def __init__(self, *refusals: str) -> None:
        self.refusals = list(refusals)
        self.asked = 0

    def pause(self, container: str) -> None:
        self.asked += 1
        if self.refusals:
            raise APIError("500 Server Error", explanation=self.refusals.pop(0))


async def test_a_freezer_that_gives_up_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "FREEZE_WAITS_S", (0.0,) * 3)
    busy = Freezer(BUSY, BUSY)
    await engine.pause(busy, "8413")  # type: ignore[arg-type]
    assert busy.asked == 3


async def test_a_freezer_that_never_obeys_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "FREEZE_WAITS_S", (0.0,) * 3)
    with pytest.raises(BoxFailed, match="unable to freeze"):
        await engine.pause(Freezer(*[BUSY] * 9), "8413")  # type: ignore[arg-type]


async def test_another_refusal_is_not_repeated() -> None:
    gone = Freezer("Container 8413 is not running")
    with pytest.raises(BoxFailed, match="not running"):
        await engine.pause(gone, "8413")  # type: ignore[arg-type]
    assert gone.asked == 1
