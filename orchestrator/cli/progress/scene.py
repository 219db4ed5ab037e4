"""The state of a run as the live view draws it: a frozen value and one pure step from event to event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from orchestrator.cli.progress.words import number, word
from orchestrator.journal.events import Event

State = Literal["waiting", "running", "done", "failed", "reused"]
PHASES = {
    "run.started": "reading the request",
    "route.decided": "planning",
    "plan.made": "checking the plan",
    "approval.asked": "waiting for your approval",
    "approval.given": "working",
    "step.started": "working",
    "wave.judged": "judging",
    "answer.written": "writing the report",
    "run.finished": "finished",
}


@dataclass(frozen=True)
class Row:
    """One step. Times are Unix seconds; `losses` the recent ones, oldest first."""

    id: str
    worker: str = ""
    state: State = "waiting"
    box: str = ""
    started: float | None = None
    finished: float | None = None
    done: float | None = None
    total: float | None = None
    losses: tuple[float, ...] = ()
    message: str = ""
    wave: int = 0


@dataclass(frozen=True)
class Scene:
    """Everything on the screen."""

    run: str = ""
    route: str = ""
    phase: str = "starting"
    started: float | None = None
    rows: tuple[Row, ...] = ()
    wave: int = 1
    measured: tuple[tuple[str, str], ...] = ()
    measuring: int = 0
    notes: tuple[str, ...] = ()

    def row(self, step: str) -> Row:
        return next((row for row in self.rows if row.id == step), Row(step))

    def with_row(self, changed: Row) -> Scene:
        known = any(row.id == changed.id for row in self.rows)
        rows = tuple(changed if row.id == changed.id else row for row in self.rows)
        return replace(self, rows=rows if known else (*self.rows, changed))


def advance(scene: Scene, event: Event) -> Scene:
    """The scene after an event."""
    base = replace(
        scene,
        run=scene.run or event.run,
        started=scene.started if scene.started is not None else event.ts,
        phase=PHASES.get(event.event, scene.phase),
    )
    if event.step.startswith("measure."):  # the judge's own boxes are counted, and are no steps
        return replace(base, measuring=base.measuring + (event.event == "box.opened"), phase="measuring")
    if event.event.startswith("step."):
        return base.with_row(_row(base, event))
    if event.event == "route.decided":
        return replace(base, route=word(event.data, "route"))
    if event.event == "plan.made":
        return replace(base, rows=_planned(base, event))
    if event.event in {"box.opened", "box.rejoined", "box.closed"}:
        return _boxed(base, event)
    if event.event == "evidence.measured":
        return replace(base, measured=(*base.measured, _evidence(event)))
    if event.event == "wave.judged":
        return replace(base, wave=int(number(event.data, "wave") or base.wave) + 1)
    if event.event == "note":
        return replace(base, notes=(*base.notes, word(event.data, "text")))
    return base


def _planned(scene: Scene, event: Event) -> tuple[Row, ...]:
    """A new plan's steps; what has run already stays on the screen."""
    steps = event.data.get("steps")
    ids = (
        [str(item.get("id")) if isinstance(item, dict) else str(item) for item in steps]
        if isinstance(steps, list)
        else []
    )
    ran = tuple(row for row in scene.rows if row.state != "waiting")
    return (*ran, *(Row(step) for step in ids if all(row.id != step for row in ran)))


def _row(scene: Scene, event: Event) -> Row:
    row, data = scene.row(event.step), event.data
    if event.event == "step.started":
        worker = word(data, "worker")
        return replace(
            row, worker=worker, state="running", box=_place(event), started=event.ts, finished=None, wave=scene.wave
        )
    if event.event == "step.reused":
        return replace(row, state="reused", message=word(data, "reason"))
    if event.event == "step.finished":
        state: State = "failed" if word(data, "status") == "failed" else "done"
        return replace(row, state=state, finished=event.ts, message=word(data, "reason"))
    loss = number(data, "loss")
    return replace(
        row,
        state="running",
        done=number(data, "done") if number(data, "done") is not None else row.done,
        total=number(data, "total") if number(data, "total") is not None else row.total,
        losses=(*row.losses, loss)[-48:] if loss is not None else row.losses,
        message=word(data, "message") or row.message,
    )


def _boxed(scene: Scene, event: Event) -> Scene:
    """Boxes of the host's own measuring are counted; a step's box is named in its row."""
    opened = event.event != "box.closed"
    if word(event.data, "purpose") in {"predict", "score"} and opened:
        return replace(scene, measuring=scene.measuring + 1, phase="measuring")
    if opened and event.step:
        return scene.with_row(replace(scene.row(event.step), box=_place(event)))
    return scene


def _place(event: Event) -> str:
    """The sandbox and the end of the box's name, which tells boxes apart where its long beginning does not."""
    return f"{word(event.data, 'sandbox')} {word(event.data, 'box')[-6:]}".strip()


def _evidence(event: Event) -> tuple[str, str]:
    value, unit = number(event.data, "value"), word(event.data, "unit")
    shown = "unknown" if value is None else f"{value:.4g} {unit}".rstrip()
    subject = word(event.data, "subject")
    return (word(event.data, "name") + (f" · {subject}" if subject else ""), shown)
