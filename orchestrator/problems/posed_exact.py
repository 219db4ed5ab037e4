"""Whether a closed form satisfies the equations and conditions that it is said to solve."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sympy

from orchestrator.problems.faults import Fault, Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.symbols import Array, expression, symbol, value

_POINTS = 64
_TOLERANCE = 1e-6  # of a residual, relative to the sizes of its terms


def exact_faults(form: Normal) -> list[Fault]:
    """One fault for each equation and condition that the closed form does not satisfy, with the residual's size."""
    faults = Faults()
    if not form.exact:
        return faults.found
    fields = {name: expression(text) for name, text in form.exact.items()}
    points = inside(form, np.random.default_rng(0))
    for index, text in enumerate(form.equations):
        _judge(form, text, fields, points, ("equations", str(index)), "the equation", faults)
    for at, texts in form.conditions:
        held = {**points, **{letter: np.full(_POINTS, end) for letter, end in at.items()}}
        place = ", ".join(f"{letter} = {end:g}" for letter, end in at.items())
        for text in texts:
            _judge(form, text, fields, held, ("exact",), f"the condition at {place}", faults)
    for letter in form.periodic:
        low, high = form.ends[letter]
        for name in form.fields:
            ends = [_at(fields[name], form, {**points, letter: np.full(_POINTS, end)}) for end in (low, high)]
            if np.max(np.abs(ends[0] - ends[1])) > _TOLERANCE * (np.max(np.abs(ends[0])) + 1e-12):
                faults.add(("exact", name), f"the exact solution of {name} is not periodic in {letter}", "Correct it.")
    return faults.found


def inside(form: Normal, random: np.random.Generator, count: int = _POINTS) -> dict[str, Array]:
    """Random points of the box, coordinate by coordinate."""
    return {letter: random.uniform(low, high, count) for letter, (low, high) in form.ends.items()}


def substituted(expr: sympy.Expr, form: Normal, fields: Mapping[str, sympy.Expr]) -> sympy.Expr:
    """The expression with every field and derivative replaced by those of a closed form."""
    put = {}
    for used in expr.free_symbols:
        found = form.vocabulary.partial(used.name)
        if found and found[0] in fields:
            made = fields[found[0]]
            for letter, order in zip(form.coordinates, found[1], strict=True):
                made = sympy.diff(made, symbol(letter), order) if order else made
            put[used] = made
    return expr.xreplace(put)


def _at(expr: sympy.Expr, form: Normal, points: Mapping[str, Array]) -> Array:
    found = value(expr, {**form.guesses(), **points})
    return np.broadcast_to(np.asarray(found, dtype=np.float64), (len(next(iter(points.values()))),))


def _judge(
    form: Normal, text: str, fields: Mapping[str, sympy.Expr], points: Mapping[str, Array], where: tuple[str, ...],
    what: str, faults: Faults,
) -> None:  # fmt: skip
    expr = expression(text)
    made = [substituted(term, form, fields) for term in sympy.Add.make_args(sympy.expand(expr))]
    residual = np.sum([_at(term, form, points) for term in made], axis=0)
    everywhere = inside(form, np.random.default_rng(1))
    sizes = np.array([_at(term, form, where_) for term in made for where_ in (points, everywhere)])
    scale = float(np.max(np.abs(sizes[np.isfinite(sizes)]), initial=0.0))
    if not np.all(np.isfinite(residual)):
        faults.add(where, f"the exact solution is not finite where {what} {text!r} holds", "Correct the closed form.")
    elif np.max(np.abs(residual)) > _TOLERANCE * max(scale, 1e-12):
        faults.add(
            where,
            f"the exact solution does not satisfy {what} {text!r}: the residual reaches "
            f"{np.max(np.abs(residual)):.3g}, its terms {scale:.3g}",
            "Correct the closed form or leave it out.",
        )
