"""Initial values at points, from equations that may be stated in any form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import UserMistake
from skills.runtime.problem import TIME
from skills.runtime.symbols import Form
from skills.simulate.evolution import Evolution

Array = NDArray[np.float64]

ITERATIONS = 50
CLOSE = 1e-14


def start(evolution: Evolution, places: Array) -> Array:
    """(nodes * fields,) values at the first time at `places` (nodes, space dimensions).

    Each initial equation must give one field that the others have not given yet. A field without one starts at 0 where
    the equations hold no rate of it, since then they say what it is. Raises UserMistake naming what stays unknown.
    """
    first = evolution.problem.axis(TIME).low
    held: dict[str, Any] = {**evolution.problem.guesses(), TIME: np.full(len(places), first)}
    held |= dict(zip(evolution.space, places.T, strict=True))
    found: dict[str, Array] = {}
    left = list(evolution.start)
    while left:
        ready = next((form for form in left if len(_unknown(evolution, form, found)) == 1), None)
        if ready is None:
            raise UserMistake(
                f"the initial conditions {', '.join(repr(form.text) for form in left)} do not give one field each",
                "state them as field minus its initial value",
            )
        (name,) = _unknown(evolution, ready, found)
        found[name] = held[name] = _root(ready, name, held, len(places))
        left.remove(ready)
    for name, moves in zip(evolution.fields, evolution.differential, strict=True):
        if name not in found and moves:
            raise UserMistake(f"no initial condition gives {name!r}", "state one for each field and rate")
    values = np.stack([found.get(name, np.zeros(len(places))) for name in evolution.fields], axis=1)
    if not np.all(np.isfinite(values)):
        raise UserMistake("the initial values are not finite everywhere", "mend the initial conditions")
    return values.ravel()


def _unknown(evolution: Evolution, form: Form, found: dict[str, Array]) -> set[str]:
    names = {evolution.vocabulary.name(partial) for partial in form.partials}
    return names - set(found)


def _root(form: Form, name: str, held: dict[str, Any], count: int) -> Array:
    """Newton's iteration, point by point; one step where the equation is linear."""
    slope, value = form.by(name), np.zeros(count)
    for _ in range(ITERATIONS):
        here = {**held, name: value}
        with np.errstate(all="ignore"):
            change = np.broadcast_to(form(here) / slope(here), (count,))
        value = value - change
        if name not in slope.names or np.all(np.abs(change) <= CLOSE * np.abs(value)):
            return value
    raise UserMistake(f"the initial condition {form.text!r} could not be solved", "state it as field minus its value")
