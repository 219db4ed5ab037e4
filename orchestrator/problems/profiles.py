"""Initial profiles that meet the conditions at the ends, and the usual conditions of a linear diffusion."""

from __future__ import annotations

import sympy

from orchestrator.core.errors import UserError
from orchestrator.problems.forms import Normal, normal_form
from orchestrator.problems.held_ends import with_held_ends
from orchestrator.problems.posed_counts import orders
from orchestrator.problems.posed_data import CORNER
from orchestrator.problems.posed_states import given_at, solved
from orchestrator.problems.statement import Problem
from orchestrator.problems.symbols import expression, symbol
from orchestrator.problems.vocabulary import TIME

Row = tuple[float, float, float]  # (a, b, value) of a*u + b*u_x = value at an end, at the start


def with_fitting_start(statement: Problem) -> tuple[Problem, tuple[str, ...]]:
    """The statement with an initial profile that meets its ends, and a note; as it was where it meets them already.

    For one field in one space coordinate and time, whose ends have one linear condition each, or are periodic.
    """
    form = normal_form(statement)
    letter = _along(form)
    if letter is None or _meets(form, letter):
        return statement, ()
    name, start = form.fields[0], {TIME: form.ends[TIME][0]}
    made = _profile(form, letter)
    if made is None:
        return statement, ()
    kept = [
        {"at": dict(at), "is": [f"{text} = 0" for text in texts if at != start or solved(text, name, form) is None]}
        for at, texts in form.conditions
    ]
    conditions = [*(one for one in kept if one["is"]), {"at": start, "is": [f"{name} = {made}"]}]
    told = {**statement.as_json(), "conditions": conditions, "exact": {}}
    note = f"The request gives no initial condition: {name} = {made} was taken, which fits the conditions at the ends."
    return Problem.model_validate(told), (note,)


def with_usual_conditions(statement: Problem) -> tuple[Problem, tuple[str, ...]]:
    """A linear diffusion with what its user left out: a sine and ends at zero, or ends held at the initial values.

    Conditions at the ends without initial ones are left as they are, and so is every other kind of problem.
    """
    try:
        form = normal_form(statement)
    except UserError:
        return statement, ()  # which `pose` will say
    letter = _along(form)
    if letter is None or form.periodic or not _is_diffusion(form, letter):
        return statement, ()
    if any(TIME not in at for at, _ in form.conditions):
        return statement, ()
    name = form.fields[0]
    ends = [f"{name} = 0 at {letter} = {letter}_low", f"{name} = 0 at {letter} = {letter}_high"]
    told = {**statement.as_json(), "conditions": [*statement.as_json().get("conditions", []), *ends]}  # type: ignore[misc]
    if form.conditions:
        made, notes = with_held_ends(Problem.model_validate(told), statement)
        return made, ("The request gives no boundary conditions: the values at both ends are held (Dirichlet).", *notes)
    profile = f"sin(pi*({letter} - {letter}_low)/{letter}_length)"
    told["conditions"] = [f"{name} = {profile} at t = t_low", *ends]
    note = f"The request gives no conditions: {name} = {profile} at the start and {name} = 0 at both ends were taken."
    return Problem.model_validate(told), (note,)


def _along(form: Normal) -> str | None:
    """The space coordinate of a problem with one field, one of these, and time."""
    space = [letter for letter in form.coordinates if letter != TIME]
    return space[0] if len(form.fields) == 1 and len(space) == 1 and TIME in form.ends else None


def _is_diffusion(form: Normal, letter: str) -> bool:
    """Linear, of first order in time and second in space."""
    name = form.fields[0]
    highest = orders(form)[name]
    held = [symbol(one) for one in (name, *(f"{name}_{by}" for by in (TIME, letter, letter * 2)))]
    expr = expression(form.equations[0])
    linear = not any(sympy.diff(expr, one, other) != 0 for one in held for other in held)
    return linear and highest[TIME] == 1 and highest[letter] == 2


def _meets(form: Normal, letter: str) -> bool:
    """Whether the initial profile meets the ends, in value and slope; True where that cannot be told."""
    name, low, high = form.fields[0], *form.ends[letter]
    profiles = [
        made for text in given_at(form, {TIME: form.ends[TIME][0]}) if (made := solved(text, name, form)) is not None
    ]
    if not profiles:
        return True
    profile = profiles[0].subs({symbol(TIME): form.ends[TIME][0], **{symbol(a): b for a, b in form.guesses().items()}})
    slope, place = sympy.diff(profile, symbol(letter)), symbol(letter)
    try:
        values = [[float(one.subs(place, end)) for one in (profile, slope)] for end in (low, high)]
        scale = max(abs(float(profile.subs(place, low + (high - low) * part / 8))) for part in range(9))
    except TypeError:
        return True
    size = max(scale, 1e-12)
    if letter in form.periodic:
        return abs(values[0][0] - values[1][0]) <= CORNER * size
    rows = [_row(form, letter, end) for end in (low, high)]
    return all(
        row is None or abs(row[0] * held[0] + row[1] * held[1] - row[2])
        <= CORNER * max(abs(row[2]), (abs(row[0]) + abs(row[1]) / (high - low)) * size)
        for row, held in zip(rows, values, strict=True)
    )  # fmt: skip


def _row(form: Normal, letter: str, end: float) -> Row | None:
    """The one linear condition at an end, at the start; None where it is another."""
    texts = given_at(form, {letter: end})
    if len(texts) != 1:
        return None
    name = form.fields[0]
    level, slope = symbol(name), symbol(f"{name}_{letter}")
    expr = expression(texts[0])
    at = {symbol(letter): end, symbol(TIME): form.ends[TIME][0], **{symbol(a): b for a, b in form.guesses().items()}}
    parts = [sympy.diff(expr, level), sympy.diff(expr, slope), -expr.subs({level: 0, slope: 0})]
    try:
        a, b, value = (float(part.subs(at)) for part in parts)
    except TypeError:
        return None
    return (a, b, value) if a or b else None


def _profile(form: Normal, letter: str) -> str | None:
    """A sine or a cosine where the conditions are homogeneous, else a line with a sine or a parabola."""
    low, high = form.ends[letter]
    shifted = letter if low == 0 else f"({letter} - {low:.15g})" if low > 0 else f"({letter} + {-low:.15g})"
    part = shifted if high - low == 1 else f"{shifted}/{high - low:.15g}"
    if letter in form.periodic:
        return f"sin(2*pi*{part})"
    rows = [_row(form, letter, end) for end in (low, high)]
    first, last = rows
    if first is None or last is None:
        return None
    kinds = tuple("robin" if row[0] and row[1] else "slope" if row[1] else "value" for row in (first, last))
    still = first[2] == last[2] == 0.0
    waves = {
        ("value", "value"): f"sin(pi*{part})", ("slope", "slope"): f"cos(pi*{part})",
        ("value", "slope"): f"sin(pi*{part}/2)", ("slope", "value"): f"cos(pi*{part}/2)",
    }  # fmt: skip
    if still and kinds in waves:
        return waves[kinds]
    if kinds == ("value", "value"):
        left, right = first[2] / first[0], last[2] / last[0]
        return f"{left:.15g} + ({right - left:.15g})*{part} + sin(pi*{part})"
    return _parabola(first, last, high - low, shifted)


def _parabola(first: Row, last: Row, length: float, shifted: str) -> str | None:
    """level + rise s + bend s² with s = x - low; the bend has no say at the left end."""
    (a, b, value), (a_r, b_r, value_r) = first, last
    level, rise = (1.0, (value - a) / b) if b else (value / a, 1.0)
    factor = a_r * length**2 + 2 * b_r * length
    if factor == 0.0:
        return None
    bend = (value_r - a_r * (level + rise * length) - b_r * rise) / factor
    parts = ((level, ""), (rise, f"*{shifted}"), (bend, f"*{shifted}**2"))
    return " + ".join(f"({value:.15g}){by}" for value, by in parts if value) or "0"
