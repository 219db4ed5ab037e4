"""How large fields and the terms of equations are, before anything is known of the solution."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from skills.jax.frame import Frame
from skills.jax.points import face, sobol
from skills.runtime.problem import Problem
from skills.runtime.symbols import Form

Array = NDArray[np.float64]
SAMPLE = 256
FLAT = 1e-6  # a range smaller than this share of its middle is no range


def frame_of(problem: Problem, observed: dict[str, Array], seed: int = 0) -> Frame:
    """The frame: a field's range by its conditions' values and its observations, 1 where there are none of size.

    `observed` maps fields to measured values without gaps.
    """
    axes = problem.coordinates
    low, high = tuple(axis.low for axis in axes), tuple(axis.high for axis in axes)
    periodic = tuple(axis.name in problem.periodic for axis in axes)
    box = Frame(low, high, periodic, (0.0,) * len(problem.fields), (1.0,) * len(problem.fields))
    known = {
        name: [*_conditioned(problem, box, name, seed), observed.get(name, np.zeros(0))] for name in problem.fields
    }
    ranges = {name: _range(np.concatenate(values)) for name, values in known.items()}
    sizes = [spread for _, spread in ranges.values() if spread]
    usual = float(np.median(sizes)) if sizes else 1.0
    centre = tuple(ranges[name][0] for name in problem.fields)
    return Frame(low, high, periodic, centre, tuple(ranges[name][1] or usual for name in problem.fields))


def scale_of(form: Form, problem: Problem, frame: Frame, points: Array) -> float:
    """The size of the largest term, with every derivative as large as its field's spread and the box make it."""
    values = problem.columns(points)
    for partial in problem.partials:
        place = problem.fields.index(partial.field)
        size = frame.spread[place] * float(np.prod(frame.slopes ** np.array(partial.orders)))
        values[problem.vocabulary.name(partial)] = size + (abs(frame.centre[place]) if partial.order == 0 else 0.0)
    sizes = [_rms(np.asarray(term(values), dtype=np.float64)) for term in form.terms]
    return max((size for size in sizes if np.isfinite(size) and size > 0), default=1.0)


def _conditioned(problem: Problem, box: Frame, name: str, seed: int) -> Iterable[Array]:
    """Values that conditions linear in a field alone give it."""
    for condition, forms in zip(problem.conditions, problem.condition_forms, strict=True):
        axes = {problem.names.index(letter): value for letter, value in condition.at.items()}
        fixed = {axis: float(np.sign(value - (box.low[axis] + box.high[axis]) / 2)) for axis, value in axes.items()}
        points = box.physical(face(fixed, SAMPLE, len(problem.names), seed))
        for form in forms:
            slope = form.by(name) if name in form.names else None
            if slope is None or len(form.partials) > 1 or name in slope.names:
                continue
            values = {**problem.columns(points), name: 0.0}
            found = -np.broadcast_to(form(values), len(points)) / np.broadcast_to(slope(values), len(points))
            yield found[np.isfinite(found)].astype(np.float64)


def _range(values: Array) -> tuple[float, float]:
    """Middle and half range; (middle, its size) where all values agree, (0, 0) where nothing is known but zeros."""
    if not len(values):
        return 0.0, 0.0
    middle, half = float(values.max() + values.min()) / 2, float(values.max() - values.min()) / 2
    return (middle, half) if half > FLAT * max(1.0, abs(middle)) else (middle, abs(middle))


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def sample(problem: Problem, frame: Frame, seed: int) -> Array:
    """Physical points all over the box."""
    return frame.physical(sobol(SAMPLE, len(problem.names), seed))
