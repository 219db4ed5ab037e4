"""Plain progress: one short line an event, for files, pipes and simple terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from orchestrator.cli.progress.words import number, seconds, word
from orchestrator.journal.events import Event, EventKind

WIDTH = 100
EVERY_S = 2.0  # progress of one step is told at most this often


class Lines:
    """Writes a line for each event that matters to a person, with the run's clock in front."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._start: float | None = None
        self._told: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        start = self._start = event.ts if self._start is None else self._start
        if event.event == "step.progress":
            if event.ts - self._told.get(event.step, 0.0) < EVERY_S:
                return
            self._told[event.step] = event.ts
        text = line(event)
        if text:
            whole = " ".join(f"[{seconds(event.ts - start):>6}] {text}".splitlines())
            self._stream.write((whole if event.event == "note" else _clip(whole)) + "\n")
            self._stream.flush()

    @contextmanager
    def quiet(self) -> Iterator[None]:
        yield


def line(event: Event) -> str:
    """What an event says to a person; empty where it says nothing new."""
    say = _SAY.get(event.event)
    return say(event) if say else ""


def _clip(text: str) -> str:
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"


def _started(event: Event) -> str:
    return f"run {event.run} {'goes on' if event.data.get('resumed') else 'starts'}"


def _routed(event: Event) -> str:
    params = event.data.get("params")
    named = ", ".join(f"{k}={v}" for k, v in params.items()) if isinstance(params, dict) else ""
    return f"route {word(event.data, 'route')}" + (f": {named}" if named else "")


def _planned(event: Event) -> str:
    attempt = number(event.data, "attempt") or 0
    again = f" (attempt {attempt:.0f})" if attempt > 1 else ""
    return f"plan by {word(event.data, 'planner')}{again}: {word(event.data, 'steps')}"


def _step_started(event: Event) -> str:
    skill = word(event.data, "skill")
    worker = word(event.data, "worker")
    who = worker + (f" with {skill}" if skill and skill != worker else "")
    where = " ".join(part for part in (word(event.data, "sandbox"), word(event.data, "box")) if part)
    return f"{event.step} starts: {who}" + (f" in {where}" if where else "")


def _step_progress(event: Event) -> str:
    done, total, loss = (number(event.data, key) for key in ("done", "total", "loss"))
    parts = [f"{done:g}" + (f" of {total:g}" if total is not None else "")] if done is not None else []
    parts += [f"loss {loss:.3e}"] if loss is not None else []
    parts += [word(event.data, "message")] if word(event.data, "message") else []
    return f"{event.step}: {', '.join(parts)}"


def _reached(event: Event) -> str:
    done, total = number(event.data, "done"), number(event.data, "total")
    return "" if done is None else f" at {done:g}" + (f" of {total:g}" if total is not None else "")


def _step_finished(event: Event) -> str:
    wall = number(event.data, "wall_s")
    took = f" after {seconds(wall)}" if wall is not None else ""
    reason = word(event.data, "reason")
    return f"{event.step} {word(event.data, 'status') or 'done'}{took}" + (f": {reason}" if reason else "")


def _measured(event: Event) -> str:
    value, unit, subject = number(event.data, "value"), word(event.data, "unit"), word(event.data, "subject")
    shown = "could not be measured" if value is None else f"{value:.4g}{' ' + unit if unit else ''}"
    return f"measured {word(event.data, 'name')} = {shown}" + (f" ({subject})" if subject else "")


def _judged(event: Event) -> str:
    reason = word(event.data, "reason")
    return f"wave {word(event.data, 'wave')}: {word(event.data, 'decision')}" + (f", {reason}" if reason else "")


def _finished(event: Event) -> str:
    wall = number(event.data, "wall_s")
    return (word(event.data, "status") or "finished") + (f" after {seconds(wall)}" if wall is not None else "")


_SAY: dict[EventKind, Callable[[Event], str]] = {
    "run.started": _started,
    "route.decided": _routed,
    "plan.made": _planned,
    "plan.checked": lambda event: f"plan checked: {word(event.data, 'decision')}",
    "approval.asked": lambda event: "waiting for your approval",
    "approval.given": lambda event: "approved" if event.data.get("approved") else "not approved",
    "step.started": _step_started,
    "step.progress": _step_progress,
    "step.finished": _step_finished,
    "step.resumed": lambda event: f"{event.step} goes on from its checkpoint{_reached(event)}",
    "checkpoint.kept": lambda event: f"{event.step}: its checkpoint is kept{_reached(event)}",
    "step.reused": lambda event: f"{event.step} is there already: {word(event.data, 'reason')}",
    "evidence.measured": _measured,
    "wave.judged": _judged,
    "note": lambda event: f"note: {word(event.data, 'text')}",
    "run.finished": _finished,
}
