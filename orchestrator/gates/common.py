"""Checks that read the same evidence on every training route."""

from __future__ import annotations

from orchestrator.core.evidence import Verdict
from orchestrator.gates.known import Known, at_most, unknown


def schedule(known: Known) -> Verdict:
    """Did the training stop by itself, under a named schedule, rather than at its bound?"""
    check = "training.schedule"
    stopped = known.find("training.stopped")
    if stopped is None or stopped.value is None:
        return unknown(check, stopped.text if stopped else "no history was recorded")
    passed = stopped.value == 1.0
    remedy = "" if passed else "raise the bound on iterations, so that the stopping rule can act"
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=stopped.value, threshold=1.0,
        evidence=(stopped.id,), reason=stopped.text, remedy=remedy,
    )  # fmt: skip


def seeds(known: Known) -> Verdict:
    """Were the generators seeded with the plan's seed, and do two fresh boxes predict the same bits?"""
    check = "reproducibility.seeds"
    drawn, repeated = known.find("seed_fingerprint"), known.find("prediction_repeat")
    if drawn is None or repeated is None or drawn.value is None or repeated.value is None:
        found = tuple(entry for entry in (drawn, repeated) if entry is not None)
        why = "; ".join(entry.text for entry in found if entry.value is None) or "not measured"
        return unknown(check, why, found)
    passed = drawn.value == 1.0 and repeated.value == 0.0
    told = f"seed fingerprint {drawn.text or drawn.value}; two fresh boxes differ by {repeated.value:.3g}"
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=repeated.value, threshold=0.0,
        evidence=(drawn.id, repeated.id), reason=told,
        remedy="" if passed else "seed every generator through the runtime and avoid non-deterministic kernels",
    )  # fmt: skip


def hyperparameters(known: Known) -> Verdict:
    """Did the box use exactly the spec that the plan logs?"""
    return at_most(
        "reproducibility.hyperparameters",
        known.find("hyperparameters.differences"),
        0.0,
        "values that differ from the plan",
        remedy="let the skill use its spec as it is given",
    )
