"""Conditions that observations at their very place contradict: found before anything is spent on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orchestrator.problems.forms import Normal
from orchestrator.problems.places import At
from orchestrator.problems.posed_states import solved
from orchestrator.problems.symbols import Array, expression, value

ROWS = 5  # observations on a face; fewer may be outliers
GROSS = 0.3  # of the root mean square of all values: smaller misfits are left to the measurement after the run
_EXACT = 1e-9  # of a coordinate's range: on the face


def contradicted(form: Normal, inputs: Array, outputs: Array, seen: Sequence[str]) -> str:
    """The first condition for the value of a field that `outputs` (rows, `seen`) at its place miss grossly, in a
    sentence; empty where there is none.

    `inputs` (rows, coordinates) are in the problem's order; NaN in `outputs` is no observation. Only gross misfits
    count, a heuristic: how far noise reaches is not known here. Conditions on derivatives, and with coefficients that
    are sought, are not looked at.
    """
    for at, texts in form.conditions:
        face = _on(form, inputs, at)
        for text in texts:
            for column, name in enumerate(seen):
                told = solved(text, name, form)
                if told is None or {one.name for one in expression(text).free_symbols} & set(form.unknown):
                    continue
                rows = face & np.isfinite(outputs[:, column])
                if rows.sum() < ROWS:
                    continue
                points = {letter: inputs[rows, place] for place, letter in enumerate(form.coordinates)}
                given = np.broadcast_to(np.asarray(value(told, {**form.guesses(), **points})), (int(rows.sum()),))
                missed, size = _size(outputs[rows, column] - given), _size(outputs[:, column])
                if missed > GROSS * size:
                    place = " and ".join(f"{letter} = {end:g}" for letter, end in at.items())
                    return (
                        f"the {int(rows.sum())} observations at {place} miss the condition {text!r} = 0 there by "
                        f"{missed:.3g} (root mean square; all values of {name}: {size:.3g})"
                    )
    return ""


def _on(form: Normal, inputs: Array, at: At) -> Array:
    held = [
        np.abs(inputs[:, form.coordinates.index(letter)] - end)
        <= _EXACT * (form.ends[letter][1] - form.ends[letter][0])
        for letter, end in at.items()
    ]
    return np.asarray(np.logical_and.reduce(held))


def _size(values: Array) -> float:
    return float(np.sqrt(np.nanmean(values**2)))
