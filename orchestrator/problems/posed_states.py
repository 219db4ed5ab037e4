"""Plausible values of the fields, on which the type of a nonlinear equation depends: from its data or closed form."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import sympy

from orchestrator.problems.forms import Normal
from orchestrator.problems.places import At
from orchestrator.problems.symbols import Array, expression, symbol, value
from orchestrator.problems.vocabulary import TIME

COUNT = 48  # points at which coefficients are looked at
State = dict[str, Array]


def state(form: Normal, at: Mapping[str, float], seed: int = 0) -> State:
    """Points spread over the box, ends included (or over the face `at`), with all names' values there.

    A field takes its closed form, else what a condition on the face or at the start says, else smooth random values:
    a heuristic where the equation is not linear, and of no influence where it is.
    """
    random = np.random.default_rng(seed)
    points = {
        letter: np.full(COUNT, at[letter]) if letter in at else random.permutation(np.linspace(low, high, COUNT))
        for letter, (low, high) in form.ends.items()
    }
    found: State = {**{name: np.full(COUNT, told) for name, told in form.guesses().items()}, **points}
    profiles = _profiles(form, at)
    names = {used.name for text in _texts(form) for used in expression(text).free_symbols}
    for name in sorted(names):
        partial = form.vocabulary.partial(name)
        if partial is None:
            continue
        profile = profiles.get(partial[0])
        if profile is None:
            found[name] = random.normal(size=COUNT)
            continue
        profile = _differentiated(profile, form.coordinates, partial[1])
        told = np.broadcast_to(np.asarray(value(profile, found), dtype=np.float64), (COUNT,))
        found[name] = np.where(np.isfinite(told), told, 0.0)
    return found


def solved(text: str, name: str, form: Normal) -> sympy.Expr | None:
    """The value that a condition gives to a field or derivative: it must be linear in it and hold no other."""
    expr = expression(text)
    held = [used for used in expr.free_symbols if form.vocabulary.partial(used.name)]
    if [used.name for used in held] != [name]:
        return None
    factor = sympy.diff(expr, held[0])
    if factor.has(held[0]) or factor == 0:
        return None
    return -expr.xreplace({held[0]: sympy.Integer(0)}) / factor


def given_at(form: Normal, at: At) -> list[str]:
    """The texts of the conditions at exactly this place."""
    return [text for place, texts in form.conditions if place == at for text in texts]


@lru_cache(maxsize=1024)
def _differentiated(expr: sympy.Expr, letters: tuple[str, ...], orders: tuple[int, ...]) -> sympy.Expr:
    for letter, order in zip(letters, orders, strict=True):
        expr = sympy.diff(expr, symbol(letter), order) if order else expr
    return expr


def _profiles(form: Normal, at: Mapping[str, float]) -> dict[str, sympy.Expr]:
    if form.exact:
        return {name: expression(text) for name, text in form.exact.items()}
    found: dict[str, sympy.Expr] = {}
    start = {TIME: form.ends[TIME][0]} if TIME in form.ends else {}
    for place in (dict(at), start, *(place for place, _ in form.conditions)):
        for text in given_at(form, place):
            for name in form.fields:
                made = solved(text, name, form)
                if made is not None:
                    found.setdefault(name, made)
    return found


def _texts(form: Normal) -> list[str]:
    return [*form.equations, *(text for _, texts in form.conditions for text in texts)]
