"""Checks of a reference solution, and of a data set of solutions."""

from __future__ import annotations

from orchestrator.core.evidence import Verdict
from orchestrator.core.request import Route
from orchestrator.gates.known import Known, at_most, measured, unmeasured
from orchestrator.gates.physics import LOOSEST, RESIDUAL_FACTOR, within
from orchestrator.gates.required import kind_of

FINER = "refine the grid"
BARS = 10.0  # error bars that a sample may be away from a finer solution (heuristic: a bar is an estimate)
LIMITS = {
    "dataset_lost": (0.0, "samples without values"),
    "dataset_strays": (0.0, "samples that were not asked for"),
    "dataset_bar": (BARS, "error bars between a sample and its finer solution"),
}


def convergence(known: Known) -> Verdict:
    """Does the reference converge, measured by the host on its own points? A yardstick must obey the equation too."""
    check, yardstick = "simulate.convergence", kind_of(known.plan) is Route.PINN
    share = 3 if yardstick else 1  # a yardstick must be finer than what it measures
    verdict = at_most(
        check, known.find("reference_error"), known.tolerance / share, "the reference's own relative error",
        remedy="refine the reference",
    )  # fmt: skip
    if not yardstick or verdict.verdict != "passed":
        return verdict
    bound = min(LOOSEST, RESIDUAL_FACTOR * known.tolerance)
    left = within(check, known.find("residual", "reference"), bound, "its relative residual", "refine the reference")
    both = {"reason": f"{verdict.reason}; {left.reason}", "evidence": (*verdict.evidence, *left.evidence)}
    return (verdict if left.verdict == "passed" else left).model_copy(update=both)


def metric(known: Known) -> Verdict:
    """A reference is judged by its distance from the exact solution, or from its own next coarser grid."""
    found = known.find("reference_error", "reference")
    return at_most("evaluation.metric", found, known.tolerance, "relative L2 error", remedy=FINER)


def uncertainty(known: Known) -> Verdict:
    """The error bar of a reference: how far its own refinement still moves it, beside the equation's residual."""
    check = "evaluation.uncertainty"
    error, left = known.find("reference_error", "reference"), known.find("residual", "reference")
    if not measured(error, left):
        return unmeasured(check, (error, left), "the error bar or the residual could not be measured")
    assert error and left and error.value is not None and left.value is not None
    passed = error.value <= known.tolerance and left.value <= min(LOOSEST, RESIDUAL_FACTOR * known.tolerance)
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=error.value, threshold=known.tolerance,
        evidence=(error.id, left.id), reason=f"± {error.value:.2g} ({error.text}); relative residual {left.value:.2g}",
        remedy="" if passed else FINER,
    )  # fmt: skip


def dataset_convergence(known: Known) -> Verdict:
    """Does the worst sample converge, by its own refinement?"""
    found = known.find("dataset_error")
    said = "relative L2 change of the worst sample"
    return at_most("simulate.convergence", found, known.tolerance, said, remedy=FINER)


def dataset_metric(known: Known) -> Verdict:
    """Are the samples that the judge drew what fresh and finer solutions of them are? The worst one counts."""
    found = known.find("dataset_difference")
    said = "relative L2 difference of the worst sample that was solved again"
    return at_most("evaluation.metric", found, known.tolerance, said, remedy=FINER, use_upper=True)


def dataset_uncertainty(known: Known) -> Verdict:
    """Every sample is finite, was asked for, and has an error bar; those that were solved again keep to theirs."""
    check = "evaluation.uncertainty"
    error, found = known.find("dataset_error"), [known.find(name) for name in LIMITS]
    held = [(entry, entry.value) for entry in found if entry and entry.value is not None]
    if len(held) < len(LIMITS) or not error or not measured(error):
        return unmeasured(check, (error, *found), "not every sample has an error bar that could be looked at")
    worst, value = next((one for one in held if one[1] > LIMITS[one[0].name][0]), held[-1])
    limit, words = LIMITS[worst.name]
    passed = value <= limit
    told = f"{error.n} samples, each with half its grid beside it: {error.text}"
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=value, threshold=limit,
        evidence=(error.id, *(entry.id for entry, _ in held)),
        reason=f"{told}; {worst.text}" if passed else f"{value:.3g} {words}, {limit:g} allowed: {worst.text}",
        remedy="" if passed else "narrow the ranges, or refine the grid",
    )  # fmt: skip


def dataset_seeds(known: Known) -> Verdict:
    """Was the sampling seeded with the plan's seed? A data set predicts nothing that could be repeated."""
    check, drawn = "reproducibility.seeds", known.find("seed_fingerprint")
    if drawn is None or drawn.value is None:
        return unmeasured(check, (drawn,), "not measured")
    passed = drawn.value == 1.0
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=drawn.value, threshold=1.0, evidence=(drawn.id,),
        reason=f"seed fingerprint {drawn.text or drawn.value}",
        remedy="" if passed else "seed every generator through the runtime",
    )  # fmt: skip
