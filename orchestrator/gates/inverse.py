"""Checks of unknown coefficients: were they found, and do held-out observations fit the field?"""

from __future__ import annotations

import math

from orchestrator.core.evidence import Verdict
from orchestrator.gates.known import Known, measured, unknown, unmeasured

NARROWER = 0.5  # share of the prior range that the posterior's interval may span; knowing nothing would span about all
AGREES = 3.0  # combined standard deviations
SIGMAS = 3.0  # of the mean of squared noise: an honest fit falls outside once in 370 times
NOISE = "observation_noise"  # evidence: the judge's own estimate, where nobody stated it
STATE_NOISE = "say how large the noise is, or observe some places more than once"
MORE_DATA = "give more or better placed observations, or a narrower range"
CHECK_BOTH = "check the noise and the equations; the intervals of coefficients hold only where both are right"


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
        remedy="" if passed else MORE_DATA, final=not passed and kind == "identified" and _as_wide(known, name),
    )  # fmt: skip


def _as_wide(known: Known, name: str) -> bool:
    """Whether the classical fit's interval spans as much of the range: then the data tell no more."""
    fit, told = known.find(f"posterior.{name}", "reference"), (known.plan.problem or {}).get("unknown")
    limits = told.get(name) if isinstance(told, dict) else None
    if fit is None or fit.interval is None or not isinstance(limits, dict):
        return False
    low, high = fit.interval
    return high - low >= NARROWER * (float(str(limits["high"])) - float(str(limits["low"])))


def fits_observations(check: str, known: Known) -> Verdict:
    """Is the mean squared misfit of held-out observations what their noise alone would give?

    The noise is the one that was stated; else one that the judge estimated without any model, with as many degrees of
    freedom as that evidence has. What such an estimate does not resolve counts as noise, so it may be too large.
    """
    found, noise = known.find("observations_chi2", "delivered"), None
    stated = known.plan.observations is not None and known.plan.observations.noise is not None
    if not stated:
        noise = known.find(NOISE, "observations")
        if noise is None or noise.value is None:
            told = "held-out observations: not measured: the noise is not stated"
            why = f"{told}; {noise.text}" if noise else told
            return _for_good(unknown(check, why, (noise,) if noise else (), STATE_NOISE))
    if found is None or found.value is None or not found.n:
        told = found.text if found else "not measured"
        return unknown(check, f"held-out observations: {told}", (found,) if found else (), MORE_DATA)
    low, high = ratio_limits(found.n, noise.n if noise else math.inf, SIGMAS)
    told = (
        f"held-out observations: mean squared misfit {found.value:.3g} of the noise's, {low:.3g} to {high:.3g} expected"
    )
    told += f"; the noise is not stated and is estimated {noise.text}: {noise.value:.3g}" if noise else ""
    entries = (found, noise) if noise else (found,)
    if noise and found.value < low:
        return _for_good(unknown(check, f"{told}, where the field shows a smaller one", entries, STATE_NOISE))
    passed = low <= found.value <= high
    fit = known.find("observations_chi2", "reference")
    contradicted = found.value > high and fit is not None and fit.value is not None and fit.value > high
    why = "the noise is smaller than told" if found.value < low else "the model or the noise is wrong"
    if contradicted and fit is not None:
        why = f"the data contradict the model, or its noise: a classical fit of it misses them by {fit.value:.3g}"
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=found.value,
        threshold=low if found.value < low else high, evidence=tuple(entry.id for entry in entries),
        reason=told if passed else f"{told}: {why}", remedy="" if passed else CHECK_BOTH,
        final=not passed and (contradicted or found.value < low),
    )  # fmt: skip


def _for_good(verdict: Verdict) -> Verdict:
    return verdict.model_copy(update={"final": True})


def ratio_limits(above: float, below: float, sigmas: float) -> tuple[float, float]:
    """Between which the ratio of two mean squares of normal numbers of one variance lies, so many deviations wide.

    `above` and `below` are their degrees of freedom; infinite ones are a variance that is known. Paulson, E. (1942) An
    approximate normalization of the analysis of variance distribution, doi:10.1214/aoms/1177731608; with `below`
    infinite it is Wilson & Hilferty (1931), doi:10.1073/pnas.17.12.684.
    """
    first, second = 2 / (9 * above), 2 / (9 * below)
    one, other = 1 - first, 1 - second
    # (other c - one)² = sigmas² (first + second c²) for the cube root c of the ratio
    square, rest = other**2 - sigmas**2 * second, one**2 - sigmas**2 * first
    root = math.sqrt(max(0.0, (one * other) ** 2 - square * rest))
    if square <= 0:
        return 0.0, math.inf
    return max(0.0, (one * other - root) / square) ** 3, ((one * other + root) / square) ** 3
