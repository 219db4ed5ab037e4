"""Checks of what a field owes to its problem: equations, conditions, bounds, laws."""

from __future__ import annotations

import math

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.gates.known import Known, unknown
from orchestrator.gates.required import LAWS_DERIVED

MORE_TRAINING = "train longer, widen the network or add collocation points"
MEASURE_BETTER = "let the model compute in float64: its rounding hides what is to be measured"
# Bounds on dimensionless violations, relative to the tolerance on the solution: derivatives amplify an
# error, so the residual may be larger than the solution's error. Heuristic; sharp fronts need more.
RESIDUAL_FACTOR = 100.0
EDGE_FACTOR = 10.0
LOOSEST = 0.1  # however little accuracy is asked for: a relative residual of any field at all is below one
LAW = "law."


def residual(known: Known) -> Verdict:
    bound = min(LOOSEST, RESIDUAL_FACTOR * known.tolerance)
    return within("physics.residual", known.find("residual", "delivered"), bound, "relative residual")


def initial(known: Known) -> Verdict:
    bound = min(LOOSEST, EDGE_FACTOR * known.tolerance)
    return within("physics.initial", known.find("initial_error", "delivered"), bound, "initial error")


def boundary(known: Known) -> Verdict:
    bound = min(LOOSEST, EDGE_FACTOR * known.tolerance)
    return within("physics.boundary", known.find("boundary_error", "delivered"), bound, "boundary error")


def maximum_principle(known: Known) -> Verdict:
    bound = min(LOOSEST, EDGE_FACTOR * known.tolerance)
    found = known.find("maximum_principle", "delivered")
    return within("physics.maximum_principle", found, bound, "excess over the bounds of the data")


def conservation(known: Known) -> Verdict:
    """Does the field keep every law that the judge derived from the problem, each within its own bound?"""
    check = "physics.conservation"
    derived = known.find(LAWS_DERIVED, "delivered")
    found = tuple(e for e in known.evidence if e.name.startswith(LAW) and e.subject == "delivered")
    if derived is None or derived.value is None:
        return unknown(check, f"laws: {derived.text if derived else 'not derived'}", (derived,) if derived else ())
    held = [(_share(e.value, e.bound), e) for e in found if e.value is not None and e.bound is not None]
    ids = (derived.id, *(e.id for e in found))
    share, worst = max(held, key=lambda pair: pair[0], default=(0.0, None))
    if worst is not None and share > 1:
        told = f"{worst.name.removeprefix(LAW)} is missed by {worst.value:.3g} > {worst.bound:.3g}: {worst.text}"
        return Verdict(id=check, verdict="failed", value=worst.value, threshold=worst.bound, evidence=ids,
                       reason=told, remedy=MORE_TRAINING)  # fmt: skip
    if worst is None or len(held) < derived.value:
        lost = [f"{e.name.removeprefix(LAW)}: {e.text}" for e in found if e.value is None or e.bound is None]
        return unknown(check, "; ".join(lost) or f"{len(held)} of {derived.value:.0f} laws were measured", found)
    near = f"{worst.name.removeprefix(LAW)}, {worst.value:.3g} ≤ {worst.bound:.3g}"
    told = f"{len(held)} laws kept; nearest to its bound is {near}"
    return Verdict(id=check, verdict="passed", value=worst.value, threshold=worst.bound, evidence=ids, reason=told)


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
