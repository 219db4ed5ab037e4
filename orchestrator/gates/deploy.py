"""Checks of a model that was made quick: does it still say the same?"""

from __future__ import annotations

import math

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.gates.known import Known, measured, unknown, unmeasured

TRAINED = ("delivered vs torch", "delivered vs numpy")  # the trained network, evaluated as it was trained


def equivalence(known: Known) -> Verdict:
    """Does the quick model differ from the trained one by less than the accuracy asked for, and was it timed?

    That it is quicker is no condition: the ratio is told with its interval, as a speed-up only where that says so.
    """
    check = "deploy.equivalence"
    found = tuple(e for e in known.all("prediction_difference") if e.subject in TRAINED)
    times, speeds = known.all("latency_ms"), known.all("speedup")
    if not found:
        return unknown(
            check, "the quick model was not compared with the trained one", known.all("prediction_difference")
        )
    if not times or not measured(*found, *times):
        return unmeasured(check, (*found, *times), "the quick model could not be compared or timed")
    if not speeds or any(entry.interval is None for entry in speeds):
        return unmeasured(check, (*found, *times, *speeds), "how much quicker it is was not measured with its interval")
    value, worst = max(((e.value, e) for e in found if e.value is not None), key=lambda pair: pair[0])
    passed = value <= known.tolerance
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=value, threshold=known.tolerance,
        evidence=tuple(e.id for e in (*found, *times, *speeds)),
        reason=f"{worst.subject}: {value:.3g} of the largest value; throughput {'; '.join(map(_speed, speeds))}",
        remedy="" if passed else "deliver the float64 program",
    )  # fmt: skip


def _speed(entry: Evidence) -> str:
    low, high = entry.interval or (0.0, math.inf)
    shown = "quicker" if low > 1 else "slower" if high < 1 else "no speed-up shown"
    return f"{entry.value:.3g} times that of {entry.subject.rpartition(' ')[2]} ({low:.3g} to {high:.3g}: {shown})"
