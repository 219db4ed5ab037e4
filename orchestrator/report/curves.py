"""The training curves that a step left behind, read leniently: a damaged file is no curve."""

from __future__ import annotations

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from orchestrator.journal.rundir import RunDirectory
from orchestrator.report.posterior import read_posterior
from orchestrator.report.record import step_files

SCORES = "cv_"  # series of that name hold one score a candidate, not one an iteration
DAMPING = "damping"  # on a scale of its own, and so in a drawing of its own
OF_STEPS = ("gradient_norm", "rate")  # no losses either
DECADE = 10.0
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
    """The curves of one step; every point is finite. `by_candidate`: one score each, no course in time.

    `names` are the candidates at the places 0, 1, …; none where the step does not tell them.
    """

    step: str
    x: str
    lines: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    stopped: Stop | None
    schedule: str
    by_candidate: bool = False
    names: tuple[str, ...] = ()

    @property
    def log(self) -> bool:
        """Whether a logarithmic scale suits: every value is positive, and they span a decade or more; never scores."""
        if self.by_candidate:
            return False
        values = [y for _, points in self.lines for _, y in points]
        return bool(values) and min(values) > 0 and max(values) / min(values) >= DECADE

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
    return tuple(curves for path in step_files(run, "out/history.json") for curves in _read(path) if curves.lines)


def _read(path: Path) -> tuple[Curves, ...]:
    """A step's losses over its iterations; apart from them damping, sought coefficients, and scores by candidate."""
    try:
        history = History.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        return ()
    step = path.parent.parent.name
    lines = tuple((name, thinned) for name, points in history.series.items() if (thinned := _thin(points)))
    scores = tuple(line for line in lines if line[0].startswith(SCORES))
    apart = {DAMPING, *OF_STEPS, *_sought(path.parent)}
    others = tuple(line for line in lines if line[0] in apart)
    losses = tuple(line for line in lines if line not in scores and line not in others)
    return (
        Curves(step, history.x, losses, history.stopped, history.schedule),
        *(Curves(step, history.x, (line,), None, "") for line in others),
        Curves(step, "candidate, simplest first", scores, None, "", by_candidate=True, names=_candidates(path.parent)),
    )


def _candidates(out: Path) -> tuple[str, ...]:
    """The candidates of a comparison in their order."""
    try:
        with (out / "comparison.csv").open(encoding="utf-8", newline="") as stream:
            return tuple(line["model"] for line in csv.DictReader(stream))
    except (OSError, ValueError, KeyError):
        return ()


def _sought(out: Path) -> tuple[str, ...]:
    """The names of the coefficients that the step looked for."""
    held = read_posterior(out / "posterior.json")
    return held.names if held else ()


def _thin(points: list[tuple[float, float | None]]) -> tuple[tuple[float, float], ...]:
    finite = [(x, y) for x, y in points if y is not None and math.isfinite(x) and math.isfinite(y)]
    stride = max(1, math.ceil(len(finite) / LONGEST))
    kept = finite[::stride]
    return tuple(kept if not finite or kept[-1] == finite[-1] else [*kept, finite[-1]])
