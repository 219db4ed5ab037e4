"""Typical sizes, read off the problem before anything is trained: of fields, lengths, equations and conditions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skills.pinn.domain import Domain
from skills.pinn.frame import Frame
from skills.pinn.given import solved, without_fields
from skills.runtime.problem import Problem
from skills.runtime.symbols import Form, Partial

Array = NDArray[np.float64]
FACE = 401  # points a face at which data are looked at
INSIDE = 2048
STEEPEST = 100.0  # waves in the data a length of the box; what is steeper counts as this


@dataclass(frozen=True)
class Seen:
    """Numbers known of a field beforehand: values on a face or from data (n,)."""

    field: str
    values: Array
    start: bool


@dataclass(frozen=True)
class Scales:
    """Fields vary by `spread` about `centre`, along a coordinate within 1 / `waves`; equations' terms have `sizes`."""

    centre: dict[str, float]
    spread: dict[str, float]
    waves: tuple[float, ...]
    sizes: tuple[float, ...]

    def frame(self, domain: Domain) -> Frame:
        return Frame(domain.low, domain.high, domain.periodic, tuple(self.centre.values()), tuple(self.spread.values()))

    def size(self, partial: Partial) -> float:
        """A typical size of a field's variation or of a derivative."""
        return self.spread[partial.field] * float(np.prod(np.array(self.waves) ** np.array(partial.orders)))

    def condition(self, subject: Form, columns: dict[str, Array | float]) -> float:
        """A typical size of a condition's terms."""
        at = {
            **columns,
            **{subject.vocabulary.name(p): self.centre[p.field] * (p.order == 0) for p in subject.partials},
        }
        return sum(_mean(subject.by(subject.vocabulary.name(p))(at)) * self.size(p) for p in subject.partials) or 1.0


def measure(problem: Problem, domain: Domain, seen: tuple[Seen, ...] = ()) -> Scales:
    """Estimates from the conditions, the sources and what was seen of the fields. Heuristic.

    A field without any data gets the largest spread of the others. Too large or small a guess costs iterations, not
    the solution.
    """
    inside = _columns(problem, domain.candidates(INSIDE, 0))
    seen = (*seen, *_on_faces(problem, domain))
    waves = _waves(problem, domain, inside)
    centre = {name: _centre([one for one in seen if one.field == name]) for name in problem.fields}
    spread = {name: 0.0 for name in problem.fields}
    for one in seen:
        spread[one.field] = max(spread[one.field], float(np.abs(one.values - centre[one.field]).max(initial=0.0)))
    resting = dict(spread)
    _widen(problem, domain, inside, waves, centre, spread)
    for name in problem.fields:
        if not resting[name] and centre[name] and len(problem.names) == 1:
            spread[name] = min(spread[name] or np.inf, abs(centre[name]))  # a start far from zero is a size by itself
    known = [size for size in spread.values() if size > 0]
    spread = {name: size or max(known, default=1.0) for name, size in spread.items()}
    return Scales(centre, spread, waves, tuple(_size(one, inside, waves, centre, spread) for one in problem.forms))


def _columns(problem: Problem, points: Array) -> dict[str, Array | float]:
    return {**problem.guesses(), **dict(zip(problem.names, points.T, strict=True))}


def _on_faces(problem: Problem, domain: Domain) -> list[Seen]:
    found = []
    for condition, forms in zip(problem.conditions, problem.condition_forms, strict=True):
        points = domain.face(condition.at, FACE)
        for given in (one for one in map(solved, forms) if one is not None):
            if not given.partial.order:
                values = np.broadcast_to(given.value(_columns(problem, points)), len(points))
                start = domain.timed and set(condition.at) == {"t"}
                found.append(Seen(given.partial.field, values[np.isfinite(values)], start))
    return found


def _centre(seen: list[Seen]) -> float:
    """The middle of the initial values where there are any, else of all."""
    chosen = [one.values for one in seen if one.start and one.values.size] or [s.values for s in seen if s.values.size]
    if not chosen:
        return 0.0
    values = np.concatenate(chosen)
    return float((values.max() + values.min()) / 2)


def _waves(problem: Problem, domain: Domain, inside: dict[str, Array | float]) -> tuple[float, ...]:
    """How fast data and sources change along each coordinate, in waves (radians) a unit; at least one a length."""
    found = 1 / domain.lengths
    places = [(one, _columns(problem, domain.face(condition.at, FACE)))
              for condition, forms in zip(problem.conditions, problem.condition_forms, strict=True)
              for one in forms]  # fmt: skip
    for subject, at in [*places, *((one, inside) for one in problem.forms)]:
        rest = without_fields(subject)
        size = np.std(rest(at))
        for axis, name in enumerate(problem.names):
            if name in rest.names and size > 0:
                rate = float(np.sqrt(np.nanmean(np.square(rest.by(name)(at)))) / size)
                if np.isfinite(rate):
                    found[axis] = max(found[axis], min(rate, STEEPEST / domain.lengths[axis]))
    return tuple(found.tolist())


def _widen(
    problem: Problem,
    domain: Domain,
    inside: dict[str, Array | float],
    waves: tuple[float, ...],
    centre: dict[str, float],
    spread: dict[str, float],
) -> None:
    """Raise `spread` to what sources and conditions on derivatives or sums drive."""
    runs = np.maximum(np.array(waves), np.pi / domain.lengths)
    faces = [(one, _columns(problem, domain.face(condition.at, FACE)), 2 / domain.lengths)
             for condition, forms in zip(problem.conditions, problem.condition_forms, strict=True)
             for one in forms if solved(one) is None or solved(one).partial.order]  # fmt: skip
    for subject, at, rates in [*faces, *((one, inside, runs) for one in problem.forms)]:
        calm = {subject.vocabulary.name(p): centre[p.field] * (p.order == 0) for p in subject.partials}
        left = _mean(subject({**at, **calm}))
        worth = {
            p: _mean(subject.by(subject.vocabulary.name(p))({**at, **calm}))
            * float(np.prod(rates ** np.array(p.orders)))
            for p in subject.partials
            if p.order or rates is not runs
        }
        if (total := sum(worth.values())) > 0 and np.isfinite(left):
            for partial in (one for one, part in worth.items() if part > 0):
                spread[partial.field] = max(spread[partial.field], left / total)


def _size(
    subject: Form, inside: dict[str, Array | float], waves: tuple[float, ...], centre: dict[str, float],
    spread: dict[str, float],
) -> float:  # fmt: skip
    """The sum of the typical sizes of an equation's linearised terms at fields drawn at random."""
    generator, values, sizes = np.random.default_rng(1), dict(inside), {}
    for partial in subject.partials:
        sizes[partial] = spread[partial.field] * float(np.prod(np.array(waves) ** np.array(partial.orders)))
        middle = centre[partial.field] if partial.order == 0 else 0.0
        values[subject.vocabulary.name(partial)] = middle + sizes[partial] * generator.uniform(-1, 1, INSIDE)
    found = sum(_mean(subject.by(subject.vocabulary.name(p))(values)) * size for p, size in sizes.items())
    return float(found) or 1.0


def _mean(values: Array | float) -> float:
    found = np.abs(np.asarray(values, dtype=np.float64))
    finite = found[np.isfinite(found)]
    return float(finite.mean()) if finite.size else 0.0
