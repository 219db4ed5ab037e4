"""What a request says of people: sensitive columns, the gaps that it allows, columns to leave unused or to keep."""

from __future__ import annotations

import re
from dataclasses import replace

from pydantic import JsonValue

from orchestrator.planners.rules.columns import ARTICLE, LIST, WORD, compiled, listed
from orchestrator.planners.rules.metrics import FILLER, HIGH, LOW, METRICS
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.text import Reading

_FAIR = (
    r"(?:fair|fairness|fairly|equal|unbiased|bias|biased|discriminat\w+|equitable|faire?|gerecht|diskriminier\w+"
    r"|equitable|justo|justa|equidad|equo|equa|equita|parita)"
)
_ACROSS = (
    r"(?:across|between|among|with respect to|with regard to|regarding|by|over|against|uber|bezuglich|nach|zwischen"
    r"|entre|selon|segun|respecto a|rispetto a|tra|per|em relacao a)"
)
_AND = r"(?:and|und|et|y|e|&)"
# Of a list in running text: what follows a comma is a column only where the list goes on, or the sentence ends.
_TASK = r"(?!(?:the )?\w+ (?:it|them|me|the|its|this|that|how|why|what|which)\b)"  # "and explain it" names no column
_TOLD = (
    rf"(?P<cols>{WORD}(?:\s*,\s*{WORD}(?=\s*(?:[,.;:!?)]|$|{_AND}\b)))*"
    rf"(?:\s*,?\s*\b{_AND}\b\s*{_TASK}(?:the )?{WORD})*)"
)
SENSITIVE = compiled(
    (
        rf"\b(?:sensitive|protected) (?:columns?|attributes?|features?|variables?|groups?)\b\s*(?:=|:|are|is)?\s*"
        rf"{LIST}",
        rf"\b(?:sensib\w+|sensiv\w+|geschutzte) (?:spalten?|merkmale?)\b\s*(?:=|:|sind|ist)?\s*{LIST}",
        rf"\b(?:colonnes?|columnas?|colonn[ae]|colunas?) sens\w+\s*(?:=|:|sont|son|sono|sao)?\s*{LIST}",
        rf"\b{_FAIR} {_ACROSS} (?:groups (?:of|in|by) |different |all )?{ARTICLE}{_TOLD}",
        rf"(?:敏感列|敏感属性|センシティブ列)\s*[=:为是は]?\s*{LIST}",
    )
)
NONE_SENSITIVE = re.compile(
    r"\bno (?:sensitive|protected) (?:columns?|attributes?|features?)"
    r"|\bkeine (?:sensiblen|geschutzten) (?:spalten|merkmale)"
    r"|\b(?:aucune colonne sensible|sin columnas sensibles|nessuna colonna sensibile|sem colunas sensiveis)"
)
_NO_COLUMN = r"(?!a |an |any |gpu|cpu|cuda|jax|torch|pytorch|flax|docker)"
UNUSED = compiled(
    (
        rf"\b(?:without using|not using|do not use|don't use|never use|avoid using) (?:the )?(?:columns? |features? )?"
        rf"{_NO_COLUMN}{LIST}",
        rf"\bohne (?:die |das )?(?:spalten? )?{LIST} zu (?:verwenden|benutzen|nutzen)",
        rf"\b(?:sans utiliser|sin usar|sin utilizar|senza usare|senza utilizzare|sem usar) {ARTICLE}{_NO_COLUMN}{LIST}",
        rf"不使用\s*{LIST}",
        rf"{LIST}\s*を使わず",
    )
)
KEPT = compiled(
    (
        rf"\bkeep (?:the )?(?:columns?|features?) {LIST}",
        rf"\bkeep {LIST} as (?:a |an )?(?:features?|inputs?|columns?)\b",
        rf"\b(?:behalte|garde[rz]?|conserva|mant[ei]n|mantieni|tieni|mantenha) (?:die |la |a |les |las |le )?"
        rf"(?:spalten?|colonnes?|columnas?|colonn[ae]|colunas?) {LIST}",
    )
)
_NO_GROUPS = (
    "please",
    "groups",
    "group",
    "people",
    "persons",
    "everyone",
    "everybody",
    "users",
    "customers",
    "patients",
    "all",
)

_GAPS: tuple[tuple[str, str], ...] = (
    ("demographic_parity", r"demographic parity|statistical parity|selection[ -]rates?|demografische paritat"),
    ("equalized_odds", r"equali[sz]ed odds"),
    ("equal_opportunity", r"equal(?:ity of)? opportunity|true[ -]positive[ -]rates?"),
    ("false_positive_rate", r"false[ -]positive[ -]rates?"),
)
_NAMED_GAP = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _GAPS)
_GAP = r"(?:gaps?|differences?|disparit(?:y|ies)|abstand|unterschied|ecart|brecha|divario|diferenca)"
_BETWEEN = r"(?: (?:between|across|among|by|zwischen|entre|tra) (?:the )?\w+(?: and \w+)?)?"
_BOUND = (
    rf"{FILLER}(?:(?P<low>{LOW})|(?P<high>{HIGH}))\s*(?:of )?(?P<number>{NUMBER})\s*(?P<percent>%|percent|prozent)?"
)
BOUNDS = compiled(
    (
        rf"\b(?:{_NAMED_GAP})(?: {_GAP})?(?P<ratio> ratios?)?{_BETWEEN}{_BOUND}",
        rf"\b(?:{METRICS}) (?:(?P<any>{_GAP})|(?P<ratio>ratios?)){_BETWEEN}{_BOUND}",
        rf"\b(?:fairness (?P<any>{_GAP})|(?P<between>{_GAP}) (?:between|across|among) (?:the )?groups){_BOUND}",
        rf"(?P<impact>\bdisparate impact)(?: ratios?)?{_BETWEEN}{_BOUND}",
    )
)
FOUR_FIFTHS = re.compile(r"\b(?:four[ -]fifths|4/5(?:ths?)?|80 ?(?:%|percent)) rule\b")
"""The rule of thumb of the Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 D."""


def people_params(reading: Reading, language: str) -> dict[str, JsonValue]:
    """`sensitive` (empty: none, says the request), `gap_bounds`, `left_unused` and `kept`, as far as they are named.

    A bound on the gap of no named metric stands under `metric_difference`.
    """
    params: dict[str, JsonValue] = {}
    told = without_gaps(reading)
    named = [name for name in listed(SENSITIVE, told) if name.lower() not in _NO_GROUPS]
    if named or NONE_SENSITIVE.search(reading.plain):
        params["sensitive"] = list(named)
    if bounds := _bounds(reading, language):
        params["gap_bounds"] = dict(bounds)
    for key, patterns in (("left_unused", UNUSED), ("kept", KEPT)):
        if columns := listed(patterns, told):
            params[key] = list(columns)
    return params


def without_gaps(reading: Reading) -> Reading:
    """The request without its bounds on gaps, which name metrics and numbers of their own."""
    plain = reading.plain
    for pattern in (*BOUNDS, FOUR_FIFTHS):
        plain = pattern.sub(lambda match: ";" * len(match[0]), plain)
    return replace(reading, plain=plain)


def _bounds(reading: Reading, language: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for pattern in BOUNDS:
        for match in pattern.finditer(reading.plain):
            name = _gap(match)
            value = number(match["number"], language)
            value = round(value / 100, 10) if match["percent"] else value
            if name.endswith("_ratio") == bool(match["low"]):
                found.setdefault(name, value)
    if FOUR_FIFTHS.search(reading.plain):
        found.setdefault("demographic_parity_ratio", 0.8)
    return found


def _gap(match: re.Match[str]) -> str:
    groups = match.groupdict()
    if groups.get("impact"):
        return "demographic_parity_ratio"
    difference = groups.get("any") or groups.get("between")
    kind = "ratio" if groups.get("ratio") or (match["low"] and not difference) else "difference"
    special = {"any", "between", "ratio", "low", "high", "number", "percent", "impact"}
    named = next((name for name, text in groups.items() if text and name not in special), "metric")
    return f"{named}_{kind}"
