"""Checks of a forecast of a series."""

from __future__ import annotations

from orchestrator.core.evidence import Verdict
from orchestrator.gates.known import Known, unknown

LAST, DRIFT, SEASON = (
    "last value",
    "straight line",
    "last season",
)  # forecasts that the host makes from the training rows
NAMES = {
    LAST: "the naive forecast (last value)",
    DRIFT: "the drift forecast (last value and mean slope)",
    SEASON: "the seasonal naive forecast (last season)",
    "constant": "a constant guess",
}


def baseline(known: Known) -> Verdict:
    """Better than the best of the forecasts without a model, with the whole interval of the difference above zero.

    Which of them is best the sealed rows say: against the strongest opponent after the fact, so a pass means more.
    """
    check = "model.baseline"
    pairs = {name: known.find("paired_difference", f"delivered vs {name}") for name in NAMES}
    last = pairs[LAST]
    if last is None or last.value is None:
        return unknown(check, last.text if last else "the naive forecast was not measured")
    values = {name: pair.value for name, pair in pairs.items() if pair is not None and pair.value is not None}
    strongest = min(values, key=lambda name: values[name])
    pair = pairs[strongest]
    assert pair is not None, "it has a value"
    named = NAMES[strongest]
    if pair.interval is None:
        return unknown(check, f"the difference from {named} has no interval: {pair.text}", (pair,))
    passed = pair.interval[0] > 0
    others = tuple(entry.id for entry in pairs.values() if entry is not None and entry is not pair)
    told = f"against {named}, the best forecast without a model: {pair.text}"
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=pair.interval[0], threshold=0.0,
        evidence=(pair.id, *others), reason=told if passed else f"no skill beyond {named}: {pair.text}",
        remedy="" if passed else f"use {named} itself; a longer series, or columns that are known ahead, may help",
    )  # fmt: skip
