"""Reads the kind of a problem from its symbols."""

from __future__ import annotations

import sympy

from orchestrator.planners.rules.traits import Traits
from orchestrator.problems.forms import Normal
from orchestrator.problems.symbols import expression, symbol, value


def traits(form: Normal) -> Traits:
    """Read from the symbols."""
    names = form.vocabulary
    found = [expression(text) for text in form.equations]
    partials = {part.name: names.partial(part.name) for one in found for part in one.free_symbols}
    held = {name: told for name, told in partials.items() if told is not None}
    orders = {
        letter: max((told[1][place] for told in held.values()), default=0)
        for place, letter in enumerate(form.coordinates)
    }
    linear = not any(_curved(one, sorted(set(held) & {part.name for part in one.free_symbols})) for one in found)
    ends = form.ends.get("t")
    return Traits(
        form.coordinates,
        form.fields,
        orders,
        linear,
        _smallest(form, found, held, orders),
        ends[1] - ends[0] if ends else 0.0,
    )


def _curved(one: sympy.Expr, names: list[str]) -> bool:
    """Whether a field stands in a product with one, in a power or in a function."""
    return any(sympy.diff(one, symbol(first), symbol(second)) != 0 for first in names for second in names)


def _smallest(
    form: Normal, found: list[sympy.Expr], held: dict[str, tuple[str, tuple[int, ...]]], orders: dict[str, int]
) -> float | None:
    """The smallest constant factor of a highest spatial derivative; None where there is none."""
    values = form.guesses()
    sizes = []
    for one in found:
        for name, (_, by) in held.items():
            highest = any(
                by[place] == orders[letter] >= 2 for place, letter in enumerate(form.coordinates) if letter != "t"
            )
            factor = sympy.diff(one, symbol(name)) if highest and symbol(name) in one.free_symbols else None
            if factor is not None and all(part.name in values for part in factor.free_symbols):
                sizes.append(abs(float(value(factor, values))))
    return min(sizes) if sizes else None
