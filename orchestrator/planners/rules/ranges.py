"""The box of a problem: ranges of its coordinates, from intervals, ends of conditions, and words for time."""

from __future__ import annotations

import re

from orchestrator.planners.rules.conditions import BARE, COMMA_INTERVAL, LENGTH, SPANNED, UNTIL, B, bound, shapes
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.page import Page

Ends = tuple[float, float]
_SQUARE = re.compile(
    r"(?:on |over |in )?(?:the |a |an? )?unit (?:square|cube|box)|einheits(?:quadrat|wurfel)|carre unite"
    r"|cuadrado unitario"
)
_PRODUCT = re.compile(
    rf"[\[(]\s*(?P<a>{B})\s*[,;]\s*(?P<b>{B})\s*[\])]\s*"
    rf"(?:(?:x|×|\*|by)\s*[\[(]\s*(?P<c>{B})\s*[,;]\s*(?P<d>{B})\s*[\])]|\^\s*2)"
)
_WORDS = {
    "one": 1.0,
    "two": 2.0,
    "three": 3.0,
    "five": 5.0,
    "ten": 10.0,
    "twenty": 20.0,
    "zehn": 10.0,
    "funf": 5.0,
    "zwei": 2.0,
}
_SPAN = re.compile(
    rf"(?:for|over|during|lasting|run|to|until|up to|bis|jusqu'a|hasta|fino a|ate|fur|uber|pendant|durante|per|,|;)\s*"
    rf"(?:the first )?(?P<value>{NUMBER}"
    rf"|{'|'.join(_WORDS)})\s*"
    r"(?:s\b|sec(?:onds?)?\b|seconds?|sekunden?|secondes?|segundos?|secondi|秒|time units?|units of time|zeiteinheiten)"
)
_LONG = (
    rf"(?P<high>{NUMBER})\s*(?:m|met(?:er|re)s?)(?:[- ](?:long|lang|thick|dick|wide)"
    r"|[- ](?:\w+ )?(?:rod|bar|wire|string|stab|beam)|\s+de (?:long|largo))(?![a-z])"
)
_UNIT_INTERVAL = re.compile(r"(?:on |over )?(?:the |a |an )?unit interval")


def box(page: Page, letters: tuple[str, ...]) -> dict[str, Ends]:
    """The ranges that the request gives, by coordinate; struck out."""
    found: dict[str, Ends] = {}
    space = [letter for letter in letters if letter != "t"]
    if len(space) > 1:
        _square(page, space, found)
    for letter in letters:
        if letter not in found and (ends := _named(page, letter)):
            found[letter] = ends
    if "t" in letters and "t" not in found and (ends := _time(page)):
        found["t"] = ends
    if len(space) == 1 and space[0] not in found and (match := page.find(LENGTH)) and (high := bound(match["high"])):
        found[space[0]] = (0.0, high)
    if len(space) == 1 and space[0] not in found and (match := page.find(_LONG)):
        found[space[0]] = (0.0, number(match["high"], page.language))
    bare = space[:1] if len(space) == 1 else list(letters) if not space else []
    if bare and bare[0] not in found and (ends := _bare(page)):
        found[bare[0]] = ends
    return found


def has_range(page: Page, letter: str) -> bool:
    """Whether an interval of this coordinate is told, without striking it out."""
    return any(
        bound(match["low"], page.language) is not None and bound(match["high"], page.language) is not None
        for shape in shapes(letter)
        for match in re.finditer(shape, page.free)
    )


def _square(page: Page, space: list[str], found: dict[str, Ends]) -> None:
    if page.find(_SQUARE):
        found |= {letter: (0.0, 1.0) for letter in space}
        return
    for match in _PRODUCT.finditer(page.free) if len(space) == 2 else ():
        told = [bound(text, page.language) for text in match.groups() if text is not None]
        ends = [one for one in told if one is not None]
        if len(ends) == len(told):
            page.strike(*match.span())
            found |= {space[0]: (ends[0], ends[1]), space[1]: (ends[-2], ends[-1])}
            return


def _named(page: Page, letter: str) -> Ends | None:
    return _ends(page, shapes(letter))


def _bare(page: Page) -> Ends | None:
    if page.find(_UNIT_INTERVAL):
        return (0.0, 1.0)
    return _ends(page, (BARE, SPANNED, COMMA_INTERVAL))


def _ends(page: Page, patterns: tuple[str, ...]) -> Ends | None:
    for pattern in patterns:
        for match in re.finditer(pattern, page.free):
            low, high = bound(match["low"], page.language), bound(match["high"], page.language)
            if low is not None and high is not None:
                page.strike(*match.span())
                return low, high
    return None


def _time(page: Page) -> Ends | None:
    if match := page.find(UNTIL):
        return 0.0, number(match["high"] or match["top"] or match["end"], page.language)
    if match := page.find(_SPAN):
        value = match["value"]
        return 0.0, _WORDS[value] if value in _WORDS else number(value, page.language)
    return None
