"""Checks of a model that was made quick: does it still say the same?"""

from __future__ import annotations

from orchestrator.core.evidence import Verdict
from orchestrator.gates.known import Known, measured, unknown, unmeasured

TRAINED = ("delivered vs torch", "delivered vs numpy")  # the trained network, evaluated as it was trained


def equivalence(known: Known) -> Verdict:
    """Does the quick model differ from the trained one by less than the accuracy asked for, and was it timed?"""
    check = "deploy.equivalence"
    found = tuple(e for e in known.all("prediction_difference") if e.subject in TRAINED)
    times = known.all("latency_ms")
    if not found:
        return unknown(
            check, "the quick model was not compared with the trained one", known.all("prediction_difference")
        )
    if not times or not measured(*found, *times):
        return unmeasured(check, (*found, *times), "the quick model could not be compared or timed")
    value, worst = max(((e.value, e) for e in found if e.value is not None), key=lambda pair: pair[0])
    passed = value <= known.tolerance
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=value, threshold=known.tolerance,
        evidence=(*(e.id for e in found), *(e.id for e in times)),
        reason=f"{worst.subject}: {value:.3g} of the largest value",
        remedy="" if passed else "deliver the float64 program",
    )  # fmt: skip
