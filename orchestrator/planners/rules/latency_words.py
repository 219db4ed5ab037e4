"""Words that bound the time of one prediction."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.text import Reading

LATENCY = "latency_ms"
_IN_MS = {"m": 1.0, "s": 1e3, "u": 1e-3, "µ": 1e-3, "μ": 1e-3}
_TIME = (
    rf"(?P<number>{NUMBER})\s*(?P<unit>ms|milli-?se[ck]\w*|millisegund\w*|millisecond\w*|us|[µμ]s|micro-?se[ck]\w*|s|sec|"
    r"se[ck]onds?|sekunden?)\b"
)
_MOST = (
    r"(?:<=|≤|<|at most|no more than|not above|below|under|less than|lower than|faster than|within|hochstens|unter|"
    r"in weniger als|en moins de|en menos de|in meno di|em menos de|in at most|in under|in less than)"
)
_WHAT = (
    r"(?:latency|latenz|latence|latencia|latenza|inference(?: time)?|inferenz\w*|prediction time|response time|"
    r"predicts?|predictions?|vorhersagen?|answers?|responds?)"
)
_BOUNDS = (
    re.compile(
        rf"\b{_WHAT}(?: (?:of|is|be|must|should|has to|stays?|a|one|each|single|row|rows|take|takes|von|eine|must be))*"
        rf"\s*{_MOST}\s*{_TIME}"
    ),
    re.compile(
        rf"{_MOST}\s*{_TIME}\s*(?:per|a|an|each|for (?:a|one|each)|pro|je)\s+(?:row|prediction|call|sample|zeile)"
    ),
)
_MEASURED = re.compile(
    r"\b(?:measure|tell|report|time|how long|how fast)\b[^.;]{0,40}\b(?:latency|inference|predict\w*)\b"
)


def latency_bounds(reading: Reading, language: str) -> list[JsonValue]:
    """{"metric": "latency_ms", "at_most": 5.0}, without a bound where the time is only to be told; else nothing."""
    for pattern in _BOUNDS:
        if match := pattern.search(reading.plain):
            unit = match["unit"]
            scale = _IN_MS["u" if unit.startswith("micro") else unit[0]]
            return [{"metric": LATENCY, "at_most": round(number(match["number"], language) * scale, 10)}]
    return [{"metric": LATENCY}] if _MEASURED.search(reading.plain) else []
