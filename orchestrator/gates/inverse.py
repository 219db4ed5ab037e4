"""Checks of unknown coefficients: were they found, and do held-out observations fit the field?"""

from __future__ import annotations

import math

from orchestrator.core.evidence import Verdict
from orchestrator.gates.known import Known, measured, unknown, unmeasured

NARROWER = 0.5  # share of the prior range that the posterior's interval may span; knowing nothing would span about all
AGREES = 3.0  # combined standard deviations
SIGMAS = 3.0  # of the mean of squared noise: an honest fit falls outside once in 370 times
MORE_DATA = "give more or better placed observations, or a narrower range"


def identified(known: Known) -> Verdict:
    """Is every unknown narrower than its range, near the classical fit, and near what the delivered field implies?"""
    check = "inverse.identified"
    unknowns = (known.plan.problem or {}).get("unknown")
    names = tuple(unknowns) if isinstance(unknowns, dict) else ()
    limits = {"identified": NARROWER, "agreement": AGREES, "implied": AGREES}
    entries = {(kind, name): known.find(f"{kind}.{name}", "delivered") for name in names for kind in limits}
    if not entries or not measured(*entries.values()):
        return unmeasured(check, tuple(entries.values()), "not every coefficient could be compared")
    held = [(e.value / limits[kind], kind, name, e) for (kind, name), e in entries.items() if e and e.value is not None]
    share, kind, name, worst = max(held, key=lambda one: one[0])
    passed = share < 1
    ids = tuple(entry.id for *_, entry in held)
    told = {
        "identified": f"the interval of {name} spans {worst.value:.3g} of its range",
        "agreement": f"{name} and its classical fit are {worst.value:.3g} standard deviations apart",
        "implied": f"{name} and what the field implies are {worst.value:.3g} standard deviations apart",
    }[kind]
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=worst.value, threshold=limits[kind], evidence=ids,
        reason=f"{len(names)} found; nearest to its limit: {told}" if passed else f"{told} ({worst.text})",
        remedy="" if passed else MORE_DATA,
    )  # fmt: skip


def fits_observations(check: str, known: Known) -> Verdict:
    """Is the mean squared misfit of held-out observations what their noise alone would give?

    The limits are those of the mean of n squares of standard normal numbers (Wilson & Hilferty 1931,
    doi:10.1073/pnas.17.12.684), three standard deviations to each side.
    """
    found = known.find("observations_chi2", "delivered")
    if found is None or found.value is None or not found.n:
        told = found.text if found else "not measured"
        return unknown(check, f"held-out observations: {told}", (found,) if found else (), MORE_DATA)
    spread = 2 / (9 * found.n)
    low, high = (max(0.0, 1 - spread + sign * SIGMAS * math.sqrt(spread)) ** 3 for sign in (-1, 1))
    passed = low <= found.value <= high
    threshold = low if found.value < low else high
    told = (
        f"held-out observations: mean squared misfit {found.value:.3g} of the noise's, {low:.3g} to {high:.3g} expected"
    )
    why = "the noise is smaller than told" if found.value < low else "the model or the noise is wrong"
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=found.value, threshold=threshold,
        evidence=(found.id,), reason=told if passed else f"{told}: {why}",
        remedy="" if passed else "check the noise and the equations",
    )  # fmt: skip
