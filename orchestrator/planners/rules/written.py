"""Finds what a request writes in symbols: equations, conditions, values; each with its place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from orchestrator.core.expression import FUNCTIONS
from orchestrator.planners.rules.runs import NAME, SHORT, formulas_of
from orchestrator.planners.rules.text import Reading

Kind = Literal["equation", "condition", "value", "place", "other"]
COORDINATES = "xyzrt"
_APPLIED = re.compile(
    r"(?<![A-Za-z0-9_])(?P<name>[A-Za-z\u0370-\u03ff][A-Za-z0-9]*(?:_\{?[a-z0-9]+\}?)?'{0,4})\s*\((?P<inside>[^()]*)\)"
)
_QUOTIENT = r"d\s*(?:\^?\s*\d)?\s*\(?\s*[A-Za-z\u0370-\u03ff][A-Za-z0-9]*\)?\s*/\s*\(?\s*d\s*[a-z]"
DERIVATIVE = re.compile(
    rf"(?<![A-Za-z0-9_'])(?:[A-Za-z\u0370-\u03ff][A-Za-z0-9]*(?:_\d+)?(?:_\{{?[{COORDINATES}]+\}}?(?![A-Za-z0-9])|'{{1,4}})"
    rf"|[uvwpqh][xyzt]{{1,4}}(?![A-Za-z0-9_(])|(?:laplace|laplacian|diff|div)\s*\(|{_QUOTIENT})|\)\s*_[{COORDINATES}]+|[∇Δ∆]"
)
_BOUNDARY = (
    r"(?:(?:all|the|every|both|its|of|four|two|dem|den|der|le|les|el|los|la|il|i|alle[nm]?|beiden|deux|ambos) )*"
    r"(?:spatial |whole )?(?:(?:boundary|boundaries|border|edges?|sides?|walls?|ends?|rand|rander|rändern?|enden|bords?"
    r"|bordes?|extrémités|extremos|contorno|frontera|frontiere|frontière)(?![a-z])|d\s?Ω|\\partial\s*\\Omega)"
)
_SIDE = (
    r"(?:the |dem |der )?(?:(?P<left>left|linken?)|(?P<right>right|rechten?)|(?P<bottom>bottom|lower|unteren?)"
    r"|(?P<top>top|upper|oberen?))[- ](?:hand )?(?:end|boundary|side|wall|edge|face|lid|rand|ende)\b"
    r"|(?P<others>(?:all |the |its |every )*(?:(?:other|remaining) (?:\w+ )?|three (?:other |remaining )?)"
    r"(?:ends?|boundar\w+|sides?|walls?|edges?|faces?))\b"
)
_PLACE = re.compile(
    rf"\s*(?:,\s*)?(?:at|on|along|bei|an|am|auf|aux?|sur|en|em|su|a|für)\s+(?:(?P<whole>{_BOUNDARY})|{_SIDE}|(?P<point>(?=[xyzrt]\s*=)))",
    re.IGNORECASE,
)
_AT_NAME = re.compile(r"(?:[xyzt]\s*=\s*)?(?:[A-Z]\w?|[xyzt]_(?:max|min|0|1|end|low|high))")  # "u(L, t) = 0"
_START = re.compile(
    r"\s+(?:initially|at the start|at first|at time zero|zu beginn|anfangs|initialement|au départ|inicialmente)\b",
    re.IGNORECASE,
)
_POINT = re.compile(rf"[{COORDINATES}]\s*=\s*[-+]?[0-9.]*\s*\*?\s*(?:pi|π)?(?:\s*/\s*\d+)?")
_JOINT = re.compile(r"\s*(?:,|and|und|et)\s*(?=[xyzrt]\s*=\s*[-+.\dp])")


@dataclass(frozen=True)
class Written:
    """A formula with a sign of equality, at [start, end) of the raw text; `where` is the place named behind it."""

    kind: Kind
    text: str
    start: int
    end: int
    where: str = ""

    @property
    def sides(self) -> tuple[str, str]:
        left, _, right = self.text.partition("=")
        return left.strip(), right.strip()


def written(reading: Reading, language: str = "en") -> tuple[Written, ...]:
    """Every formula of the request in the order of the text."""
    found: list[Written] = []
    for text, start, end in formulas_of(reading, language):
        if found and found[-1].start < start < found[-1].end:
            continue  # swallowed as the place of the one before
        place, stop = _place(reading.raw, end)
        found.append(Written(_kind(text, place), text, start, stop if place else end, place))
    return tuple(found)


def derivatives(text: str) -> set[str]:
    """The coordinates by which something is differentiated in an equation; "'" where a prime does not say."""
    found: set[str] = set()
    for match in DERIVATIVE.finditer(text):
        piece = match[0]
        if "'" in piece:
            found.add("'")
        elif "/" in piece:
            found.add(piece.rstrip()[-1])
        elif "_" in piece:
            found |= set(re.sub(r"[{}]", "", piece.rpartition("_")[2])) & set(COORDINATES)
        elif SHORT.fullmatch(piece):
            found |= set(piece[1:])
        else:
            found.add("∇")
    return found


def applications(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(name, arguments) of `u_x(1, t)`, `theta'(0)`; functions of the language left out."""
    for match in _APPLIED.finditer(text):
        if match["name"] not in FUNCTIONS:
            yield match["name"], tuple(part.strip() for part in match["inside"].split(","))


def _kind(text: str, where: str) -> Kind:
    left, _, right = text.partition("=")
    if any(_is_number(part.rpartition("=")[2]) for _, inside in applications(text) for part in inside):
        return "condition"
    if where or any(_AT_NAME.fullmatch(part) for _, inside in applications(text) for part in inside):
        return "condition"
    if DERIVATIVE.search(text):
        return "equation"
    if re.fullmatch(NAME, left.strip()):
        return "value"
    return "equation" if re.search(r"[A-Za-z]", left) and right.strip() else "other"


def _is_number(text: str) -> bool:
    plain = re.sub(r"pi|π", "3", text.strip())
    return bool(re.fullmatch(r"[-+]?[\d.]+(?:[eE][-+]?\d+)?(?:\s*[*/]?\s*[\d.]+)*", plain))


def _place(raw: str, end: int) -> tuple[str, int]:
    match = _PLACE.match(raw, end)
    if start := _START.match(raw, end):
        return "t = t_low", start.end()
    if not match:
        return "", end
    if match["whole"]:
        return "boundary", match.end()
    if match["others"]:
        return "others", match.end()
    if match["point"] is None:
        letter = "x" if match["left"] or match["right"] else "y"
        return f"{letter} = {letter}_{'low' if match['left'] or match['bottom'] else 'high'}", match.end()
    point = _POINT.match(raw, match.end())
    if not point:
        return "", end
    told, stop = point[0].strip(), point.end()
    while (joint := _JOINT.match(raw, stop)) and (more := _POINT.match(raw, joint.end())):
        told, stop = f"{told}{' and ' if joint[0].strip() != ',' else ', '}{more[0].strip()}", more.end()
    return told, stop
