"""Symmetries: maps of the box onto itself that carry equations and conditions into themselves.

Where the solution is unique it has every symmetry of its problem: the mapped solution solves the same problem.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations, product

import numpy as np
import sympy
from numpy.typing import NDArray

from skills.runtime.laws.field import Sampled
from skills.runtime.laws.grid import axes
from skills.runtime.laws.jets import Jets, equations, number, with_numbers
from skills.runtime.laws.law import Law
from skills.runtime.problem import TIME, Problem
from skills.runtime.symbols import symbol

Array = NDArray[np.float64]
SAMPLES = 64
EQUAL = 1e-9  # relative
MOST_FIELDS = 3
Place = frozenset[tuple[str, float]]


@dataclass(frozen=True)
class Mirror:
    """The fields times `signs` are the same at mapped points: coordinates `turned` run backwards, `shifted` go on by
    half a period, and the two `swapped` take each other's place.
    """

    name: str
    turned: tuple[str, ...] = ()
    shifted: str = ""
    swapped: tuple[str, ...] = ()
    signs: tuple[int, ...] = ()

    def mapped(self, problem: Problem, values: dict[str, Array | float]) -> dict[str, Array | float]:
        """Coordinates of the image point."""
        found = dict(values)
        for name in self.turned:
            axis = problem.axis(name)
            found[name] = axis.low + (axis.high - values[name])
        if self.shifted:
            axis = problem.axis(self.shifted)
            found[self.shifted] = axis.low + (values[self.shifted] - axis.low + axis.length / 2) % axis.length
        if self.swapped:
            one, other = self.swapped
            found[one], found[other] = values[other], values[one]
        return found

    def told(self, problem: Problem, field: int) -> str:
        sign = "-" if self.signs[field] < 0 else ""
        words = {name: name for name in problem.names}
        ends = {name: problem.axis(name).low + problem.axis(name).high for name in self.turned}
        words |= {name: f"{total:g} - {name}" if total else f"-{name}" for name, total in ends.items()}
        if self.shifted:
            words[self.shifted] = f"{self.shifted} + {problem.axis(self.shifted).length / 2:g}"
        if self.swapped:
            words |= dict(zip(self.swapped, self.swapped[::-1], strict=True))
        name = problem.fields[field]
        return f"{name}({', '.join(words.values())}) = {sign}{name}({', '.join(problem.names)})"


def mirrors(problem: Problem) -> tuple[Mirror, ...]:
    """Those found, with the signs of the fields; none where the solution may not be unique (steady and nonlinear)."""
    return _mirrors(problem.model_dump_json())


def statement(problem: Problem, one: Mirror) -> Law:
    formula = ", ".join(one.told(problem, field) for field in range(len(problem.fields)))
    text = "the problem is mapped onto itself, so its one solution is"
    return Law(name=one.name, statement=f"{text}: {formula}", formula=formula)


def miss(field: Sampled, one: Mirror) -> float:
    """The relative L2 difference of each field from the mapped one, the worst of them.

    A field with the relative L2 error e misses each symmetry by at most 2 e in this norm; in the maximum norm no bound
    follows from e, and at a steep front a thin layer would rule.
    """
    found = field.values
    for name in one.turned:
        found = np.flip(found, field.problem.names.index(name))
    if one.shifted:
        place = field.problem.names.index(one.shifted)
        half = found.shape[place] // 2
        found = np.concatenate([np.take(found, range(half, found.shape[place]), place),
                                np.take(found, range(1, half + 1), place)], place)  # fmt: skip
    if one.swapped:
        found = np.swapaxes(found, *(field.problem.names.index(name) for name in one.swapped))
    gap, size = _squares(field, found * np.array(one.signs) - field.values), _squares(field, field.values)
    return float(np.sqrt(gap / np.where(size > 0, size, 1.0)).max())


def _squares(field: Sampled, values: Array) -> Array:
    """The integral of the square over the whole box, field by field (fields,)."""
    found = values**2
    for axis in field.axes:
        found = axis.integral(np.moveaxis(found, 0, -1), -1)
    return found


@lru_cache(maxsize=64)
def _mirrors(problem_text: str) -> tuple[Mirror, ...]:
    problem = Problem.model_validate_json(problem_text)
    if not problem.space or len(problem.fields) > MOST_FIELDS or not (problem.timed or problem.linear):
        return ()
    found: list[Mirror] = []
    for trial in _trials(problem):
        if any(set(one.turned) and set(one.turned) < set(trial.turned) for one in found):
            continue
        for signs in product((1, -1), repeat=len(problem.fields)):
            one = Mirror(trial.name, trial.turned, trial.shifted, trial.swapped, signs)
            if _holds(problem, one):
                found.append(one)
                break
    return tuple(found)


def _trials(problem: Problem) -> Iterator[Mirror]:
    space = problem.space
    for name in space:
        yield Mirror(f"symmetry_{name}", turned=(name,))
    for count in range(2, len(space) + 1):
        for names in combinations(space, count):
            yield Mirror(f"symmetry_{''.join(names)}", turned=names)
    for name in problem.periodic:
        if name != TIME and axes(problem)[problem.names.index(name)].panels % 2 == 0:
            yield Mirror(f"symmetry_shift_{name}", shifted=name)
    for one, other in combinations(space, 2):
        a, b = problem.axis(one), problem.axis(other)
        if (a.low, a.high) == (b.low, b.high):
            yield Mirror(f"symmetry_swap_{one}{other}", swapped=(one, other))


def _holds(problem: Problem, one: Mirror) -> bool:
    """Whether each equation, and each condition where it holds, becomes one of its like or minus one."""
    if {one.shifted} & {name for condition in problem.conditions for name in condition.at}:
        return False
    if (set(one.swapped) & set(problem.periodic)) not in (set(), set(one.swapped)):
        return False
    places: dict[Place, list[sympy.Expr]] = {}
    for condition, forms in zip(problem.conditions, problem.condition_forms, strict=True):
        places.setdefault(frozenset(condition.at.items()), []).extend(with_numbers(form, problem) for form in forms)
    if not _same(problem, one, list(equations(problem)), list(equations(problem)), {}):
        return False
    for place, held in places.items():
        image = frozenset(_image(problem, one, dict(place)).items())
        if image not in places or not _same(problem, one, held, places[image], dict(place)):
            return False
    return True


def _image(problem: Problem, one: Mirror, at: dict[str, float]) -> dict[str, float]:
    renamed = dict(zip(one.swapped, one.swapped[::-1], strict=True))
    found = {}
    for name, value in at.items():
        axis = problem.axis(name)
        turned = (axis.high if value == axis.low else axis.low) if name in one.turned else value
        found[renamed.get(name, name)] = turned
    return found


def _same(
    problem: Problem, one: Mirror, held: list[sympy.Expr], images: list[sympy.Expr], at: dict[str, float]
) -> bool:
    """Compared at random values of coordinates and derivatives: `held` for the mapped field against `images`."""
    here, there = _values(problem, one, [*held, *images], at)
    before = [np.broadcast_to(number(problem, expr)(here), SAMPLES) for expr in held]
    after = [np.broadcast_to(number(problem, expr)(there), SAMPLES) for expr in images]
    return len(before) == len(after) and all(any(_equal(a, b) or _equal(a, -b) for b in after) for a in before)


def _equal(one: Array, other: Array) -> bool:
    return bool(np.abs(one - other).max() <= EQUAL * (np.abs(one).max() + np.abs(other).max()))


def _values(
    problem: Problem, one: Mirror, used: list[sympy.Expr], at: dict[str, float]
) -> tuple[dict[str, Array | float], dict[str, Array | float]]:
    """The mapped field's values at random points, and the field's own at their images."""
    jets, draw = Jets(problem.vocabulary), np.random.default_rng(SAMPLES)
    here: dict[str, Array | float] = {}
    for name in problem.names:
        axis = problem.axis(name)
        here[name] = np.full(SAMPLES, at[name]) if name in at else draw.uniform(axis.low, axis.high, SAMPLES)
    there = one.mapped(problem, here)
    renamed = dict(zip(one.swapped, one.swapped[::-1], strict=True))
    names = {name for expr in used for name in expr.free_symbols} | {symbol(field) for field in problem.fields}
    for name in sorted(names, key=str):
        partial = jets.partial(name)
        if partial is None:
            continue
        by = {renamed.get(letter, letter): count for letter, count in zip(problem.names, partial.orders, strict=True)}
        image = jets.field(partial.field, **by)
        for needed in (image.name, name.name):
            there.setdefault(needed, draw.uniform(-1.5, 1.5, SAMPLES))
        turns = sum(partial.orders[problem.names.index(letter)] for letter in one.turned)
        here[name.name] = one.signs[problem.fields.index(partial.field)] * (-1) ** turns * there[image.name]
    return here, there
