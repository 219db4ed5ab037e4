"""Searches and trials for tests, without boxes."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.core.search import Dimension, Objective, Search, Setting, Trial, When
from orchestrator.search.study import Study

SCORE = Objective(claim="score", direction="maximize")
SIZE = Objective(claim="size", direction="minimize")
RATE = Dimension(name="rate", kind="float", low=1e-4, high=1.0, log=True)
KIND = Dimension(name="kind", kind="choice", choices=("plain", "bent"))
BEND = Dimension(name="bend", kind="int", low=1, high=9, when=When(name="kind", one_of=("bent",)))
Score = Callable[[Setting], float]


def done(number: int, *values: float, **setting: float | str) -> Trial:
    return Trial(number=number, setting=dict(setting), state="done", values=values)


def rate_of(setting: Setting) -> float:
    return float(setting["rate"])


def driven(search: Search, score: Score, seed: int = 0, known: tuple[Trial, ...] = ()) -> tuple[Trial, ...]:
    """The whole search with `score` for a trial; those of `known` are told as they are, as after a crash."""
    study, closed = Study(search, seed), list[Trial]()
    while not study.over:
        batch = [
            known[number] if number < len(known) else done(number, score(setting), **setting)  # type: ignore[arg-type]
            for number, setting in study.ask()
        ]
        study.tell(batch)
        closed += batch
    return tuple(closed)
