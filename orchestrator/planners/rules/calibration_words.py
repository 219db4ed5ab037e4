"""Words that ask for probabilities that hold what they promise, or bound the calibration error."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.text import Reading

CALIBRATION = "calibration_error"
USUAL = 0.05  # what `calibrated` alone asks for (heuristic)
_PROBABILITIES = (
    r"(?:probabilit\w+|probabilidad\w*|wahrscheinlichkeit\w*|概率|確率|scores?|predictions?|confidences?|risks?)"
)
_WELL = r"(?:well|gut|bien|ben|bem|properly|reliably)?[- ]?"
_ASKED = re.compile(
    rf"{_WELL}(?:calibrated|kalibrierte\w*|calibrees?|calibrad[ao]s?|calibrat[aei]) {_PROBABILITIES}"
    rf"|{_PROBABILITIES} {_WELL}(?:calibrees?|calibrad[ao]s?|calibrat[aei])"
    rf"|{_PROBABILITIES} (?:that |which )?(?:are|is|must be|should be|have to be|need to be|sind|sollen|mussen) "
    rf"{_WELL}(?:calibrated|kalibriert)"
    r"|校准(?:过|后)?的?概率|(?:校正|較正)された確率"
)
_NOT = re.compile(r"(?:\bnot|\bnever|n't|\bnicht|\bwhether|\bif|\bhow|\bno|\bohne|\bwithout)(?: \w+)?\s*$")
_BOUND = re.compile(
    r"(?:expected )?(?:calibration error|kalibrierungsfehler)|\bece\b",
)
_MOST = re.compile(
    r"^\s*(?:\(ece\)\s*)?(?:score |of |is |be |must be |should be |has to be |to be |stays? )*"
    r"(?:<=|≤|<|at most|no more than|not above|below|under|less than|lower than|hochstens|unter|von hochstens)\s*"
    rf"(?:of )?(?P<number>{NUMBER})\s*(?P<percent>%|percent|prozent)?"
)


def calibration_bounds(reading: Reading, language: str) -> list[JsonValue]:
    """At most one bound, such as {"metric": "calibration_error", "at_most": 0.05}; a number that is told wins."""
    plain = reading.plain
    for match in _BOUND.finditer(plain):
        if told := _MOST.match(plain[match.end() : match.end() + 60]):
            most = number(told["number"], language) / (100 if told["percent"] else 1)
            return [{"metric": CALIBRATION, "at_most": round(most, 10)}]
    for match in _ASKED.finditer(plain):
        if not _NOT.search(plain[: match.start()]):
            return [{"metric": CALIBRATION, "at_most": USUAL}]
    return []
