"""When each step ran, from the journal: bars on one time axis, so that overlap is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

from orchestrator.journal.events import Event

HOST = "host"
MEASURING = {"predict": "judge: predict", "score": "judge: score"}


@dataclass(frozen=True)
class Bar:
    """One stay in a box. Times in seconds since the run began, pauses between sessions left out."""

    row: str
    worker: str
    start: float
    end: float
    state: str  # done, failed, stopped (the run was killed), measuring


@dataclass(frozen=True)
class Timeline:
    """`most` steps at once; `shared_s` seconds during which two steps or more ran."""

    rows: tuple[str, ...]
    bars: tuple[Bar, ...]
    total_s: float
    resumes: tuple[float, ...]
    most: int
    shared_s: float

    def share(self, value: float) -> float:
        """A time as a percentage of the axis."""
        return round(100 * value / self.total_s, 2) if self.total_s else 0.0

    @property
    def ticks(self) -> tuple[float, ...]:
        """Four to eight round times along the axis."""
        step = next(
            s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 1e9) if self.total_s / s <= 8
        )
        return tuple(step * i for i in range(int(self.total_s / step) + 1))


def timeline(events: tuple[Event, ...]) -> Timeline:
    """The bars of a journal. A resumed run's pause is cut out of the axis."""
    clocked, resumes = _one_clock(events)
    bars = _bars(clocked)
    total = max((ts for ts, _ in clocked), default=0.0)
    most, shared = _overlap([bar for bar in bars if bar.state != "measuring"])
    return Timeline(tuple(dict.fromkeys(bar.row for bar in bars)), bars, total, resumes, most, shared)


def _one_clock(events: tuple[Event, ...]) -> tuple[list[tuple[float, Event]], tuple[float, ...]]:
    """Events with seconds since the start; what lies between two sessions counts as no time."""
    clocked: list[tuple[float, Event]] = []
    resumes: list[float] = []
    now = 0.0
    last = events[0].ts if events else 0.0
    for event in events:
        if event.event == "run.started" and clocked:
            resumes.append(now)
        else:
            now += max(0.0, event.ts - last)  # a clock that was set back makes no negative time
        last = event.ts
        clocked.append((now, event))
    return clocked, tuple(resumes)


class _Lanes:
    """Bars that are open and bars that are done, while the journal is read."""

    def __init__(self) -> None:
        self.running: dict[str, Bar] = {}
        self.done: list[Bar] = []

    def open(self, key: str, row: str, worker: str, at: float) -> None:
        self.close(key, at, "stopped")
        self.running[key] = Bar(row, worker, at, at, "running")

    def close(self, key: str, at: float, state: str) -> None:
        bar = self.running.pop(key, None)
        if bar:
            self.done.append(replace(bar, end=at, state="measuring" if bar.worker == HOST else state))

    def stop(self, at: float) -> None:
        """The session ended, and with it whatever was running."""
        for key in list(self.running):
            self.close(key, at, "stopped")


def _bars(clocked: list[tuple[float, Event]]) -> tuple[Bar, ...]:
    lanes = _Lanes()
    for at, event in clocked:
        data = event.data
        purpose, box = str(data.get("purpose", "")), f"box {data.get('box', '')}"
        if event.event == "run.started":
            lanes.stop(at)
        elif event.event == "step.started":
            lanes.open(event.step, event.step, str(data.get("worker", "")), at)
        elif event.event == "step.finished":
            lanes.close(event.step, at, "failed" if data.get("status") == "failed" else "done")
        elif event.event == "box.opened" and purpose in MEASURING:
            lanes.open(box, MEASURING[purpose], HOST, at)
        elif event.event == "box.closed":
            lanes.close(box, at, "measuring")
    lanes.stop(clocked[-1][0] if clocked else 0.0)
    return tuple(sorted(lanes.done, key=lambda bar: (bar.worker == HOST, bar.start)))


def _overlap(bars: list[Bar]) -> tuple[int, float]:
    edges = sorted({edge for bar in bars for edge in (bar.start, bar.end)})
    most, shared = (1 if bars else 0), 0.0
    for left, right in pairwise(edges):
        running = sum(bar.start <= left and bar.end >= right for bar in bars)
        most = max(most, running)
        shared += right - left if running > 1 else 0.0
    return most, shared
