"""Numbers of a linear parabolic problem in words that its reader passes over."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.planners.rules import boundaries
from orchestrator.planners.rules.conditions import INITIAL, LENGTH
from orchestrator.planners.rules.fields import COEFFICIENTS, SPEED
from orchestrator.planners.rules.formula import scan
from orchestrator.planners.rules.page import Page
from orchestrator.planners.rules.ranges import box
from orchestrator.planners.rules.text import Reading
from orchestrator.planners.rules.written import written


def idle_numbers(reading: Reading, language: str) -> list[JsonValue]:
    """The words around each number that stands in nothing which is understood."""
    page = Page(reading, language)
    for one in written(reading, language):
        page.strike(one.start, one.end)
    for _, label in COEFFICIENTS:
        page.value_after(label)
    for pattern in (SPEED, LENGTH):
        page.find(pattern)
    box(page, ("x", "t"))
    while match := INITIAL.search(page.free):
        page.strike(match.start(), max(match.end(), scan(page.free, match.end())[1]))
    for told in boundaries.patterns():
        for match in told.finditer(page.free):
            page.strike(*match.span())
    return list(dict.fromkeys(page.left_over()))
