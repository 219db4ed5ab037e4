"""A problem as a system of first order in time: higher time derivatives become fields of their own."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from skills.runtime.job import UserMistake
from skills.runtime.problem import TIME, Problem
from skills.runtime.symbols import Form, Partial, Vocabulary, symbol


@dataclass(frozen=True)
class Face:
    """Equations that hold on a part of the boundary of space at all times."""

    at: Mapping[str, float]
    forms: tuple[Form, ...]


@dataclass(frozen=True)
class Evolution:
    """Equations, faces and initial equations in `fields`: the problem's own first, then their time derivatives.

    Without a time to march in, `start` is empty, and t (if there is one) is a coordinate like any other.
    """

    problem: Problem
    space: tuple[str, ...]
    fields: tuple[str, ...]
    vocabulary: Vocabulary
    equations: tuple[Form, ...]
    faces: tuple[Face, ...]
    start: tuple[Form, ...]

    @property
    def marches(self) -> bool:
        return bool(self.start)

    @cached_property
    def partials(self) -> tuple[Partial, ...]:
        forms = (*self.equations, *(form for face in self.faces for form in face.forms))
        return tuple(sorted({partial for form in forms for partial in form.partials}))

    def rate(self, partial: Partial) -> bool:
        """Whether it holds a time derivative (of first order, as none is higher here)."""
        return self.marches and partial.orders[self.vocabulary.coordinates.index(TIME)] > 0

    def space_orders(self, partial: Partial) -> tuple[int, ...]:
        return tuple(partial.orders[self.vocabulary.coordinates.index(name)] for name in self.space)

    def order(self, form: Form) -> int:
        """The highest order in space."""
        return max((sum(self.space_orders(partial)) for partial in form.partials), default=0)

    @cached_property
    def differential(self) -> tuple[bool, ...]:
        """Field by field, whether a time derivative of it stands in an equation."""
        held = {partial.field for form in self.equations for partial in form.partials if self.rate(partial)}
        return tuple(field in held for field in self.fields)

    @cached_property
    def changes(self) -> bool:
        """Whether derivatives of the equations change with time or with the fields."""
        names = {TIME, *(self.vocabulary.name(partial) for partial in self.partials)}
        forms = (*self.equations, *(form for face in self.faces for form in face.forms))
        return any(form.by(self.vocabulary.name(partial)).names & names for form in forms for partial in form.partials)


def evolution(problem: Problem) -> Evolution:
    """Marching in time where all conditions in t are at its start, and there are some; else a steady problem."""
    ends = {one.at[TIME] for one in problem.conditions if TIME in one.at}
    if not problem.timed or TIME in problem.periodic or ends != {problem.axis(TIME).low}:
        faces = tuple(Face(c.at, f) for c, f in zip(problem.conditions, problem.condition_forms, strict=True))
        return Evolution(problem, problem.names, problem.fields, problem.vocabulary, problem.forms, faces, ())
    orders = {field: problem.order(TIME, field) for field in problem.fields}
    states = _states(problem, orders)
    fields = (*problem.fields, *(name for chain in states.values() for name in chain[1:]))
    vocabulary = Vocabulary(problem.names, fields, problem.vocabulary.parameters)
    lowered = _Lowered(problem, states, vocabulary)
    told = list(zip(problem.conditions, problem.condition_forms, strict=True))
    start = [form for one, forms in told if set(one.at) == {TIME} for form in forms]
    faces = [Face(one.at, tuple(map(lowered, forms))) for one, forms in told if TIME not in one.at]
    equations = (*map(lowered, problem.forms), *_chains(states, vocabulary))
    return Evolution(problem, problem.space, fields, vocabulary, equations, tuple(faces), tuple(map(lowered, start)))


def _states(problem: Problem, orders: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    taken, found = {*problem.fields, *problem.vocabulary.parameters}, {}
    for field, order in orders.items():
        chain = [field]
        while len(chain) < order:
            name = chain[-1].replace("_", "") + "dot"
            while name in taken:
                name += "q"
            taken.add(name)
            chain.append(name)
        found[field] = tuple(chain)
    return found


def _chains(states: Mapping[str, tuple[str, ...]], vocabulary: Vocabulary) -> list[Form]:
    """u_t = udot, and so on."""
    pairs = [pair for chain in states.values() for pair in itertools.pairwise(chain)]
    exprs = [symbol(f"{lower}_{TIME}") - symbol(upper) for lower, upper in pairs]
    return [Form(str(expr), expr, vocabulary) for expr in exprs]


@dataclass(frozen=True)
class _Lowered:
    problem: Problem
    states: Mapping[str, tuple[str, ...]]
    vocabulary: Vocabulary

    def __call__(self, form: Form) -> Form:
        swaps = {symbol(form.vocabulary.name(p)): symbol(self.vocabulary.name(self._moved(p))) for p in form.partials}
        expr = form.expr.xreplace(swaps)
        return Form(str(expr), expr, self.vocabulary)

    def _moved(self, partial: Partial) -> Partial:
        place = self.problem.names.index(TIME)
        chain, order = self.states[partial.field], partial.orders[place]
        held = min(order, len(chain) - 1)
        if order - held > 1:
            raise UserMistake(
                f"{self.problem.vocabulary.name(partial)} is of a higher order in time than the equations",
                "state conditions with lower derivatives",
            )
        orders = (*partial.orders[:place], order - held, *partial.orders[place + 1 :])
        return Partial(chain[held], orders)
