"""Checks of a trained field: its error, how well that is known, its opponents, its training."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.gates.inverse import fits_observations
from orchestrator.gates.known import Known, at_most, measured, unmeasured
from orchestrator.gates.physics import LOOSEST, MORE_TRAINING, RESIDUAL_FACTOR, within
from orchestrator.gates.required import inverse

VALUES_ALONE = "for values alone, ask for a simulation"


def metric(known: Known) -> Verdict:
    """The error that the plan promised, against a truth that no worker saw."""
    return at_most(
        "evaluation.metric",
        known.find("relative_l2", "delivered"),
        known.tolerance,
        "relative L2 error on the judge's points (upper end of its interval)",
        remedy=MORE_TRAINING,
        use_upper=True,
    )


def uncertainty(known: Known) -> Verdict:
    """Is the error known well enough? The truth's own error must be small beside the tolerance."""
    check = "evaluation.uncertainty"
    error, truth = known.find("relative_l2", "delivered"), known.find("truth_error")
    if error is None or error.interval is None or truth is None or truth.value is None:
        why = "no interval on the error, or no estimate of the truth's own error"
        return unmeasured(check, (error, truth), why).model_copy(update={"remedy": "refine the reference"})
    passed = truth.value <= known.tolerance / 3
    low, high = error.interval
    verdict = Verdict(
        id=check, verdict="passed" if passed else "failed", value=truth.value, threshold=known.tolerance / 3,
        evidence=(error.id, truth.id),
        reason=f"95 % interval [{low:.3g}, {high:.3g}]; the truth itself ({truth.text}) is known to {truth.value:.2g}",
        remedy="" if passed else "refine the reference until its own error is a third of the tolerance",
    )  # fmt: skip
    if not inverse(known.plan):
        return verdict
    fit = fits_observations(check, known)
    if not passed and not fit.final:
        return verdict
    both = {"reason": f"{verdict.reason}; {fit.reason}", "evidence": (*verdict.evidence, *fit.evidence)}
    return fit.model_copy(update=both)


def baseline(known: Known) -> Verdict:
    """Better than the same network fitted to data alone (no physics in the loss), and not beaten by a classical solver?

    A classical solver at equal cost may be better where the network meets the accuracy asked for: it is said so then.
    With unknown coefficients the yardstick is the classical fit's own solution, which no classical solver of the same
    fit could lose against: it is told, and the coefficients are compared in a check of their own.
    """
    check = "model.baseline"
    delivered, plain = known.find("relative_l2", "delivered"), known.find("relative_l2", "data_only")
    classical = known.find("relative_l2", "classical")
    wanted = (delivered, plain) if inverse(known.plan) and classical is None else (delivered, plain, classical)
    if not measured(*wanted):
        return unmeasured(check, wanted, "the model, the fit to data alone or the classical solver was not measured")
    assert delivered and plain and delivered.value is not None and plain.value is not None
    low, high = _ends(delivered)
    threshold, told = _ends(plain)[0], f"error {delivered.value:.3g} against {plain.value:.3g} without the physics loss"
    passed, remedy = high < threshold, MORE_TRAINING
    if classical is not None and classical.value is not None:
        told += f" and {classical.value:.3g} of a classical solver at equal cost"
        if inverse(known.plan):
            told += ", solved with the coefficients of the fit that is the yardstick here"
        elif _ends(classical)[1] < low:
            told += f"; the classical solver is better: {VALUES_ALONE}"
            if passed and high > known.tolerance:
                passed, threshold, remedy = False, _ends(classical)[1], VALUES_ALONE
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=high, threshold=threshold,
        evidence=tuple(entry.id for entry in wanted if entry), reason=told, remedy="" if passed else remedy,
    )  # fmt: skip


def inductive_bias(known: Known) -> Verdict:
    """Does the delivered field obey the equation where it was not trained?"""
    return within(
        "model.inductive_bias", known.find("residual", "delivered"), min(LOOSEST, RESIDUAL_FACTOR * known.tolerance),
        "relative residual of the equation at the judge's points",
    )  # fmt: skip


def loss(known: Known) -> Verdict:
    """Does lowering this loss lower the error? Its fall is compared with the error of the physics-free fit."""
    check = "training.loss"
    ratio, own, plain = (
        known.find("training.loss_ratio"),
        known.find("residual", "delivered"),
        known.find("residual", "data_only"),
    )
    if not measured(ratio, own, plain):
        return unmeasured(check, (ratio, own, plain), "the loss curve or the residuals could not be measured")
    assert ratio and own and plain and ratio.value is not None and own.value is not None and plain.value is not None
    passed = ratio.value < 1.0 and own.value < plain.value
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=own.value, threshold=plain.value,
        evidence=(ratio.id, own.id, plain.id),
        reason=f"the loss fell to {ratio.value:.2g} of its start; residual {own.value:.3g} against {plain.value:.3g} "
        "without the physics loss",
        remedy="" if passed else MORE_TRAINING,
    )  # fmt: skip


def scaling(known: Known) -> Verdict:
    """Do the network's inputs reach it within [-1, 1]?"""
    return at_most(
        "data.scaling", known.find("scaled_range", "delivered"), 1.0 + 1e-9,
        "largest input after scaling", remedy="scale inputs to [-1, 1]",
    )  # fmt: skip


def _ends(entry: Evidence) -> tuple[float, float]:
    """The interval of a measured value; without one the value itself."""
    assert entry.value is not None
    return entry.interval or (entry.value, entry.value)
