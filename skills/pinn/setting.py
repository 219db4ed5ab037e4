"""A problem on a window of its box, made ready for training: scales, clashes of its data, rows at any points."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import sympy
import torch
from numpy.typing import NDArray

from skills.pinn.channels import Channels
from skills.pinn.domain import Domain
from skills.pinn.frame import Frame
from skills.pinn.given import Clash, clashes, solved
from skills.pinn.observed import Observed
from skills.pinn.rows import Block, Rows, Segment, Values
from skills.pinn.scales import Scales, Seen, measure
from skills.pinn.unknowns import Unknowns
from skills.runtime.job import UserMistake
from skills.runtime.problem import TIME, Problem
from skills.runtime.symbols import Form, Partial, symbol

Array = NDArray[np.float64]
CARRIED = 3  # times as many points on the face that a window before gives: it may hold a front
VALUE = "given value"  # no user can write such a name
SMALLEST = {1: 128, 2: 1024, 3: 2048}  # interior points, by dimension
LARGEST = 6144  # beyond it more points cost more than they tell; networks with more parameters take the kernel form
Carried = Callable[[Array, Partial], Array]
"""What the window before found of a field or derivative at points (n, d)."""


@dataclass(frozen=True)
class Place:
    """One condition's form at its points, and the values it compares with where a window before gave them."""

    form: Form
    points: Array
    weights: Array
    more: Values


@dataclass(frozen=True)
class Setting:
    """What does not change while one window is trained."""

    problem: Problem
    domain: Domain
    scales: Scales
    clashes: tuple[Clash, ...]
    unknowns: Unknowns
    weight: float
    observed: Observed | None = None
    carried: Carried | None = None

    @classmethod
    def of(
        cls, problem: Problem, weight: float, *, domain: Domain | None = None, observed: Observed | None = None,
        carried: Carried | None = None, unknowns: Unknowns | None = None,
    ) -> Setting:  # fmt: skip
        domain = domain or Domain.of(problem)
        seen = observed.seen(problem, domain) if observed else ()
        if carried:
            at = domain.face({TIME: domain.low[domain.time]}, 401)
            zero = (0,) * len(problem.names)
            seen = (*seen, *(Seen(name, carried(at, Partial(name, zero)), start=True) for name in problem.fields))
        scales = measure(problem, domain, seen)
        found = () if carried else clashes(problem, domain, scales.spread, scales.sizes)
        return cls(problem, domain, scales, found, unknowns or Unknowns.of(problem), weight, observed, carried)

    @cached_property
    def frame(self) -> Frame:
        return self.scales.frame(self.domain)

    def points(self, parameters: int, seed: int, count: int | None = None) -> Array:
        """Interior points for so many parameters, `count` of them if it is named."""
        smallest = SMALLEST.get(len(self.problem.names), 2048)
        wanted = min(max(smallest, parameters // len(self.problem.fields)), LARGEST)
        return self.domain.interior(count or wanted, seed)

    def rows(self, interior: Array, edge: int | None = None) -> Rows:
        """All rows, the equations' at the `interior` points (n, d); with none, conditions and data alone.

        `edge` is the number of points on a face with one free coordinate. Raises: UserMistake where a formula is not
        finite at one of the points.
        """
        blocks = [self.interior(interior)] if len(interior) else []
        places = self._conditions(edge or max(64, len(interior) // 16))
        for channels, found in self._by_channels(places).items():
            blocks.append(self.block(channels, found))
        if not blocks:
            raise UserMistake(f"problem {self.problem.name!r} has neither conditions nor data to fit")
        return Rows(tuple(blocks), self.unknowns)

    def interior(self, points: Array) -> Block:
        orders = {partial.orders for one in self.problem.forms for partial in one.partials}
        channels = Channels.of(orders, len(self.problem.names))
        calm = self.calm(points) / np.sqrt(len(points))
        columns = self.columns(points)
        layers = tuple(
            (self._segment(0, one, calm / size, columns),)
            for one, size in zip(self.problem.forms, self.scales.sizes, strict=True)
        )
        return self._made(channels, points, layers)

    def _conditions(self, edge: int) -> list[Place]:
        found = []
        for condition, forms in zip(self.problem.conditions, self.problem.condition_forms, strict=True):
            start = condition.at.get(TIME) == self.problem.axis(TIME).low if TIME in condition.at else False
            at = {**condition.at, TIME: self.domain.low[self.domain.time]} if start else condition.at
            free = len(self.problem.names) - len(at)
            along = edge * (CARRIED if start and self.carried else 1)
            points = self.domain.face(at, {0: 1, 1: along}.get(free, max(256, 2 * along)))
            calm = self.calm(points, values_only=True)
            for one in forms:
                form, more = self._start(one, points) if start and self.carried else (one, {})
                size = self.scales.condition(one, self.columns(points)) * np.sqrt(len(points))
                found.append(Place(form, points, calm * self.weight / size, more))
        if self.observed:
            for partial, points, values, weights in self.observed.rows(self.problem, self.domain):
                found.append(self.value_place(partial, points, values, weights))
        return found

    def value_place(self, partial: Partial, points: Array, values: Array, weights: Array | None = None) -> Place:
        """partial = values at points, with weights for the field in its own spread; by default of mean square one."""
        chosen = np.full(len(points), len(points) ** -0.5) if weights is None else weights
        more: Values = {VALUE: torch.from_numpy(values)}
        return Place(_difference(self.problem, partial), points, chosen / self.scales.spread[partial.field], more)

    def initial(self, name: str, points: Array) -> Array | None:
        """A field at the start of the window, under the given points (n,); None where no condition tells it."""
        if not self.domain.timed:
            return None
        under = points.copy()
        under[:, self.domain.time] = self.domain.low[self.domain.time]
        zero = (0,) * len(self.problem.names)
        if self.carried:
            return self.carried(under, Partial(name, zero))
        for condition, forms in zip(self.problem.conditions, self.problem.condition_forms, strict=True):
            for given in map(solved, forms) if set(condition.at) == {TIME} else ():
                if given and given.partial == Partial(name, zero):
                    values = given.value(self.problem.columns(under))
                    return np.broadcast_to(np.asarray(values, dtype=np.float64), len(points)).copy()
        return None

    @property
    def chainable(self) -> bool:
        """Whether windows in time can be chained: each condition in time is at the start and fixes single values."""
        if not self.domain.timed or self.unknowns.names:
            return False
        return all(
            condition.at.get(TIME) in (None, self.problem.axis(TIME).low)
            and (TIME not in condition.at or all(solved(one) is not None for one in forms))
            for condition, forms in zip(self.problem.conditions, self.problem.condition_forms, strict=True)
        )

    def _start(self, subject: Form, points: Array) -> tuple[Form, Values]:
        given = solved(subject)
        assert given is not None and self.carried is not None, "windows are made only where starts can be carried on"
        values = torch.from_numpy(self.carried(points, given.partial))
        return _difference(self.problem, given.partial), {VALUE: values}

    def _by_channels(self, places: list[Place]) -> dict[Channels, list[Place]]:
        found: dict[Channels, list[Place]] = {}
        for place in places:
            channels = Channels.of((partial.orders for partial in place.form.partials), len(self.problem.names))
            found.setdefault(channels, []).append(place)
        return found

    def block(self, channels: Channels, places: list[Place]) -> Block:
        segments, at = [], 0
        for place in places:
            segments.append(self._segment(at, place.form, place.weights, {**self.columns(place.points), **place.more}))
            at += len(place.points)
        return self._made(channels, np.concatenate([place.points for place in places]), (tuple(segments),))

    def _made(self, channels: Channels, points: Array, layers: tuple[tuple[Segment, ...], ...]) -> Block:
        return Block(
            channels,
            torch.from_numpy(self.frame.channels(points, channels)),
            layers,
            torch.from_numpy(self.frame.factors(channels)),
            self.frame.centre,
            self.problem.fields,
        )

    def _segment(self, start: int, form: Form, weights: Array, columns: Values) -> Segment:
        made = Segment.of(start, form, weights, columns, frozenset(self.unknowns.names))
        if not all(np.all(np.isfinite(np.asarray(one))) for one in (weights, *made.fixed.values())):
            raise self._not_finite(form)
        quiet = {form.vocabulary.name(p): self.scales.centre[p.field] * (p.order == 0) for p in form.partials}
        told = dict(zip(self.unknowns.names, self.unknowns.guess, strict=True))
        if not form.partials or not np.all(np.isfinite(np.asarray(form({**made.columns, **told, **quiet}, torch)))):
            raise self._not_finite(form)
        return made

    def _not_finite(self, form: Form) -> UserMistake:
        return UserMistake(
            f"{form.text!r} of problem {self.problem.name!r} is not finite everywhere on its box",
            "change the formula or the box so that it stays finite",
        )

    def columns(self, points: Array) -> Values:
        """Coordinates as tensors, and the parameters."""
        axes = {name: torch.from_numpy(part.copy()) for name, part in zip(self.problem.names, points.T, strict=True)}
        return {**self.problem.parameters, **axes}

    def calm(self, points: Array, *, values_only: bool = False) -> Array:
        """Weights (n,) in [0, 1] that fall to zero where conditions contradict, and are one where none do.

        Contradictions leave a residual that no smooth function removes; unweighted it would rule the fit of the whole
        box. Heuristic: three times the distance in box lengths, parabolic (the root of the time's share) where the
        equations are of first order in time and second in space.
        """
        weights = np.ones(len(points))
        for clash in self.clashes:
            if values_only and not clash.values:
                continue
            square = np.zeros(len(points))
            for name, value in clash.at.items():
                axis = self.problem.names.index(name)
                share = np.abs(points[:, axis] - value) / self.domain.lengths[axis]
                square += self._diffusion * share if name == TIME and self._diffusion else share**2
            weights = np.minimum(weights, 3 * np.sqrt(square))
        return weights

    @cached_property
    def _diffusion(self) -> float:
        """Diffusion times duration over length squared, for parabolic equations; else 0."""
        if not self.domain.timed or self.problem.order(TIME) != 1:
            return 0.0
        space = [axis for axis, name in enumerate(self.problem.names) if name != TIME]
        sizes = [self._mean_slope(tuple(2 * (at == axis) for at in range(len(self.problem.names)))) for axis in space]
        rate = self._mean_slope(tuple(int(at == self.domain.time) for at in range(len(self.problem.names))))
        if not rate or not max(sizes, default=0.0):
            return 0.0
        return max(
            size / rate / self.domain.lengths[axis] ** 2 for size, axis in zip(sizes, space, strict=True)
        ) * float(self.domain.lengths[self.domain.time])

    def _mean_slope(self, orders: tuple[int, ...]) -> float:
        at = {**self.problem.guesses(), **dict(zip(self.problem.names, self.domain.candidates(64, 0).T, strict=True))}
        found = 0.0
        for one in self.problem.forms:
            quiet = {one.vocabulary.name(p): self.scales.centre[p.field] * (p.order == 0) for p in one.partials}
            for partial in one.partials:
                if partial.orders == orders:
                    slope = one.by(one.vocabulary.name(partial))({**at, **quiet})
                    found = max(found, float(np.mean(np.abs(slope))))
        return found


def _difference(problem: Problem, partial: Partial) -> Form:
    """partial = VALUE."""
    vocabulary = problem.vocabulary
    expr = symbol(vocabulary.name(partial)) - sympy.Symbol(VALUE, real=True)
    return Form(str(expr), expr, vocabulary)
