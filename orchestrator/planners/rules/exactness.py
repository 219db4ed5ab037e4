"""How exact a field is wanted, in words and percent: "within 5 %", "1e-3 relative error", "auf 2 Prozent genau"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.planners.rules.numbers import NUMBER, number

_WORDS = {
    "half a": 0.5, "one": 1.0, "two": 2.0, "three": 3.0, "five": 5.0, "ten": 10.0,
    "ein": 1.0, "zwei": 2.0, "drei": 3.0, "funf": 5.0, "zehn": 10.0, "un": 1.0, "deux": 2.0, "cinq": 5.0,
}  # fmt: skip
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "zwei": 2, "drei": 3, "vier": 4, "funf": 5, "sechs": 6}
_OF = {"hundred": 1e2, "thousand": 1e3, "million": 1e6}
_PERCENT = r"(?:%|％|per ?cent\b|percent\b|prozent\b|pour ?cent\b|por ?ciento\b|per cento\b|por cento\b|パーセント)"
_AMOUNT = rf"(?P<value>{NUMBER}|(?:{'|'.join(_WORDS)})(?=\s*{_PERCENT}))"
_SHARE = rf"{_AMOUNT}\s*(?P<percent>{_PERCENT})"
_EITHER = rf"{_AMOUNT}(?:\s*(?P<percent>{_PERCENT})|(?!\w|\.\d|\s?[*/^%]))"
# Words of what is right, and of what is wrong.
_RIGHT = r"accuracy|accurate(?:ly)?|genauigkeit|genau|exactitude|exactitud|accuratezza|acuracia|精度"
_ERROR = (
    r"(?:(?:max(?:imum|imal|\.)?|mean|average|relative[rn]?|rel\.?|rms|l[- ]?[2∞]|total|overall|l[- ]?inf(?:inity)?"
    r")\s+){0,3}(?:errors?|(?<!standard )deviations?|fehler|abweichung|ecart|erreur|error|errore|erro)"
    r"(?: relati(?:ve?|vo|f))?"
    r"|rel(?:ative)?\.? l[- ]?2|tol(?:eranz|eranc(?:e|ia)|leranza)?|precision|prazision|precisione|precisao|容差"
    r"|許容誤差|相对误差|误差|誤差"
)
_LABEL = rf"(?:{_ERROR}|{_RIGHT})"
_LINKS = (
    r"(?:\s*(?:<=|>=|[<>≤≥=:±]|of|is|be|to|at|in|on|by|the|an?|order|below|under|within|less than|smaller than"
    r"|lower than|at most|at worst|at least|above|over|more than|no more than|not more than|not above|up to"
    r"|better than|around|about|must|should|stay|stays|set|von|auf|unter|hochstens|mindestens|kleiner als|bis zu"
    r"|maximal|de|du|d'|a|inferieure? a|moins de|au plus|del?|al|menor(?: del?| que| a)?|inferior al?|menos del?"
    r"|inferiore al?|di|meno del?|menor do que|为|在|小于|低于|不超过|は|が)(?![a-z]))*\s*"
)
_COUNTED = r"(?:digits?|figures?|decimals?|places|stellen|ziffern)"
_NEAR = r"(?:±\s*|about |around )?"
_DIGITS = (
    r"(?P<digits>\d{1,2}|two|three|four|five|six|zwei|drei|vier|funf|sechs) "
    rf"(?:significant |decimal |correct |gultige )?{_COUNTED}(?![a-z])"
)
_EXACT = r"(?:accurate|accurately|right|exact|exactly|correct|good|true|converged?)"
_BEFORE = r"(?<![\w.,^=*/(\[+-])(?<![=(\[*/^] )"
_OF_TRUTH = (
    r"(?!\s*(?:of|von|de|du|des|del|della|di)\s+(?!(?:the |der |l'|la )?(?:exact|true|truth|reference|analytic\w*"
    r"|correct|wahren|exakten|solution\b|error\b|fehler\b|erreur\b|accuracy\b)))"
)
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![a-z]){_LABEL}(?![a-z]){_LINKS}{_EITHER}",
        rf"{_BEFORE}{_SHARE}[\s-]*(?:of |de |di |の|以内の|的)?(?:{_LABEL}(?![a-z])|off(?![a-z])|pres(?![a-z])|以内)",
        rf"{_BEFORE}{_EITHER}[\s-]*(?:{_ERROR})(?![a-z]|\s*[=:<≤])",
        rf"(?<![a-z]){_EXACT} (?:to|within|bis auf){_LINKS}(?:{_DIGITS}|{_EITHER})",
        rf"(?<![a-z])(?:to within|within|bis auf|entro(?: il)?|dentro del?|a menos del?) {_NEAR}{_SHARE}{_OF_TRUTH}",
        rf"(?<![a-z])to within {_NEAR}{_EITHER}{_OF_TRUTH}",
        rf"(?<![a-z])(?:to|with|auf|at least|mindestens) {_DIGITS}",
        r"(?<![a-z])(?:to |within )?(?:one|1) part in (?:a |one )?(?P<of>hundred|thousand|million|\d+)(?![\w.])",
        rf"(?<![a-z%\d])(?<!\d )(?<!% )to (?:better than |about )?{_SHARE}{_OF_TRUTH}",
    )
)
# Errors of measured values are noise, and noise within a share is no aim.
_NOISY = re.compile(r"(?:noise|noisy|rauschen|bruit|ruido|rumore)(?: \w+){0,4}\s*[:=]?\s*$")
_MEASURED = re.compile(
    r"(?:measure\w*|observ\w*|sensors?|readings?|data|mess\w*|daten|mesures?|medid\w*)(?: \w+){0,4}\s*[:=]?\s*$"
)
_IS_ERROR = re.compile(rf"(?<![a-z])(?:{_ERROR})(?![a-z])")
_RIGHTLY = re.compile(rf"(?<![a-z])(?:{_RIGHT}|precision)(?![a-z])")
_MOSTLY = 0.5  # an accuracy above it says how much is right, one below how much may be wrong (heuristic)


@dataclass(frozen=True)
class Exactness:
    """A relative error that is asked for, and [start, end) of the words that ask."""

    value: float
    start: int
    end: int


def exactness(plain: str, language: str) -> tuple[Exactness, ...]:
    """Every relative error that a folded text asks for, in order; of overlapping phrases the first and longest.

    Percents become shares, "95 % accuracy" an error of 0.05. Noise of data ("measurements with 5% error") is none.
    """
    matches = [match for pattern in _PATTERNS for match in pattern.finditer(plain)]
    found: list[Exactness] = []
    for match in sorted(matches, key=lambda one: (one.start(), -one.end())):
        overlaps = bool(found) and match.start() < found[-1].end
        if not (overlaps or _is_loose(match, language) or _is_noise(match)):
            found.append(Exactness(_value(match, language), *match.span()))
    return tuple(found)


def _is_noise(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 48) : match.start()]
    return bool(_NOISY.search(before) or (_IS_ERROR.search(match[0]) and _MEASURED.search(before)))


def _is_loose(match: re.Match[str], language: str) -> bool:
    """Whether a bare number above one stands beside a word that means other things too ("precision 32")."""
    told = match.groupdict()
    bare = bool(told.get("value")) and not told["percent"]
    return bare and bool(_RIGHTLY.search(match[0])) and number(match["value"], language) > 1.0


def _value(match: re.Match[str], language: str) -> float:
    if of := match.groupdict().get("of"):
        return 1.0 / max(1.0, float(_OF.get(of, of)))
    if digits := match.groupdict().get("digits"):
        return float(f"1e-{_COUNTS.get(digits, digits)}")
    told = match["value"]
    value = _WORDS[told] if told in _WORDS else number(told, language)
    if match["percent"]:
        value = round(value / 100, 12)
    return round(1.0 - value, 12) if _RIGHTLY.search(match[0]) and _MOSTLY < value < 1.0 else value
