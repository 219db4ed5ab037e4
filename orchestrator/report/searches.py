"""The searches of a run, read leniently: a damaged record is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

from markupsafe import Markup
from pydantic import ValidationError

from orchestrator.report.numbers import spell
from orchestrator.report.record import Record, step_files
from orchestrator.search.history import History


def read_searches(record: Record) -> tuple[History, ...]:
    """The history of every search, in order of step id."""
    return tuple(_read(record))


def _read(record: Record) -> Iterator[History]:
    for path in step_files(record.directory, "out/search.json"):
        try:
            yield History.model_validate(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError):
            continue


Told = tuple[Callable[[], Markup], str]


def search_pictures(record: Record) -> tuple[Told, ...]:
    """Course, settings, front and importance, each where there is something to see: how to draw it, and its caption."""
    return tuple(told for history in read_searches(record) for told in _pictures(history))


def _pictures(history: History) -> Iterator[Told]:
    from orchestrator.report import search_figures

    counts = history.counts()
    if counts["done"] == 0:
        return
    best = history.best_trial
    claim = history.search.objectives[0].claim
    found = f"Trial {best.number} is the best, {claim} {spell(best.values[0])}" if best else ""
    setting = (
        ", ".join(f"{name.replace('_', ' ')} {_told(value)}" for name, value in best.setting.items()) if best else ""
    )
    ended = f"{counts['done']} finished, {counts['pruned']} were stopped early, {counts['failed']} failed"
    yield (
        partial(search_figures.draw_course, history),
        f"{claim} of each trial as it claims, on folds of the training rows: {ended}. {found}.",
    )
    if counts["done"] > 1:
        yield (
            partial(search_figures.draw_settings, history),
            f"Each line is a finished trial, darker the better its score; the thick one is the best: {setting}.",
        )
    if len(history.search.objectives) > 1:
        yield (
            partial(search_figures.draw_front, history),
            f"{len(history.front)} trials that no other beats in every objective.",
        )
    if history.importance:
        yield (
            partial(search_figures.draw_importance, history),
            "The share of each hyperparameter in what sets the best tenth of the trials apart (PED-ANOVA); with "
            f"{counts['done']} trials a hint, not a measurement.",
        )


def _told(value: object) -> str:
    return spell(value) if isinstance(value, float) else str(value)
