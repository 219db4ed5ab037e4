"""Domains without an end: "[0, infinity)", "the whole real line", "as t -> ∞"."""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass

from orchestrator.core.errors import IllPosed
from orchestrator.planners.rules.conditions import bound

_INFINITY = (
    r"(?:[-+±]\s*)?(?:\\?infty\b|infinity\b|inf\b|oo\b|∞|unendlich(?!\w)|infini(?!\w)|infinito\b"
    r"|infinita\b|\d+(?:\.\d+)?e\+?(?:3[1-9]\d|[4-9]\d\d|\d{4,})\b|无穷大?|無限大?|无限)"
)
_END = r"[^\s,;\[\]()]{1,20}"
_LETTER = r"(?:(?<![a-z])(?P<letter>[xyzrt])\s*(?:in|∈|=|from|aus|dans|en|over|:|goes from|von)?\s*)?"
_PAIR = (
    rf"(?P<low>{_END})\s*(?:[,;]|\.\.)\s*{_INFINITY}|{_INFINITY}\s*(?:[,;]|\.\.)\s*{_INFINITY}"
    rf"|{_INFINITY}\s*(?:[,;]|\.\.)\s*(?P<high>{_END})"
)
_TO = r"(?:->|→|goes to|tends to|approaches|gegen|vers)"
# Said with a sign of infinity in the place of a number: nothing else can be meant.
_WRITTEN = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![a-z])[a-z](?:_[a-z]+)?\(\s*{_INFINITY}\s*,\s*(?:y\s*,\s*)?t\s*\)",
        rf"(?<![a-z])[a-z](?:_[a-z]+)?\((?:\s*[xyz]\s*,)*\s*(?P<letter>t\s*=\s*)?{_INFINITY}\s*\)",
        rf"{_LETTER}[\[(\]]\s*(?:{_PAIR})\s*[\])\[]",
        rf"{_LETTER}(?:from|between|von|zwischen|de|da|=)\s*(?P<low>{_END})"
        rf"\s*(?:to|up to|and|bis|und|a|à)\s*{_INFINITY}",
        rf"{_INFINITY}\s*[<≤]=?\s*(?P<letter>[xyzrt])(?:\s*[<≤]=?\s*(?:{_INFINITY}|(?P<high>{_END})))?",
        rf"(?:(?P<low>{_END})\s*[<≤]=?\s*)?(?<![a-z])(?P<letter>[xyzrt])\s*[<≤]=?\s*{_INFINITY}",
        rf"(?:until|up to|till|bis|jusqu'a|hasta|fino a)\s*(?:(?P<letter>[xyzrt])\s*=?\s*)?{_INFINITY}",
        r"(?<![a-z])(?P<letter>[xyz])\s*(?:in|∈)\s*(?:the )?(?:r(?:eals)?(?:\s*\^\s*[+1])?)(?=\s*(?:$|[.;]|,\s))",
    )
)
# Said in words, which a range beside them may have cut off already.
_NOUN = r"(?:domain|interval|rod|bar|wire|string|line|plate|medium|region|space|plane|axis)"
_WORDED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![a-z])(?P<letter>[xyzrt])\s*(?:{_TO}|=)\s*{_INFINITY}",
        r"\b(?:semi|half)[- ]?infinite\b(?: \w+)?|\bhalf[- ](?:line|space|plane|axis)\b",
        r"\b(?:whole|entire|full|real) (?:real )?(?:line|plane|space|axis)\b",
        rf"\b(?:unbounded|infinite) (?:spatial )?{_NOUN}\b|\b(?:at|im|au) (?:infinity|unendlichen|l'infini)\b",
        r"\b(?:halb)?(?:unendlich|unbeschrankt)(?:e[nrsm]?)? (?:stab|gebiet|intervall|draht|gerade|raum)\w*",
        r"(?:\b(?:for|on) |,\s*)(?:all )?(?P<letter>[xyz])\s*[>≥]=?\s*(?P<low>[-+]?\d+(?:\.\d+)?)"
        r"(?![\d.]*\s*[<≤>≥=*/^+-])",
    )
)
_CUT = 10.0


@dataclass(frozen=True)
class Unbounded:
    """The words that say it, the coordinate where they name one, and the end that is finite."""

    words: str
    letter: str | None = None
    low: float | None = None
    high: float | None = None

    def proposal(self, usual: str = "x") -> str:
        """A finite range in the place of the infinite one; how far out it must reach only its user can say.

        `usual` is the coordinate that is meant where the words name none.
        """
        letter = self.letter or usual
        if self.low is not None or letter == "t":
            low = self.low or 0.0
            return f"{letter} in [{low:g}, {low + _CUT:g}]"
        high = _CUT if self.high is None else self.high
        return f"{letter} in [{high - _CUT if self.high is not None else -_CUT:g}, {high:g}]"


def unbounded(plain: str, raw: str, ranged: Set[str]) -> Unbounded | None:
    """The domain without an end that a folded text speaks of; `ranged` are the coordinates with a finite range.

    Words such as "half-line" do not count beside a finite range of the coordinate: it was cut off already.
    """
    for pattern in _WRITTEN:
        if match := pattern.search(plain):
            return _made(match, raw)
    for pattern in _WORDED:
        match = pattern.search(plain)
        if match and not ranged & set(_letter(match) or "xyzr"):
            return _made(match, raw)
    return None


def refuse_unbounded(words: str, proposal: str) -> None:
    """Raise IllPosed that says why a domain without an end is not solved so, and how it can be."""
    if proposal.startswith("t "):
        remedy = f"Cut it off when the solution has come to rest, e.g. `{proposal}`."
    else:
        remedy = (
            "Cut it off where the solution stays at rest (diffusion: a few sqrt(4*D*t) beyond its data; waves: c*t), "
            f"e.g. `{proposal}`, with a condition there where the equation needs one."
        )
    raise IllPosed(f"the domain {words!r} is not bounded: only boxes with finite ends can be solved", remedy=remedy)


def _made(match: re.Match[str], raw: str) -> Unbounded:
    told = match.groupdict()
    ends = [bound(text) if (text := told.get(name)) else None for name in ("low", "high")]
    if re.match("half|semi|halb", match[0]):
        ends[0] = 0.0
    return Unbounded(raw[match.start() : match.end()].strip(" ,"), _letter(match), *ends)


def _letter(match: re.Match[str]) -> str | None:
    letter: str | None = match.groupdict().get("letter")
    return letter[0] if letter else None
