"""What the symbols of a request stand for: coordinates, fields, coefficients, the imaginary unit."""

from __future__ import annotations

import re

from orchestrator.core.expression import CONSTANTS, FUNCTIONS
from orchestrator.planners.rules.page import Page
from orchestrator.planners.rules.ranges import has_range
from orchestrator.planners.rules.written import Written, applications, derivatives
from orchestrator.problems import library
from orchestrator.problems.forms import fields_of

PLANE = re.compile(
    r"(?<![\w.])(?:2|two|zwei|deux|dos|due|duas)[- ]?(?:d\b|dim\w*)|(?:unit )?square|on a plate|\bplate\b"
    r"|\bplatte\b|\bplaque\b|\bplaca\b"
    r"|\bpiastra\b|二维|2次元|二次元|zweidimensional\w*|bidimension\w*"
)
LINE = re.compile(r"(?<![\w.])(?:1|one|ein|une?|una)[- ]?(?:d\b|dim\w*)|一维|1次元|一次元|eindimensional\w*")
SOLID = re.compile(r"(?<![\w.])(?:3|three|drei)[- ]?(?:d\b|dim)|三维|3次元|三次元")
_IMAGINARY = re.compile(r"(?<![A-Za-z0-9_.])(?:i|1[ij])(?![A-Za-z0-9_(])")


def names_of(
    entry: str | None, equations: list[Written], formulas: list[Written], page: Page
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(coordinates, fields), as far as they can be told apart here."""
    if not equations:
        statement = library()[str(entry)].statement
        return tuple(statement.domain), fields_of(statement)
    by = set().union(*(derivatives(one.text) for one in equations))
    letters = by - {"'", "∇"}
    fields = tuple(dict.fromkeys(name for one in equations for name in _differentiated(one.text)))
    if "'" in by and not letters:
        letters = {_unprimed(page, equations, fields)}
    if "∇" in by and entry:
        letters |= set(library()[entry].statement.domain)
    elif "∇" in by:
        letters |= (
            {"x", "y"}
            if _flat(equations) or PLANE.search(page.free)
            else {"x", "y", "z"}
            if SOLID.search(page.free)
            else {"x"}
        )
    for one in formulas:
        for name, inside in applications(one.text):
            letters |= (
                {part for part in inside if part in "xyzrt" and len(part) == 1 and part not in fields}
                if len(inside) > 1 or name in fields
                else set()
            )
    return tuple(sorted(letters - set(fields), key=lambda letter: (letter == "t", letter))), fields


def _flat(equations: list[Written]) -> bool:
    """Whether y stands in an equation, and z in none."""
    text = " ".join(one.text for one in equations)
    return bool(re.search(r"(?<![A-Za-z0-9_])y(?![A-Za-z0-9_'])", text))


def _unprimed(page: Page, equations: list[Written], fields: tuple[str, ...]) -> str:
    """What a prime differentiates by: the letter that stands in the equations, or has a range; else the time."""
    free = [letter for letter in "txyzr" if letter not in fields]
    words = {word for one in equations for word in re.findall(r"(?<![A-Za-z_])[a-z](?![A-Za-z0-9_'])", one.text)}
    ranged = (letter for letter in free if has_range(page, letter))
    at_ends = re.search(r"\bdirichlet|\bneumann|\bboundar|\bboth ends\b|\brand", page.free)
    usual = "x" if at_ends and "x" in free else "t"
    return next((letter for letter in free if letter in words and letter in "tx"), None) or next(ranged, usual)


def _differentiated(text: str) -> list[str]:
    marks = (
        r"(?<![A-Za-z0-9_])(?:d\s*(?:\^?\s*\d)?\s*([A-Za-z\u0370-\u03ff]\w*?)\s*/\s*d"
        r"|([A-Za-z\u0370-\u03ff][A-Za-z0-9]*?)(?:_\{?[xyzrt]+\}?(?![A-Za-z0-9])|'+))"
    )
    found = [match[1] or match[2] for match in re.finditer(marks, text)]
    found += re.findall(r"(?:laplace|laplacian|lap|diff)\(\s*([A-Za-z][A-Za-z0-9]*)\s*[,)]", text)
    found += re.findall(r"[∇Δ∆](?:\^2)?\s*\(?\s*([A-Za-z\u0370-\u03ff][A-Za-z0-9]*)", text)
    return found or [
        match[0][0] for match in re.finditer(r"(?<![A-Za-z0-9_])[uvwpqh][xyzt]{1,4}(?![A-Za-z0-9_(])", text)
    ]


def symbols_of(entry: str | None, equations: list[Written]) -> tuple[str, ...]:
    """Names that may be coefficients: of the entry, or those in written equations."""
    found = list(library()[entry].statement.parameters) if entry and not equations else []
    for one in equations:
        found += [name for name in re.findall(r"(?<![A-Za-z0-9_])[A-Za-zα-ω][A-Za-z0-9_]*", one.text)
                  if name not in FUNCTIONS and name not in CONSTANTS]  # fmt: skip
    return tuple(dict.fromkeys(found))


def has_imaginary_unit(formulas: list[Written], names: tuple[str, ...]) -> bool:
    """Whether i stands for the imaginary unit in an equation: nothing else is called so."""
    given = any(one.kind == "value" and one.sides[0] == "i" for one in formulas)
    texts = [one.text for one in formulas if one.kind == "equation"]
    return not given and "i" not in names and any(_IMAGINARY.search(text) for text in texts)


def of_second_order(entry: str | None, equations: list[Written]) -> bool:
    """Whether the problem is of second order in time, and its rate of change is told at the start too."""
    if equations:
        return any(re.search(r"_\{?[xyz]*tt|''|/\s*dt\s*\^?2|[uvwpqh]tt(?![a-z])", one.text) for one in equations)
    return entry == "wave"
