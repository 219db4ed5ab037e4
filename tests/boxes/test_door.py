"""Before a run opens its first box, what killed runs left is removed; that this fails is told and stops nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.boxes.door import WorkshopDoor
from orchestrator.config.settings import load_settings
from orchestrator.core.errors import BoxFailed
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request, Route
from orchestrator.journal.journal import Journal, read_events
from orchestrator.journal.rundir import RunDirectory, write_json
from sandbox import registry
from sandbox.process.backend import ProcessSandbox


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    made = RunDirectory.create(tmp_path / "runs")
    write_json(made.plan, Plan(route=Route.PINN, planner="test", thoughts=(), steps=()))
    return made


@pytest.fixture
def journal(run: RunDirectory) -> Iterator[Journal]:
    journal = Journal(run.journal, run.run_id)
    yield journal
    journal.close()


@pytest.fixture
def reaped(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, bool]]:
    """Which runs were reaped, and whether kept boxes too. The environment is not built."""
    asked: list[tuple[str | None, bool]] = []

    class Noting:
        def __getattr__(self, name: str) -> object:
            return getattr(ProcessSandbox(), name)

        async def reap(self, run: str | None = None, *, kept: bool = False) -> int:
            asked.append((run, kept))
            if run is None and len(asked) > 9:
                raise BoxFailed("the engine is ill")
            return 0

    async def choose(*_: object) -> tuple[Noting, str]:
        return Noting(), ""

    async def environment(*_: object) -> Path:
        return Path("/nowhere")

    monkeypatch.setattr(registry, "choose", choose)
    monkeypatch.setattr(WorkshopDoor, "_environment", environment)
    return asked


def door_of(tmp_path: Path, run: RunDirectory, journal: Journal, *, resumed: bool) -> WorkshopDoor:
    return WorkshopDoor(load_settings(cwd=tmp_path), Request(text="test"), run, journal, resumed=resumed)


async def test_a_new_run_removes_what_dead_owners_left(
    tmp_path: Path, run: RunDirectory, journal: Journal, reaped: list[tuple[str | None, bool]]
) -> None:
    door = door_of(tmp_path, run, journal, resumed=False)
    await door.enter()
    await door.enter()
    await door.close()
    assert reaped == [(None, False)]


async def test_a_resumed_run_keeps_what_it_may_pick_up_until_its_end(
    tmp_path: Path, run: RunDirectory, journal: Journal, reaped: list[tuple[str | None, bool]]
) -> None:
    door = door_of(tmp_path, run, journal, resumed=True)
    await door.enter()
    assert reaped == [(None, False), (run.run_id, False)]
    await door.close()
    assert reaped[2:] == [(run.run_id, True)]


async def test_what_cannot_be_removed_is_told_and_the_run_goes_on(
    tmp_path: Path, run: RunDirectory, journal: Journal, reaped: list[tuple[str | None, bool]]
) -> None:
    reaped += [("earlier", False)] * 9
    door = door_of(tmp_path, run, journal, resumed=False)
    await door.enter()
    await door.close()
    notes = [str(event.data["text"]) for event in read_events(run.journal) if event.event == "note"]
    assert any("the engine is ill" in note for note in notes)
