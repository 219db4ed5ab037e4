"""Checks of a trained field (physics-informed network) and of a reference solution."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.request import Route
from orchestrator.gates.known import Known, at_most, unmeasured

MORE_TRAINING = "train longer, widen the network or add collocation points"
# Bounds on dimensionless violations, relative to the tolerance on the solution: derivatives amplify an
# error, so the residual may be larger than the solution's error. Heuristic; sharp fronts need more.
RESIDUAL_FACTOR = 100.0
EDGE_FACTOR = 10.0


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
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=truth.value, threshold=known.tolerance / 3,
        evidence=(error.id, truth.id),
        reason=f"95 % interval [{low:.3g}, {high:.3g}]; the truth itself ({truth.text}) is known to {truth.value:.2g}",
        remedy="" if passed else "refine the reference until its own error is a third of the tolerance",
    )  # fmt: skip


def baseline(known: Known) -> Verdict:
    """Better than the same network fitted to initial and boundary data alone (no physics in the loss)?"""
    check = "model.baseline"
    delivered, plain = known.find("relative_l2", "delivered"), known.find("relative_l2", "data_only")
    if not _measured(delivered, plain):
        return unmeasured(check, (delivered, plain), "the baseline or the model was not measured")
    assert delivered and plain and delivered.value is not None and plain.value is not None
    upper = delivered.interval[1] if delivered.interval else delivered.value
    lower = plain.interval[0] if plain.interval else plain.value
    passed = upper < lower
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=upper, threshold=lower,
        evidence=(delivered.id, plain.id),
        reason=f"error {delivered.value:.3g} against {plain.value:.3g} without the physics loss",
        remedy="" if passed else MORE_TRAINING,
    )  # fmt: skip


def inductive_bias(known: Known) -> Verdict:
    """Does the delivered field obey the equation where it was not trained?"""
    return at_most(
        "model.inductive_bias", known.find("residual", "delivered"), RESIDUAL_FACTOR * known.tolerance,
        "relative residual of the equation on the judge's grid", remedy=MORE_TRAINING,
    )  # fmt: skip


def loss(known: Known) -> Verdict:
    """Does lowering this loss lower the error? Its fall is compared with the error of the physics-free fit."""
    check = "training.loss"
    ratio, own, plain = (
        known.find("training.loss_ratio"),
        known.find("residual", "delivered"),
        known.find("residual", "data_only"),
    )
    if not _measured(ratio, own, plain):
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


def residual(known: Known) -> Verdict:
    bound = RESIDUAL_FACTOR * known.tolerance
    return at_most(
        "physics.residual", known.find("residual", "delivered"), bound, "relative residual", remedy=MORE_TRAINING
    )


def initial(known: Known) -> Verdict:
    bound = EDGE_FACTOR * known.tolerance
    return at_most(
        "physics.initial", known.find("initial_error", "delivered"), bound, "initial error", remedy=MORE_TRAINING
    )


def boundary(known: Known) -> Verdict:
    bound = EDGE_FACTOR * known.tolerance
    return at_most(
        "physics.boundary", known.find("boundary_error", "delivered"), bound, "boundary error", remedy=MORE_TRAINING
    )


def maximum_principle(known: Known) -> Verdict:
    bound = EDGE_FACTOR * known.tolerance
    found = known.find("maximum_principle", "delivered")
    return at_most(
        "physics.maximum_principle", found, bound, "excess over the bounds of the data", remedy=MORE_TRAINING
    )


def convergence(known: Known) -> Verdict:
    """Does the reference converge, measured by the host on its own points?"""
    share = 3 if known.plan.route is Route.PINN else 1  # a yardstick must be finer than what it measures
    return at_most(
        "simulate.convergence",
        known.find("reference_error"),
        known.tolerance / share,
        "the reference's own relative error", remedy="refine the reference",
    )  # fmt: skip


def reference_metric(known: Known) -> Verdict:
    """A reference is judged by its distance from the exact solution, or from its own next coarser grid."""
    found = known.find("reference_error", "reference")
    return at_most("evaluation.metric", found, known.tolerance, "relative L2 error", remedy="refine the grid")


def reference_uncertainty(known: Known) -> Verdict:
    """The error bar of a reference: how far its own refinement still moves it, beside the equation's residual."""
    check = "evaluation.uncertainty"
    error, left = known.find("reference_error", "reference"), known.find("residual", "reference")
    if not _measured(error, left):
        return unmeasured(check, (error, left), "the error bar or the residual could not be measured")
    assert error and left and error.value is not None and left.value is not None
    passed = error.value <= known.tolerance and left.value <= RESIDUAL_FACTOR * known.tolerance
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=error.value, threshold=known.tolerance,
        evidence=(error.id, left.id), reason=f"± {error.value:.2g} ({error.text}); relative residual {left.value:.2g}",
        remedy="" if passed else "refine the grid",
    )  # fmt: skip


def _measured(*entries: Evidence | None) -> bool:
    return all(entry is not None and entry.value is not None for entry in entries)
