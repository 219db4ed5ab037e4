"""The attempts at a field that a run made: each is noted when it is judged, and the best certified one is delivered."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan
from orchestrator.core.values import Value, sha256_file
from orchestrator.gates.known import Known
from orchestrator.journal.journal import read_events
from orchestrator.journal.rundir import RunDirectory, read_model, write_json, write_text
from orchestrator.measure.secret import attempt_of
from orchestrator.nodes.context import Context
from orchestrator.nodes.state import FileRef, State
from orchestrator.report.text import render_plan

# What an attempt is certified by, on its kind of plan: the first of these that was measured.
MEASURES = (("relative_l2", "delivered"), ("dataset_difference", "dataset"), ("reference_error", "reference"))


class Attempt(Value):
    """A judged attempt: its plan and outcomes as they were written, its error with all doubt, the checks it misses."""

    number: int
    outcomes: dict[str, FileRef]
    error: float
    short: int


class Delivered(Value):
    """Which attempt lies in place of a later one, and under which names that one's steps lie meanwhile."""

    number: int
    displaced: dict[str, str] = Field(default_factory=dict)


def note_attempt(context: Context, state: State, plan: Plan, evidence: tuple[Evidence, ...], short: int) -> None:
    """Write down what the judge found of the present attempt. Of tables nothing: their rows are scored once."""
    error = certified_error(plan, evidence)
    if plan.problem is None or error is None:
        return
    number = attempt_of(context.run)
    told = Attempt(number=number, outcomes=dict(state.get("outcomes") or {}), error=error, short=short)
    write_json(_folder(context.run) / f"{number}.json", told)


def certified_error(plan: Plan, evidence: tuple[Evidence, ...]) -> float | None:
    """The upper end of the measured error plus the truth's own; None where it was not measured."""
    known = Known(plan=plan, evidence=evidence)
    entry = next((found for found in (known.find(*one) for one in MEASURES) if found is not None), None)
    if entry is None or entry.value is None:
        return None
    truth = known.find("truth_error")
    doubt = truth.value if truth is not None and truth.value is not None and entry.name == "relative_l2" else 0.0
    error = (entry.interval[1] if entry.interval else entry.value) + doubt
    return error if math.isfinite(error) else None


def deliver_best(context: Context) -> str:
    """Lay the best judged attempt in place of the last one; a sentence on it, empty where the last one stands."""
    run, last = context.run, attempt_of(context.run)
    judged = _judged(run)
    if not judged:
        return ""
    best = min(judged, key=lambda one: (one.short > 0, one.error, -one.number))
    if best.number == last:
        return _of_several(judged, best)
    _lay(run, best, last)
    return _of_several(judged, best) if last in {one.number for one in judged} else _of_one(best, last)


def time_left_s(context: Context) -> tuple[float, float] | None:
    """(seconds left of the deadline, seconds that the last attempt took); None without a deadline."""
    limit = context.request.timeout_s or context.settings.budget.wall_s
    if limit is None:
        return None
    now, events = time.time(), read_events(context.run.journal)
    begun = [event.ts for event in events if event.event == "run.started"]
    planned = [event.ts for event in events if event.event == "plan.made"]
    return limit - (now - max(begun, default=now)), now - max(planned, default=now)


def take_up(run: RunDirectory) -> None:
    """Before a run goes on: the attempt that it was at, where an earlier one was laid in its place."""
    path = _folder(run) / "delivered.json"
    if not path.is_file():
        return
    told = read_model(path, Delivered)
    _move((run.evidence, run.verdicts, run.measured), run.path / "earlier" / str(told.number))
    for step, name in told.displaced.items():
        if (kept := run.path / "steps" / name).is_dir():
            set_aside(run, step)
            kept.rename(run.step(step))
    _tell_plan(run, attempt_of(run))
    path.unlink()


def set_aside(run: RunDirectory, step: str) -> str:
    """Rename a step's folder to STEP~1, STEP~2…, so that it stays readable; its new name, empty where it has none."""
    folder, number = run.step(step), 1
    if not folder.is_dir():
        return ""
    while (kept := folder.with_name(f"{step}~{number}")).exists():
        number += 1
    folder.rename(kept)
    return kept.name


def _lay(run: RunDirectory, best: Attempt, last: int) -> None:
    displaced: dict[str, str] = {}
    for step, reference in best.outcomes.items():
        if _is(run.step(step), reference):
            continue
        held = next((one for one in run.path.glob(f"steps/{step}~*") if _is(one, reference)), None)
        if held is None:
            continue
        if name := set_aside(run, step):
            displaced[step] = name
        held.rename(run.step(step))
    write_json(_folder(run) / "delivered.json", Delivered(number=best.number, displaced=displaced))
    kept = run.path / "earlier" / str(best.number)
    for path in (run.evidence, run.verdicts, run.measured):
        if (kept / path.name).exists():
            _move((path,), run.path / "earlier" / str(last))
            (kept / path.name).rename(path)
    _tell_plan(run, best.number)


def _tell_plan(run: RunDirectory, number: int) -> None:
    plan = read_model(run.plan.with_name(f"plan-{number}.json"), Plan)
    write_json(run.plan, plan)
    write_text(run.plan_text, render_plan(plan))


def _move(paths: tuple[Path, ...], folder: Path) -> None:
    for path in paths:
        if path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            if (there := folder / path.name).is_dir():
                shutil.rmtree(there)
            path.rename(there)


def _is(folder: Path, reference: FileRef) -> bool:
    file = folder / Path(reference.path).name
    return file.is_file() and sha256_file(file) == reference.sha256


def _judged(run: RunDirectory) -> tuple[Attempt, ...]:
    files = sorted(_folder(run).glob("[0-9]*.json"), key=lambda path: int(path.stem))
    return tuple(read_model(path, Attempt) for path in files)


def _folder(run: RunDirectory) -> Path:
    return run.path / "attempts"


def _of_several(judged: tuple[Attempt, ...], best: Attempt) -> str:
    if len(judged) == 1:
        return ""
    others = _listed({one.number: one.error for one in judged if one is not best})
    return f"This is attempt {best.number}, with an error of at most {best.error:.3g}; {others}."


def _of_one(best: Attempt, last: int) -> str:
    return f"This is attempt {best.number}, with an error of at most {best.error:.3g}; attempt {last} was not finished."


def _listed(errors: Mapping[int, float]) -> str:
    return ", ".join(f"attempt {number} has {error:.3g}" for number, error in errors.items())
