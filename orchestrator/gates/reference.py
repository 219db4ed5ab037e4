"""Checks of a reference solution, and of a data set of solutions."""

from __future__ import annotations

from orchestrator.core.evidence import Verdict
from orchestrator.core.request import Route
from orchestrator.gates.known import Known, at_most, measured, unmeasured
from orchestrator.gates.physics import LOOSEST, RESIDUAL_FACTOR
from orchestrator.gates.required import kind_of

FINER = "refine the grid"


def convergence(known: Known) -> Verdict:
    """Does the reference converge, measured by the host on its own points?"""
    share = 3 if kind_of(known.plan) is Route.PINN else 1  # a yardstick must be finer than what it measures
    return at_most(
        "simulate.convergence", known.find("reference_error"), known.tolerance / share,
        "the reference's own relative error", remedy="refine the reference",
    )  # fmt: skip


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
    return _dataset("simulate.convergence", known)


def dataset_metric(known: Known) -> Verdict:
    """The worst sample of a data set counts, by its own refinement."""
    return _dataset("evaluation.metric", known)


def dataset_uncertainty(known: Known) -> Verdict:
    """Every sample is finite and has an error bar."""
    check = "evaluation.uncertainty"
    error, lost = known.find("dataset_error"), known.find("dataset_lost")
    if not measured(error, lost):
        return unmeasured(check, (error, lost), "the samples could not be compared with coarser ones")
    assert error and lost and error.value is not None and lost.value is not None
    passed = lost.value == 0
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=lost.value, threshold=0.0,
        evidence=(error.id, lost.id), reason=f"{error.n} samples, each with half its grid beside it: {error.text}",
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


def _dataset(check: str, known: Known) -> Verdict:
    found = known.find("dataset_error")
    return at_most(check, found, known.tolerance, "relative L2 change of the worst sample", remedy=FINER)
