"""The data of a problem: finite where they are needed, and of one mind where two of them meet."""

from __future__ import annotations

import itertools

import numpy as np
import sympy

from orchestrator.core.sizes import REMEDY as SIZE_REMEDY
from orchestrator.core.sizes import size_fault
from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.places import At
from orchestrator.problems.posed_exact import substituted
from orchestrator.problems.posed_states import given_at, solved
from orchestrator.problems.posed_type import March
from orchestrator.problems.symbols import Array, expression, symbol, value

CORNER = 1e-4  # largest jump between data that meet, relative to their size
_COUNT = 33
_REMEDY = "Let the initial values meet the boundary values."


def check_finite(form: Normal, faults: Faults) -> None:
    """Every part of equations and conditions without fields must have a value wherever it holds, no overflowing one."""
    for index, text in enumerate(form.equations):
        _finite(form, text, {}, ("equations", str(index)), faults)
    for at, texts in form.conditions:
        for text in texts:
            _finite(form, text, at, ("conditions",), faults)


def check_corners(form: Normal, along: March, faults: Faults) -> tuple[str, ...]:
    """Initial values against the faces and the period; notes where only derivatives, or sides in space, disagree."""
    notes: list[str] = []
    if along.coordinate is not None:
        start = {along.coordinate: form.ends[along.coordinate][1 if along.backward else 0]}
        profiles = _values(form, start)
        for letter in form.coordinates:
            if letter in form.periodic:
                notes += _across(form, letter, start, profiles, faults)
                continue
            for end in form.ends[letter]:
                if letter not in start:
                    notes += _corner(form, {letter: end}, start, profiles, faults)
    return (*notes, *_edges(form, along))


def constants(form: Normal, faults: Faults) -> None:
    """A field that is nowhere without a derivative is fixed only up to a constant."""
    texts = [*form.equations, *(text for _, held in form.conditions for text in held)]
    used = {one.name for text in texts for one in expression(text).free_symbols}
    for name in form.fields:
        if name not in used:
            corner = ", ".join(f"{low:g}" if letter != "t" else "t" for letter, (low, _) in form.ends.items())
            faults.add(
                ("conditions",),
                f"{name} stands in no equation or condition without a derivative: it is fixed only up to a constant",
                f"Pin it at a point, e.g. {name}({corner}) = 0.",
            )


def grid(form: Normal, at: At) -> dict[str, Array]:
    """Points spread over the box or a face of it, all corners among them."""
    random = np.random.default_rng(7)
    corners = np.array(list(itertools.product(*(form.ends[letter] for letter in form.coordinates))))
    spread = np.stack([random.permutation(np.linspace(low, high, _COUNT)) for low, high in form.ends.values()], axis=1)
    middle = np.array([[(low + high) / 2 for low, high in form.ends.values()]])
    points = np.concatenate([corners, middle, spread])
    return {
        letter: np.full(len(points), at[letter]) if letter in at else points[:, index]
        for index, letter in enumerate(form.coordinates)
    }


def _finite(form: Normal, text: str, at: At, where: tuple[str, ...], faults: Faults) -> None:
    points = grid(form, at)
    for part in _data(expression(text), form):
        told = np.asarray(value(part, {**form.guesses(), **points}), dtype=np.float64)
        told = np.broadcast_to(told, (len(points[form.coordinates[0]]),))
        if not np.all(np.isfinite(told)):
            spot = int(np.argmin(np.isfinite(told)))
            place = ", ".join(f"{letter} = {points[letter][spot]:g}" for letter in form.coordinates)
            faults.add(
                where,
                f"{str(part).replace('Abs', 'abs')!r} in {text!r} has no finite value at {place}",
                "Multiply the equation by what vanishes there, or leave that place out of the domain.",
            )
            return
        spot = int(np.argmax(np.abs(told)))
        if fault := size_fault(float(told[spot])):
            if part.is_number:
                told_of = f"the number {told[spot]:g} in {text!r}"
            else:
                told_of = f"what is given in {text!r} reaches {abs(told[spot]):g}, which"
            faults.add(where, f"{told_of} {fault}", SIZE_REMEDY)
            return


def _data(expr: sympy.Expr, form: Normal) -> list[sympy.Expr]:
    """The largest parts that hold no field."""
    if not any(form.vocabulary.partial(used.name) for used in expr.free_symbols):
        return [expr]
    if expr.is_Mul or expr.is_Add:
        plain = [part for part in expr.args if not any(form.vocabulary.partial(one.name) for one in part.free_symbols)]
        rest = [part for part in expr.args if part not in plain]
        return [*([expr.func(*plain)] if plain else []), *(one for part in rest for one in _data(part, form))]
    return [one for part in expr.args for one in _data(part, form)]


def _values(form: Normal, start: At) -> dict[str, sympy.Expr]:
    """What the initial conditions say of each field, where they say it outright."""
    found: dict[str, sympy.Expr] = {}
    for name in form.fields:
        for text in given_at(form, start):
            made = solved(text, name, form)
            if made is not None:
                found.setdefault(name, made.xreplace({symbol(one): sympy.Float(end) for one, end in start.items()}))
    return found


def _at(expr: sympy.Expr, form: Normal, points: dict[str, Array]) -> Array:
    found = np.asarray(value(expr, {**form.guesses(), **points}), dtype=np.float64)
    return np.broadcast_to(found, (len(points[form.coordinates[0]]),))


def _corner(form: Normal, face: At, start: At, profiles: dict[str, sympy.Expr], faults: Faults) -> list[str]:
    notes = []
    points = grid(form, {**face, **start})
    place = ", ".join(f"{letter} = {end:g}" for letter, end in {**face, **start}.items())
    marched = form.coordinates.index(next(iter(start)))
    for text in given_at(form, face):
        expr = expression(text)
        held = [one for used in expr.free_symbols if (one := form.vocabulary.partial(used.name))]
        if any(one[0] not in profiles or one[1][marched] for one in held):
            continue
        gap = np.abs(_at(substituted(expr, form, profiles), form, points))
        inside = [_at(profiles[one[0]], form, grid(form, start)) for one in held]
        sizes = [_at(substituted(term, form, profiles), form, points) for term in sympy.Add.make_args(expr)]
        scale = max(float(np.max(np.abs(one))) for one in (*inside, *sizes, np.full(1, 1e-12)))
        if np.max(gap) <= CORNER * scale:
            continue
        if any(any(one[1]) for one in held):
            notes.append(
                f"The initial values do not meet the condition {text!r} = 0 at {place}: a layer will form there."
            )
            continue
        spot = int(np.argmax(gap))
        name = held[0][0]
        told = float(_at(profiles[name], form, points)[spot])
        faults.add(
            ("conditions",),
            f"initial and boundary condition contradict each other at {place}: the initial value of {name} is "
            f"{told:.6g}, the condition there {text!r} = 0 is missed by {gap[spot]:.3g}",
            _REMEDY,
        )
    return notes


def _across(form: Normal, letter: str, start: At, profiles: dict[str, sympy.Expr], faults: Faults) -> list[str]:
    """Whether initial values are periodic."""
    notes = []
    low, high = form.ends[letter]
    for name, profile in profiles.items():
        first, last = (_at(profile, form, grid(form, {**start, letter: end})) for end in (low, high))
        scale = max(float(np.max(np.abs(_at(profile, form, grid(form, start))))), 1e-12)
        gap = float(np.max(np.abs(first - last)))
        if gap > CORNER * scale:
            faults.add(
                ("conditions",),
                f"{letter} is periodic, but the initial value of {name} is not: {first[0]:.6g} at {letter} = {low:g}, "
                f"{last[0]:.6g} at {letter} = {high:g}",
                "Give initial values that are equal at both ends.",
            )
            continue
        slope = sympy.diff(profile, symbol(letter))
        ends = [_at(slope, form, grid(form, {**start, letter: end})) for end in (low, high)]
        if float(np.max(np.abs(ends[0] - ends[1]))) > 1e-3 * max(scale / (high - low), float(np.max(np.abs(ends[0])))):
            notes.append(f"The slope of the initial {name} jumps across the period of {letter}.")
    return notes


def _edges(form: Normal, along: March) -> list[str]:
    """Values on two sides in space that jump where these meet: bounded, but singular there."""
    faces = [
        (letter, end)
        for letter in form.coordinates if letter not in form.periodic and letter != along.coordinate
        for end in form.ends[letter]
    ]  # fmt: skip
    found = []
    for (one, low), (other, high) in itertools.combinations(faces, 2):
        if one == other:
            continue
        points = grid(form, {one: low, other: high})
        first, second = _values(form, {one: low}), _values(form, {other: high})
        for name in sorted(set(first) & set(second)):
            told = [_at(side[name], form, points) for side in (first, second)]
            sizes = [_at(first[name], form, grid(form, {one: low})), _at(second[name], form, grid(form, {other: high}))]
            scale = max(float(np.max(np.abs(size))) for size in (*sizes, np.full(1, 1e-12)))
            if float(np.max(np.abs(told[0] - told[1]))) > CORNER * scale:
                found.append(
                    f"{name} jumps at the edge {one} = {low:g}, {other} = {high:g}: the solution is singular there."
                )
    return found
