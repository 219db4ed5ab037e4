"""Checks of what a field owes to its problem: equations, conditions, bounds, laws."""

from __future__ import annotations

import math

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.gates.known import Known, unknown
from orchestrator.gates.laws import DELIVERED, REFERENCE, laws_of, set_aside
from orchestrator.gates.required import LAWS_DERIVED

MORE_TRAINING = "train longer, widen the network or add collocation points"
MEASURE_BETTER = "let the model compute in float64: its rounding hides what is to be measured"
# Bounds on dimensionless violations, relative to the tolerance on the solution: derivatives amplify an
# error, so the residual may be larger than the solution's error. Heuristic; sharp fronts need more.
RESIDUAL_FACTOR = 100.0
EDGE_FACTOR = 10.0
LOOSEST = 0.1  # however little accuracy is asked for: a relative residual of any field at all is below one


def residual(known: Known) -> Verdict:
    bound = min(LOOSEST, RESIDUAL_FACTOR * known.tolerance)
    return within("physics.residual", known.find("residual", "delivered"), bound, "relative residual")


def initial(known: Known) -> Verdict:
    return _edge("physics.initial", "initial_error", "initial error", known)


def boundary(known: Known) -> Verdict:
    return _edge("physics.boundary", "boundary_error", "boundary error", known)


def _edge(check: str, name: str, said: str, known: Known) -> Verdict:
    """A condition that the reference misses as much stays missed, whatever is trained: it is told, and final."""
    bound = min(LOOSEST, EDGE_FACTOR * known.tolerance)
    own, reference = known.find(name, DELIVERED), known.find(name, REFERENCE)
    verdict = within(check, own, bound, said)
    missed = reference.value if reference else None
    if verdict.verdict == "passed" or own is None or own.value is None or missed is None or missed <= bound:
        return verdict
    told = f"{verdict.reason}; the reference solution misses it by {missed:.3g}"
    return verdict.model_copy(update={"reason": told, "final": own.value - missed <= bound})


def maximum_principle(known: Known) -> Verdict:
    bound = min(LOOSEST, EDGE_FACTOR * known.tolerance)
    found = known.find("maximum_principle", "delivered")
    return within("physics.maximum_principle", found, bound, "excess over the bounds of the data")


def conservation(known: Known) -> Verdict:
    """Does the field keep every law that the judge derived from the problem, each within its own bound?

    Laws that the reference misses as much are set aside with both numbers: they tell nothing of the network.
    """
    check = "physics.conservation"
    derived = known.find(LAWS_DERIVED, DELIVERED)
    if derived is None or derived.value is None:
        why = f"laws: {derived.text if derived else 'not derived'}"
        return unknown(check, why, (derived,) if derived else ()).model_copy(update={"final": True})
    aside = set_aside(known.evidence)
    every = laws_of(known.evidence, DELIVERED)
    found = {name: entry for name, entry in every.items() if name not in aside}
    held = {n: (_share(e.value, e.bound), e) for n, e in found.items() if e.value is not None and e.bound is not None}
    ids = (derived.id, *(entry.id for entry in every.values()))
    worst = max(held, key=lambda name: held[name][0], default="")
    share, entry = held.get(worst, (0.0, derived))
    said = "".join(f"; {why}" for why in aside.values())
    if share > 1:
        told = f"{worst} is missed by {entry.value:.3g} > {entry.bound:.3g}: {entry.text}{said}"
        return Verdict(id=check, verdict="failed", value=entry.value, threshold=entry.bound, evidence=ids,
                       reason=told, remedy=MORE_TRAINING)  # fmt: skip
    if not worst or len(held) + len(aside) < derived.value:
        return _lost(check, known, found, derived.value, said)
    told = f"{len(held)} laws kept; nearest to its bound is {worst}, {entry.value:.3g} ≤ {entry.bound:.3g}{said}"
    return Verdict(id=check, verdict="passed", value=entry.value, threshold=entry.bound, evidence=ids, reason=told)


def _lost(check: str, known: Known, found: dict[str, Evidence], wanted: float, said: str) -> Verdict:
    """Some laws were not measured on the network; another attempt may be where they were measured on the reference."""
    lost = {name: entry for name, entry in found.items() if entry.value is None or entry.bound is None}
    references = laws_of(known.evidence, REFERENCE)
    measurable = any(name in references and references[name].value is not None for name in lost)
    told = "; ".join(f"{name}: {entry.text}" for name, entry in lost.items())
    why = (told or f"{len(found) - len(lost)} of {wanted:.0f} laws were measured") + said
    return unknown(check, why, tuple(found.values())).model_copy(update={"final": not measurable})


def _share(value: float, bound: float) -> float:
    """Of the bound that the value takes up; a law that is to hold exactly has none."""
    return value / bound if bound > 0 else math.inf if value > 0 else 0.0


def within(check: str, measured: Evidence | None, threshold: float, said: str, remedy: str = MORE_TRAINING) -> Verdict:
    """At most the threshold, whatever measuring adds: unknown where its interval holds the threshold."""
    if measured is None or measured.value is None:
        why = "not measured" if measured is None else measured.text or "could not be measured"
        return unknown(check, f"{said}: {why}", (measured,) if measured else (), remedy)
    low, high = measured.interval or (measured.value, measured.value)
    if low <= threshold < high:
        told = f"{said}: {measured.value:.3g}, between {low:.3g} and {high:.3g}; {threshold:.3g} is allowed"
        return unknown(check, told, (measured,), MEASURE_BETTER if measured.value <= threshold else remedy)
    passed = high <= threshold
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=measured.value, threshold=threshold,
        evidence=(measured.id,), reason=f"{said}: {measured.value:.3g} {'≤' if passed else '>'} {threshold:.3g}",
        remedy="" if passed else remedy,
    )  # fmt: skip
