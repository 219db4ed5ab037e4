"""Live progress: the scene, the plain lines, and a drawing that fits its terminal."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from orchestrator.cli.progress import watching
from orchestrator.cli.progress.lines import Lines, line
from orchestrator.cli.progress.live import LiveView, draw
from orchestrator.cli.progress.scene import Scene, advance
from orchestrator.cli.progress.words import seconds, spark
from orchestrator.journal.events import Event

from .fake_road import STORY, events


def _scene(story: list[Event]) -> Scene:
    scene = Scene()
    for event in story:
        scene = advance(scene, event)
    return scene


def _drawn(scene: Scene, width: int, *, fancy: bool = True) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, force_terminal=False).print(draw(scene, 1009.0, fancy=fancy, width=width))
    return stream.getvalue()


def test_the_scene_follows_the_steps() -> None:
    scene = _scene(STORY)
    train, reference = scene.row("train"), scene.row("reference")
    assert (train.state, train.worker, train.box, train.losses) == ("done", "pinn", "process b1", (0.5, 0.0005))
    assert (reference.state, reference.message) == ("failed", "no convergence")
    assert scene.measured == (("relative_l2 · delivered", "3.1e-05"),)
    assert scene.notes == ("process boxes give no isolation",)
    assert scene.phase == "finished"


def test_a_step_that_was_only_planned_waits() -> None:
    scene = _scene(STORY[:4])
    assert [(row.id, row.state) for row in scene.rows] == [("train", "running"), ("reference", "waiting")]


def test_a_new_plan_keeps_what_has_run_and_drops_what_waited() -> None:
    scene = _scene([*STORY[:4], *events(("plan.made", "", {"steps": ["train", "fresh"], "attempt": 2}))])
    assert [(row.id, row.state) for row in scene.rows] == [("train", "running"), ("fresh", "waiting")]


def test_the_boxes_of_the_judge_change_no_step() -> None:
    opened = events(("box.opened", "measure.grid.train", {"box": "b9", "sandbox": "docker", "purpose": "predict"}))
    scene = _scene([*STORY[:4], *opened])
    assert [row.id for row in scene.rows] == ["train", "reference"]
    assert scene.phase == "measuring"


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_drawing_fits_the_terminal(width: int) -> None:
    shown = _drawn(_scene(STORY), width)
    assert all(len(row) <= width for row in shown.splitlines())
    assert "train" in shown


def test_the_drawing_shows_losses_boxes_and_workers() -> None:
    shown = _drawn(_scene(STORY[:7]), 100)
    for part in ("train", "pinn", "process b1", "20/60", "loss 5.00e-04", "█▁", "simulation-expert"):
        assert part in shown


def test_the_drawing_without_utf8_is_ascii() -> None:
    shown = _drawn(_scene(STORY[:7]), 100, fancy=False)
    assert shown.isascii()
    assert "loss 5.00e-04" in shown


def test_plain_lines_are_one_an_event_and_short() -> None:
    stream = io.StringIO()
    lines = Lines(stream)
    for event in STORY:
        lines(event)
    shown = stream.getvalue().splitlines()
    assert len(shown) == len(STORY) - 1  # the second progress of a step within two seconds is not told
    assert all(len(row) <= 100 for row in shown)
    assert any("reference failed after 1.0 s: no convergence" in row for row in shown)


def test_a_long_message_is_cut_and_a_newline_cannot_forge_a_line() -> None:
    stream = io.StringIO()
    forged = "x" * 300 + "\n[  1 s] validated"
    Lines(stream)(events(("step.progress", "train", {"message": forged}))[0])
    Lines(stream)(events(("note", "", {"text": forged}))[0])
    progress, note = stream.getvalue().splitlines()
    assert len(progress) == 100
    assert note.endswith("validated")  # what is said once is said whole


def test_no_terminal_gets_plain_lines_and_a_terminal_the_live_view(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    with watching(io.StringIO()) as watch:
        assert isinstance(watch, Lines)
    with watching(Terminal()) as watch:
        assert isinstance(watch, LiveView)
    for name, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            with watching(Terminal()) as watch:
                assert isinstance(watch, Lines)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=60))
def test_a_sparkline_takes_any_numbers(values: list[float]) -> None:
    shown = spark(values)
    assert len(shown) <= 12
    assert set(shown) <= set("▁▂▃▄▅▆▇█")


def test_a_sparkline_is_logarithmic_for_losses() -> None:
    assert spark([1e0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7]) == "█▇▆▅▄▃▂▁"


@pytest.mark.parametrize(("value", "shown"), [(0.42, "0.4 s"), (12.3, "12 s"), (185.0, "3:05"), (59.99, "60 s")])
def test_durations_are_short(value: float, shown: str) -> None:
    assert seconds(value) == shown


@pytest.mark.parametrize(
    "kind", ["run.started", "plan.made", "step.finished", "evidence.measured", "wave.judged", "run.finished"]
)
def test_an_event_with_empty_data_still_makes_a_line(kind: str) -> None:
    assert line(events((kind, "train", {}))[0])


def test_a_step_that_goes_on_from_its_checkpoint_is_said_to() -> None:
    kept, resumed = events(
        ("checkpoint.kept", "train", {"done": 55.0, "total": 200.0, "sha256": "ab", "bytes": 9}),
        ("step.resumed", "train", {"done": 55.0, "total": 200.0, "sha256": "ab", "bytes": 9}),
    )
    assert line(kept) == "train: its checkpoint is kept at 55 of 200"
    assert line(resumed) == "train goes on from its checkpoint at 55 of 200"
    row = _scene([*STORY[:4], resumed]).row("train")
    assert (row.state, row.done, row.total) == ("running", 55.0, 200.0)
