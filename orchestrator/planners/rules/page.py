"""A request's text on which what was understood is struck out, so that what is left can be told."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.planners.rules import numbers
from orchestrator.planners.rules.exactness import exactness
from orchestrator.planners.rules.formula import constant, scan
from orchestrator.planners.rules.measures import UNIT
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.text import Reading, fold
from orchestrator.planners.rules.unmet import SEEDS

_OPTIONS = (
    *(pattern for _, pattern in numbers.PATTERNS),
    numbers.BUDGET,
    numbers.DOLLARS,
    numbers.HIDDEN,
    numbers.HELD_OUT,
    SEEDS,
)
# Numbers that are names, or say how many of a thing that is not a part of the problem.
_NAMES = re.compile(
    r"\b[123][- ]?d\b|\b[a-z]+[-_]?\d+\b|\b\d+[- ]?(?:dimension\w*|fold|-?bit)\b|float ?\d+|\bl[- ]?2\b"
    r"|lorenz[- ]?63"
)
_LINKING = r"\s*(?:=|:|of|is|at|von|de|di|d[ao]|a|est|es|ist|gleich|equal to|value|为|是|は|を|,)?\s*"
_UNIT = re.compile(rf"\s?(?P<unit>{UNIT})")
_LEFT = re.compile(rf"(?<![\w.^]){NUMBER}(?![\w])|\bpi\b")


class Page:
    """`free` is the folded text with everything understood blanked; it has the length of the text."""

    def __init__(self, reading: Reading, language: str) -> None:
        self.reading = reading
        self.language = language
        self.unread: list[str] = []  # labels with a formula where a number is needed
        self.unit = ""  # behind the last value
        opened = list(reading.plain)
        for span in reading.spans:
            if span.kind == "quote":
                inner = fold(reading.raw[span.start : span.end])
                opened[span.start : span.end] = list(re.sub(r"[`'\"“”„«»「」]", " ", inner))
        self.free = "".join(opened)
        for pattern in _OPTIONS:
            for match in pattern.finditer(self.free):
                self.strike(*match.span())
        for asked in exactness(self.free, language):
            self.strike(asked.start, asked.end)

    @property
    def cased(self) -> str:
        """What is free, as the user wrote it."""
        return "".join(raw if free != " " else " " for raw, free in zip(self.reading.raw, self.free, strict=True))

    def words(self, start: int, end: int) -> str:
        """The user's words at a place."""
        return self.reading.raw[start:end].strip()

    def strike(self, start: int, end: int) -> None:
        self.free = self.free[:start] + " " * (end - start) + self.free[end:]

    def find(self, pattern: str | re.Pattern[str]) -> re.Match[str] | None:
        """The first match in what is left, struck out."""
        match = re.search(pattern, self.free)
        if match:
            self.strike(*match.span())
        return match

    def value_after(self, label: str) -> float | None:
        """The number that stands behind a label ("viscosity 0.01/pi", "eine Viskosität von 0,05"), struck out."""
        for match in re.finditer(rf"(?<![a-z_])(?:{label})(?![a-z_]){_LINKING}(?=[-+.\dπ]|pi)", self.free):
            told, end = self.number_at(match.end())
            if told is None and end > match.end():
                self.unread.append(self.words(match.start(), end))
            behind = _UNIT.match(self.cased, end)
            self.unit = behind["unit"] if behind else ""
            if told is not None or end > match.end():
                self.strike(match.start(), end)
                return told
        return None

    def formula_after(self, label: str, *, varying: bool = False) -> str | None:
        """The formula behind a label ("source sin(pi x)"), struck out; `varying`: one that is no number."""
        begins = r"(?=[-+.(\dπ]|pi|[xyt]\b|sin|cos|exp|u\b)"
        for match in re.finditer(rf"(?<![a-z_-])(?:{label})(?![a-z_-]){_LINKING}{begins}", self.free):
            text, end = scan(self.free, match.end(), ("u", "y", "z"))
            if text and not (varying and constant(text) is not None):
                self.strike(match.start(), end)
                return text
        return None

    def number_at(self, position: int) -> tuple[float | None, int]:
        """A number or a formula of numbers at a place, and its end; None where a formula of more stands there."""
        written = re.match(NUMBER, self.free[position:])
        if written and "," in written[0] and self.language != "en":
            return number(written[0], self.language), position + len(written[0])
        text, end = scan(self.free, position)
        value = constant(text) if text else None
        if value is None and written and not (text and re.search(r"(?<![a-z])[xt](?![a-z])", text)):
            return number(written[0].rstrip(",."), self.language), position + len(written[0])
        return (value, end) if text else (None, position)

    def left_over(self) -> Iterator[str]:
        """Numbers that nothing has used, with the words around them."""
        text = _NAMES.sub(lambda match: " " * len(match[0]), self.free)
        for match in _LEFT.finditer(text):
            start, end = max(0, match.start() - 24), min(len(text), match.end() + 16)
            yield re.sub(r"\s+", " ", self.reading.raw[start:end]).strip()
