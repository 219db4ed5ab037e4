"""Ends of a named problem that keep the initial values which a user gave without saying anything of the ends."""

from __future__ import annotations

import numpy as np

from orchestrator.problems.forms import normal_form
from orchestrator.problems.posed_data import CORNER
from orchestrator.problems.posed_states import given_at, solved
from orchestrator.problems.statement import Problem
from orchestrator.problems.symbols import value
from orchestrator.problems.vocabulary import TIME

_COUNT = 33


def with_held_ends(statement: Problem, told: Problem) -> tuple[Problem, tuple[str, ...]]:
    """The statement with values at its ends that meet the initial ones, and notes; `told` holds what the user said.

    In one space dimension, where the user gave initial values of a field and no condition at any end: a value at an end
    that they contradict becomes the initial value there, held.
    """
    form, given = normal_form(statement), normal_form(told)
    if TIME not in form.ends or len(form.ends) != 2 or any(TIME not in at for at, _ in given.conditions):
        return statement, ()
    [letter] = [one for one in form.coordinates if one != TIME]
    start = {TIME: form.ends[TIME][0]}
    if letter in form.periodic:
        return statement, ()
    lines = [(at, text) for at, texts in form.conditions for text in texts]
    notes = []
    for name in form.fields:
        profiles = [one for text in given_at(given, start) if (one := solved(text, name, given)) is not None]
        for end in form.ends[letter]:
            for index, (at, text) in enumerate(lines):
                wanted = solved(text, name, form) if at == {letter: end} else None
                if wanted is None or not profiles:
                    continue
                here = {**form.guesses(), letter: end, **start}
                level, outside = (float(value(one, here)) for one in (profiles[0], wanted))
                inside = np.abs(value(profiles[0], {**here, letter: np.linspace(*form.ends[letter], _COUNT)}))
                if abs(level - outside) > CORNER * max(abs(outside), float(np.max(inside)), 1e-12):
                    lines[index] = (at, f"{name} - ({level!r})")
                    notes.append(f"The end {letter} = {end:g} is held at the initial value {level:.6g} of {name}.")
    if not notes:
        return statement, ()
    held = [{"at": at, "is": [f"{text} = 0"]} for at, text in lines]
    return Problem.model_validate({**statement.as_json(), "conditions": held}), tuple(notes)
