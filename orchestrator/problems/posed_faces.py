"""How many conditions a face needs, and whether given ones fix the modes that decay from it (Lopatinski)."""

from __future__ import annotations

import numpy as np

from orchestrator.problems.forms import Normal
from orchestrator.problems.posed_modes import Linear, linear
from orchestrator.problems.posed_states import COUNT, state
from orchestrator.problems.posed_type import March

_RATES = (1e6, 1e8)  # of the modes, times the length of the march
_TURNS = (0.0, 1.2, -1.2)  # their arguments
_NEAR_AXIS = 1e-9
_SINGULAR = 1e-8
_SLOW = 1e-2


def degenerates(form: Normal, letter: str, end: float) -> bool:
    """Whether the highest derivative across a face has a factor that vanishes on it, and only there."""
    degrees = [
        linear(form, form.equations, state(form, at)).degree(letter, tuple(range(0, COUNT, 8)))
        for at in ({letter: end}, {})
    ]
    return degrees[0] < degrees[1]


def needed(form: Normal, along: March, letter: str, end: float, inset: float = 0.0) -> tuple[int, int] | None:
    """The least and the largest number of modes that decay into the domain from this face; None if not clear.

    `inset` looks at a place inside, that far from the face (of the length).
    """
    low, high = form.ends[letter]
    at = state(form, {letter: end + (inset if end == low else -inset) * (high - low)})
    whole = linear(form, form.equations, at)
    if whole.degree(letter) <= 0 and not any(term.orders[form.coordinates.index(letter)] for term in whole.terms):
        return 0, 0
    counts = set()
    for point in whole.distinct(4):
        told = {
            count for rate in _RATES for turn in _TURNS
            if (count := _decaying(form, along, whole, letter, end, rate, turn, point)) is not None
        }  # fmt: skip
        if len(told) == 1:
            counts |= told
    return (min(counts), max(counts)) if counts else None


def _waves(form: Normal, along: March, letter: str, rate: float, turn: float) -> dict[str, complex]:
    """Wave numbers of the other coordinates: the march's grows at `rate`, the rest oscillate."""
    found: dict[str, complex] = {}
    for index, other in enumerate(form.coordinates):
        length = form.ends[other][1] - form.ends[other][0]
        if other == along.coordinate:
            found[other] = rate / length * np.exp(1j * turn) * (-1.0 if along.backward else 1.0)
        elif other != letter:
            found[other] = 1j * (1.0 + 0.3 * index + 0.2 * turn) / length * (30.0 if along.coordinate else rate / 1e2)
    return found


def _decaying(
    form: Normal, along: March, whole: Linear, letter: str, end: float, rate: float, turn: float, point: int
) -> int | None:
    """None where a mode neither decays nor grows within the length of the domain, as on a characteristic face."""
    roots = whole.roots(letter, _waves(form, along, letter, rate, turn), point)
    length = form.ends[letter][1] - form.ends[letter][0]
    if len(roots) and np.min(np.abs(roots.real) / np.maximum(np.abs(roots), 1.0 / length)) < _NEAR_AXIS:
        return None
    if len(roots) and np.min(np.abs(roots)) * length < _SLOW:
        return None
    inward = roots.real < 0 if end == form.ends[letter][0] else roots.real > 0
    return int(np.sum(inward))


def do_not_fix(form: Normal, along: March, letter: str, end: float, texts: list[str]) -> bool:
    """Whether the conditions leave a decaying mode free, however the coefficients are (Lopatinski's determinant is 0).

    The coefficients are shaken so that equal modes part; what is singular then is so by its structure.
    """
    at = state(form, {letter: end})
    bare = linear(form, form.equations, at).bare
    random = np.random.default_rng(1)
    shaken = Linear(
        bare.coordinates,
        bare.size,
        tuple(
            type(term)(term.equation, term.field, term.orders, term.coefficient * random.uniform(0.8, 1.2))
            for term in bare.terms
        ),
    )
    rows = linear(form, tuple(texts), at)
    waves = _waves(form, along, letter, _RATES[0], 0.3)
    for point in range(0, COUNT, 16):
        roots = shaken.roots(letter, waves, point)
        inward = roots[roots.real < 0] if end == form.ends[letter][0] else roots[roots.real > 0]
        if len(inward) != len(texts):
            return False
        columns = []
        for root in inward:
            wave = {**waves, letter: complex(root)}
            mode = np.linalg.svd(shaken.matrix(wave, point, bare.size))[2][-1].conj()
            columns.append(rows.matrix(wave, point, bare.size) @ mode)
        found = np.array(columns).T
        if found.shape != (len(texts), len(texts)):
            return False
        found = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-300)
        found = found / np.maximum(np.linalg.norm(found, axis=0, keepdims=True), 1e-300)
        if np.linalg.svd(found, compute_uv=False)[-1] > _SINGULAR:
            return False
    return True
