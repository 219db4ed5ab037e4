"""The training curves that a step left behind, read leniently: a damaged file is no curve."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.journal.rundir import RunDirectory
from orchestrator.report.record import step_files

LONGEST = 1500  # points drawn of one curve; a page need not hold a million


class Stop(BaseModel):
    reason: str = ""
    at: float | None = None
    limit: float | None = None


class History(BaseModel):
    """`history.json` as the report reads it; what else is in it is of no concern here."""

    model_config = ConfigDict(extra="ignore")

    x: str = "iteration"
    series: dict[str, list[tuple[float, float | None]]] = {}
    stopped: Stop | None = None
    schedule: str = ""


@dataclass(frozen=True)
class Curves:
    """The curves of one step; every point is finite. `log` where all values are positive."""

    step: str
    x: str
    lines: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    stopped: Stop | None
    schedule: str

    @property
    def log(self) -> bool:
        return all(y > 0 for _, points in self.lines for _, y in points)

    @property
    def caption(self) -> str:
        """How the training ended, in the history's own words."""
        stop = self.stopped
        ended = ""
        if stop and stop.reason:
            at = f" at {self.x} {stop.at:g}" if stop.at is not None else ""
            ended = f"stopped by {stop.reason.replace('_', ' ')}{at}" + (
                f" of {stop.limit:g}" if stop.limit is not None else ""
            )
        return "; ".join(part for part in (self.schedule, ended) if part)


def read_curves(run: RunDirectory) -> tuple[Curves, ...]:
    """The curves of every step that has some, in order of step id."""
    found = (_read(path) for path in step_files(run, "out/history.json"))
    return tuple(curves for curves in found if curves and curves.lines)


def _read(path: Path) -> Curves | None:
    try:
        history = History.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        return None
    lines = tuple((name, thinned) for name, points in history.series.items() if (thinned := _thin(points)))
    return Curves(path.parent.parent.name, history.x, lines, history.stopped, history.schedule)


def _thin(points: list[tuple[float, float | None]]) -> tuple[tuple[float, float], ...]:
    finite = [(x, y) for x, y in points if y is not None and math.isfinite(x) and math.isfinite(y)]
    stride = max(1, math.ceil(len(finite) / LONGEST))
    kept = finite[::stride]
    return tuple(kept if not finite or kept[-1] == finite[-1] else [*kept, finite[-1]])
