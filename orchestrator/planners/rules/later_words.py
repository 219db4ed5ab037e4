"""Words on columns that are not known yet when a prediction is made."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue

from orchestrator.planners.rules.columns import LIST, compiled, listed
from orchestrator.planners.rules.text import Reading

_KNOWN = r"(?:known|available|recorded|observed|measured|collected|filled in|entered|written down|decided|determined)"
_AFTER = (
    r"(?:afterwards?|later(?: on)?|after the (?:fact|event|outcome)|after(?: the)? prediction|too late|in hindsight)\b"
)
_BEFORE = (
    r"(?:(?:at|by) (?:the )?(?:prediction time|time of (?:the )?predict(?:ion|ing)|inference(?: time)?)|beforehand"
    r"|in advance|when (?:we |i |you )?predict(?:ing)?|when the prediction is made|before (?:the )?prediction|yet)\b"
)
_NOT = r"(?:not|isn't|aren't|never|not yet)"
_COLUMNS = r"(?:the )?(?:columns? |features? )?"
_SO = r"(?:\s*[:=]\s*|\s+(?:are|is|sont|son|sono|sao|sind|ist)\s+)"
_NOUN = r"(?<!which)(?<!that)"  # "y, which is known later" says nothing but of y, the target
PATTERNS = compiled(
    (
        rf"\b(?:only {_KNOWN}|{_KNOWN} only) {_AFTER}{_SO}{_COLUMNS}{LIST}(?! is\b| are\b)",
        rf"\b(?:{_NOT} {_KNOWN}|unknown|unavailable) {_BEFORE}{_SO}{_COLUMNS}{LIST}(?! is\b| are\b)",
        rf"{_COLUMNS}{LIST}{_NOUN} (?:is|are|was|were|becomes?|get|gets) (?:only )?{_KNOWN} (?:only )?{_AFTER}",
        rf"{_COLUMNS}{LIST}{_NOUN} (?:(?:is|are|was|were) (?:{_NOT} {_KNOWN}|unknown|unavailable)"
        rf"|(?:isn't|aren't) {_KNOWN}) {_BEFORE}",
        rf"\b(?:erst|nur) (?:hinterher|nachher|danach|spater|im nachhinein) bekannt{_SO}{LIST}",
        rf"{LIST} (?:ist|sind) (?:erst|nur) (?:hinterher|nachher|danach|spater|im nachhinein) bekannt",
        rf"\bconnue?s? (?:seulement |uniquement )?apres(?: coup)?{_SO}{LIST}",
        rf"\b(?:solo )?(?:conocid|conosciut|conhecid)[oaie]s? (?:solo |solamente |so |soltanto )?"
        rf"(?:despues|dopo|depois){_SO}{LIST}",
        rf"(?:事后才知道|预测时未知|事後に(?:のみ)?判明)\s*[:=为是は]?\s*{LIST}",
    )
)


def later_params(reading: Reading) -> dict[str, JsonValue]:
    """`known_later`: columns that the request says are known only after what is to be predicted."""
    named = [name for name in listed(PATTERNS, reading) if name.lower() not in {"only", "they", "it", "we"}]
    return {"known_later": list(named)} if named else {}


def without_later(reading: Reading) -> Reading:
    """The request without what it says of such columns, which are no targets and no features."""
    plain = reading.plain
    for pattern in PATTERNS:
        plain = pattern.sub(lambda match: ";" * len(match[0]), plain)
    return replace(reading, plain=plain)
