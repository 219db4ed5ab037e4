"""On which side of its threshold a check's value is good: '≤ 0.0001', '≥ 0.9', '= 1'."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.report.numbers import spell

AT_MOST, AT_LEAST, ABOVE, EXACTLY = "≤", "≥", ">", "="
HOLDS: dict[str, Callable[[float, float], bool]] = {
    AT_MOST: operator.le, AT_LEAST: operator.ge, ABOVE: operator.gt, EXACTLY: operator.eq,
}  # fmt: skip
# What is measured -> its good side. Whatever else is measured (errors, misses, differences, counts) is to be small.
SIDES = {
    "training.stopped": EXACTLY,  # 1 is a yes
    "seed_fingerprint": EXACTLY,
    "coverage": AT_LEAST,
    "bootstrap_units": AT_LEAST,
}
GAIN = "paired_difference"  # by how much the model is better; the whole interval is to lie above
WITHIN = "observations_chi2"  # is to lie between two ends, of which the check names the nearer one
ASKED = "evaluation.metric"  # may be held to a bound of the request, from below or from above


def bound_of(check: Verdict, evidence: Mapping[str, Evidence]) -> str:
    """The threshold with its sign: what the value must be.

    Without a sign where the evidence does not say which side is good, or where something else than this value decided;
    empty where there is no threshold.
    """
    if check.threshold is None:
        return ""
    side = _side(check, evidence)
    return f"{side} {spell(check.threshold)}".strip()


def is_signed(bound: str) -> bool:
    """Whether a bound says which side is good."""
    return bound.startswith(tuple(HOLDS))


def _side(check: Verdict, evidence: Mapping[str, Evidence]) -> str:
    value, threshold = check.value, check.threshold
    if value is None or threshold is None or check.verdict not in ("passed", "failed"):
        return ""
    passed = check.verdict == "passed"
    judged = _judged(value, [evidence[name] for name in check.evidence if name in evidence])
    name = judged.name if judged else ""
    if name == GAIN:
        side = ABOVE if judged and judged.interval and judged.interval[0] == value else ""
    elif check.id == ASKED or name == WITHIN:
        side = AT_MOST if (value <= threshold) is passed else AT_LEAST
    else:
        side = SIDES.get(name, AT_MOST)
    return side if side and HOLDS[side](value, threshold) is passed else ""


def _judged(value: float, cited: list[Evidence]) -> Evidence | None:
    """The evidence that holds the value, as its number or as an end of its interval."""
    return next((entry for entry in cited if value == entry.value or value in (entry.interval or ())), None)
