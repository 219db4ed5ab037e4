"""How far a field misses the laws of its problem."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from skills.runtime.laws import balanced, dimensioned, mirrors, ranges, trapping
from skills.runtime.laws.balances import balances
from skills.runtime.laws.corners import clash, settled_from
from skills.runtime.laws.derivation import derive
from skills.runtime.laws.field import Sampled, sampled
from skills.runtime.laws.law import Law, LawScore
from skills.runtime.problem import Problem

Array = NDArray[np.float64]
LOOSEST = 0.1  # however little accuracy is asked for
CERTAIN = 0.5  # of a violation may be the error of measuring it, and it still counts as one


def measure(problem: Problem, values: Array, tolerance: float, held: tuple[Law, ...] = ()) -> tuple[LawScore, ...]:
    """One score for each law that applies and can be tested, from values (n, fields) at `points(problem)`.

    `tolerance` is the relative error that the field may have. `held` are laws derived before, whose numbers and factors
    count. Raises ValueError where values are not finite or too few.
    """
    if not np.all(np.isfinite(values)):
        raise ValueError("the values are not finite")
    field = sampled(problem, values)
    known = {law.name: law for law in held or derive(problem)}
    found = []
    for name, missed in _measures(problem, known).items():
        late = _late(field) if name in {one.name for one in balances(problem)} else ""
        found.append(_score(known[name], missed(field), missed(field.smoothed), tolerance, field, late))
    return tuple(found)


def _measures(problem: Problem, known: dict[str, Law]) -> dict[str, Callable[[Sampled], float]]:
    """The laws that apply and can be tested, and how each is."""
    found: dict[str, Callable[[Sampled], float]] = {
        one.name: partial(balanced.miss, one=one, begun=known[one.name].numbers.get("start"))
        for one in balances(problem)
    }
    allowed = ranges.allowed(problem)
    if not allowed.reason:
        found[allowed.name] = partial(ranges.miss, one=ranges.told(allowed, known[allowed.name]))
    found |= {one.name: partial(mirrors.miss, one=one) for one in mirrors.mirrors(problem)}
    if (held := trapping.ellipsoid(problem)) is not None:
        found[trapping.NAME] = partial(trapping.miss, one=held, level=known[trapping.NAME].numbers["level"])
    if known[dimensioned.NAME].applies:
        found[dimensioned.NAME] = lambda field: float(len(dimensioned.findings(problem).violations))
    return found


def _late(field: Sampled) -> str:
    why = clash(field.problem)
    if not why or field.time is None:
        return ""
    start = field.axes[field.time].nodes[settled_from(field.problem)]
    return f"; times before {start:.3g} are left out, {why}"


def _score(law: Law, value: float, coarse: float, tolerance: float, field: Sampled, late: str) -> LawScore:
    """With the difference of two rules as the error; a violation that may be nothing but that error is unknown."""
    bound, error = min(LOOSEST, law.factor * tolerance), abs(value - coarse)
    text = f"{law.statement}; a coarser rule differs by {error:.1g}{late}"
    known: float | None = value
    if not np.isfinite(value) or (value > bound and error > CERTAIN * value):
        known, text = None, f"{text}, which is too much to tell from {value:.2g}"
    return LawScore(name=law.name, value=known, bound=bound, error=error if np.isfinite(error) else 0.0,
                    n=field.values[..., 0].size, text=text)  # fmt: skip
