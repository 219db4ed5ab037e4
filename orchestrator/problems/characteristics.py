"""Characteristics of a scalar law u_t + a(u,x,t) u_x + b(u,x,t) = 0, followed until two neighbours meet.

On a characteristic x' = a and u' = -b. With J = dx/dξ and W = du/dξ across a family of them, J' = a_x J + a_u W and
W' = -(b_x J + b_u W). The classical solution ends where J first vanishes (Evans, Partial Differential Equations, §3.2);
for u_t + f'(u) u_x = 0 that is at -1/min d/dx f'(u0(x)) behind the start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import sympy

from orchestrator.problems.forms import Normal
from orchestrator.problems.posed_states import given_at, solved
from orchestrator.problems.symbols import Array, expression, symbol, value

_STARTS = 2001  # evenly spread over a face
_STEEPEST = 1000  # and the steepest of many more
_SAMPLES = 100_001
_STEPS = 100  # where characteristics are curved; straight ones need one
_ROUNDS = 3  # of smaller and smaller families around the first that meet


@dataclass(frozen=True)
class Law:
    """The law `u`_`time` + `speed` u_`space` + `loss` = 0, its coefficients with numbers put in."""

    u: str
    space: str
    time: str
    speed: sympy.Expr
    loss: sympy.Expr

    @property
    def straight(self) -> bool:
        """Whether characteristics are straight, and J linear along them."""
        return self.loss == 0 and not self.speed.has(symbol(self.space), symbol(self.time))


@dataclass(frozen=True)
class Family:
    """Characteristics that start at `x`, `t` with value `u`; `across` and `slope` are dx/dξ and du/dξ there."""

    x: Array
    t: Array
    u: Array
    across: Array
    slope: Array


@dataclass(frozen=True)
class Meeting:
    """Where and when neighbours meet first, and which of the family they are."""

    time: float
    place: float
    index: int


def scalar_law(form: Normal, letter: str) -> Law | None:
    """The problem as a scalar law in one space coordinate that marches along `letter`; None where it is none."""
    space = [one for one in form.coordinates if one != letter]
    if len(form.fields) != 1 or len(space) != 1:
        return None
    numbers = {symbol(name): sympy.Float(told) for name, told in form.guesses().items()}
    expr = expression(form.equations[0]).xreplace(numbers)
    slopes = {used: found for used in expr.free_symbols if (found := form.vocabulary.partial(used.name))}
    if any(sum(found[1]) > 1 for found in slopes.values()):
        return None
    by = {form.coordinates[found[1].index(1)]: used for used, found in slopes.items() if sum(found[1]) == 1}
    if set(by) != {letter, space[0]}:
        return None
    factors = {one: sympy.diff(expr, used) for one, used in by.items()}
    if any(factor.free_symbols & set(by.values()) for factor in factors.values()):
        return None
    loss = expr.xreplace(dict.fromkeys(by.values(), sympy.Integer(0)))
    speed = sympy.cancel(factors[space[0]] / factors[letter])
    return Law(form.fields[0], space[0], letter, speed, sympy.cancel(loss / factors[letter]))


def first_meeting(form: Normal, law: Law) -> Meeting | None:
    """The first meeting inside the domain up to the end of the march; None where there is none.

    Raises ValueError where the data, or the values along a characteristic, are not known as numbers.
    """
    found = []
    for profile, span, at in _profiles(form, law):
        family = _family(law, profile, at, _starts(law, profile, span, at))
        meeting = _followed(form, law, family)
        for _ in range(_ROUNDS if meeting else 0):
            assert meeting is not None
            spots = _spots(family, at, law)
            near = spots[max(0, meeting.index - 1)], spots[min(len(spots) - 1, meeting.index + 1)]
            family = _family(law, profile, at, np.linspace(*near, 101))
            meeting = _followed(form, law, family) or meeting
        found += [meeting] if meeting else []
    return min(found, key=lambda one: one.time) if found else None


def _profiles(form: Normal, law: Law) -> Iterator[tuple[sympy.Expr, tuple[float, float], dict[str, float]]]:
    """(values, range of the free coordinate, place) of the start and of every face with data."""
    numbers = {symbol(name): sympy.Float(told) for name, told in form.guesses().items()}
    start = {law.time: form.ends[law.time][0]}
    faces = [{law.space: end} for end in form.ends[law.space]] if law.space not in form.periodic else []
    for at in (start, *faces):
        texts = given_at(form, at)
        if not texts and at != start:
            continue
        made = [told for text in texts if (told := solved(text, law.u, form)) is not None]
        if not made:
            raise ValueError(f"the values of {law.u} at {at} are not given outright")
        free = law.space if at == start else law.time
        put = {symbol(one): sympy.Float(end) for one, end in at.items()}
        yield made[0].xreplace({**numbers, **put}), form.ends[free], at


def _starts(law: Law, profile: sympy.Expr, span: tuple[float, float], at: dict[str, float]) -> Array:
    """Even starts, and those where the speed changes fastest along the face."""
    fine = np.linspace(*span, _SAMPLES)
    family = _family(law, profile, at, fine)
    steep = np.abs(_at(sympy.diff(law.speed, symbol(law.u)), law, family.x, family.t, family.u) * family.slope)
    most = fine[np.argsort(-np.nan_to_num(steep), kind="stable")[:_STEEPEST]]
    return np.unique(np.concatenate([np.linspace(*span, _STARTS), most]))


def _spots(family: Family, at: dict[str, float], law: Law) -> Array:
    return family.x if law.time in at else family.t


def _family(law: Law, profile: sympy.Expr, at: dict[str, float], spots: Array) -> Family:
    """From the start ξ is x; from a face it is t, and what crosses it moves on meanwhile."""
    free = law.space if law.time in at else law.time
    u, slope = (
        np.broadcast_to(np.asarray(value(expr, {free: spots}), dtype=np.float64), spots.shape)
        for expr in (profile, sympy.diff(profile, symbol(free)))
    )
    if not (np.all(np.isfinite(u)) and np.all(np.isfinite(slope))):
        raise ValueError(f"the values of {law.u} at {at} or their slopes are not finite")
    if law.time in at:
        return Family(spots, np.full(spots.shape, at[law.time]), u, np.ones(spots.shape), slope)
    x = np.full(spots.shape, at[law.space])
    speed, loss = (_at(expr, law, x, spots, u) for expr in (law.speed, law.loss))
    return Family(x, spots, u, -speed, slope + loss)


def _at(expr: sympy.Expr, law: Law, x: Array, t: Array, u: Array) -> Array:
    found = np.asarray(value(expr, {law.space: x, law.time: t, law.u: u}), dtype=np.float64)
    return np.broadcast_to(found, x.shape)


def _followed(form: Normal, law: Law, family: Family) -> Meeting | None:
    """Runge-Kutta steps of order four, each characteristic from its own start to the end of the march."""
    low, high = form.ends[law.space]
    around = law.space in form.periodic
    slopes = _Slopes(law, (low, high) if around else None)
    last = form.ends[law.time][1]
    steps = 1 if law.straight else _STEPS
    step = (last - family.t) / steps
    state = np.stack([family.x, family.u, family.across, family.slope])
    inside = (step > 0) & (family.across != 0)
    if not around and np.all(family.x == family.x[0]):  # only what enters through a face is followed from it
        inside &= family.across * (1.0 if family.x[0] == low else -1.0) < 0
    met: list[Meeting] = []
    for index in range(steps):
        t = family.t + index * step
        after = _stepped(slopes, t, state, step)
        if not np.all(np.isfinite(after[:, inside])):
            raise ValueError(f"{law.u} has no finite values along the characteristics")
        share = state[2] / np.where(state[2] == after[2], 1.0, state[2] - after[2])
        place = state[0] + share * (after[0] - state[0])
        within = around | ((place >= low) & (place <= high))
        crossing = np.flatnonzero(inside & within & (after[2] * np.sign(family.across) <= 0))
        if len(crossing):
            first = int(crossing[np.argmin((t + share * step)[crossing])])
            spot = low + (place[first] - low) % (high - low) if around else place[first]
            met.append(Meeting(float(t[first] + share[first] * step[first]), float(spot), first))
            inside[crossing] = False
        inside &= around | ((after[0] >= low) & (after[0] <= high))
        state = after
    return min(met, key=lambda one: one.time) if met else None


class _Slopes:
    """Rates of (x, u, J, W) along characteristics; the coordinate is wrapped where it is periodic."""

    def __init__(self, law: Law, period: tuple[float, float] | None) -> None:
        self.law, self.period = law, period
        by = [sympy.diff(expr, symbol(name)) for expr in (law.speed, law.loss) for name in (law.space, law.u)]
        self.wanted = (law.speed, law.loss, *by)
        numbers = {atom for expr in self.wanted for atom in expr.atoms(sympy.Number, sympy.NumberSymbol)}
        self.numbers = {atom: np.float64(atom) for atom in numbers}

    def __call__(self, t: Array, state: Array) -> Array:
        x, u, across, slope = state
        if self.period:
            x = self.period[0] + (x - self.period[0]) % (self.period[1] - self.period[0])
        at, known = {self.law.space: x, self.law.time: t, self.law.u: u}, dict(self.numbers)
        speed, loss, speed_x, speed_u, loss_x, loss_u = (
            np.broadcast_to(np.asarray(value(expr, at, known), dtype=np.float64), x.shape) for expr in self.wanted
        )
        with np.errstate(all="ignore"):
            return np.stack([speed, -loss, speed_x * across + speed_u * slope, -(loss_x * across + loss_u * slope)])


def _stepped(slopes: _Slopes, t: Array, state: Array, step: Array) -> Array:
    with np.errstate(all="ignore"):
        first = slopes(t, state)
        second = slopes(t + step / 2, state + step / 2 * first)
        third = slopes(t + step / 2, state + step / 2 * second)
        fourth = slopes(t + step, state + step * third)
        made: Array = state + step / 6 * (first + 2 * second + 2 * third + fourth)
    return made
