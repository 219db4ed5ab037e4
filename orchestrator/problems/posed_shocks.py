"""Shocks: whether the classical solution of a nonlinear law without viscosity lasts as long as it is asked for."""

from __future__ import annotations

import sympy

from orchestrator.problems.characteristics import Law, Meeting, first_meeting, scalar_law
from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.posed_counts import orders, partials_of
from orchestrator.problems.posed_type import March
from orchestrator.problems.symbols import expression, symbol

_UNDECIDED = (
    "The equations are nonlinear and without viscosity: whether a shock forms in the time asked for was not decided; "
    "behind it there is no classical solution."
)


def check_shocks(form: Normal, along: March, faults: Faults) -> tuple[str, ...]:
    """A fault where characteristics meet before the end; a note where that could not be decided.

    A closed form that was given and checked is its own proof.
    """
    letter = along.coordinate
    if letter is None or along.backward or form.exact or not may_break(form, letter):
        return ()
    law = scalar_law(form, letter)
    if law is None or not law.speed.has(symbol(law.u)):
        return (_UNDECIDED,)
    try:
        meeting = first_meeting(form, law)
    except ValueError as error:
        return (f"{_UNDECIDED} ({str(error)[:1].upper()}{str(error)[1:]}.)",)
    if meeting is None:
        return ()
    told = _told(form, law, meeting)
    if any(symbol(name) in expression(text).free_symbols for name in form.unknown for text in _texts(form)):
        return (f"With the unknown coefficients at their guesses, {told}.",)
    start, last = form.ends[letter]
    before = f"{letter} in [{start:g}, {start + 0.8 * (meeting.time - start):.3g}]"
    viscous = form.vocabulary.spelled(law.u, tuple(2 * (one == law.space) for one in form.coordinates))
    faults.add(
        ("domain", letter),
        f"{told} before the end, {letter} = {last:g}",
        f"End before it (`{before}`), or add viscosity (0.01*{viscous}, say): shocks are not computed here.",
    )
    return ()


def may_break(form: Normal, letter: str) -> bool:
    """Whether the system is hyperbolic by its orders, and a field stands in the factor of a highest derivative.

    Each field must march: a constraint, such as that of incompressible flow, keeps characteristics apart.
    """
    highest = orders(form)
    if len(form.coordinates) == 1 or any(told[letter] == 0 for told in highest.values()):
        return False
    numbers = {symbol(name): sympy.Float(told) for name, told in form.parameters.items()}
    found = False
    for text in form.equations:
        most = max(sum(across) for _, across in partials_of(form, text))
        if most > max(told[letter] for told in highest.values()):
            return False
        expr = expression(text).xreplace(numbers)
        fields = {used for used in expr.free_symbols if form.vocabulary.partial(used.name)}
        for used in fields:
            partial = form.vocabulary.partial(used.name)
            spatial = partial is not None and sum(partial[1]) == most and not partial[1][form.coordinates.index(letter)]
            found |= spatial and most > 0 and bool(sympy.diff(expr, used).free_symbols & fields)
    return found


def _told(form: Normal, law: Law, meeting: Meeting) -> str:
    low, high = form.ends[law.space]
    place = 0.0 if abs(meeting.place) < 1e-9 * (high - low) else meeting.place
    return (
        f"the classical solution breaks at {law.time} = {meeting.time:.4g} near {law.space} = {place:.4g}: "
        "characteristics of the equation, which has no viscosity, meet there and a shock forms"
    )


def _texts(form: Normal) -> list[str]:
    return [*form.equations, *(text for _, texts in form.conditions for text in texts)]
