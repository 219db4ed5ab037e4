"""Initial and boundary conditions as people write them: `u(x, 0) = sin(x)`, `u = 0 at x = 1`, `periodic in x`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestrator.core.errors import IllPosed
from orchestrator.problems.formula import difference, printed, split_equals, tree
from orchestrator.problems.places import At, Box, at_argument, places
from orchestrator.problems.spelling import spelled
from orchestrator.problems.statement import Place
from orchestrator.problems.tokens import nearest
from orchestrator.problems.vocabulary import Vocabulary

_PERIODIC = re.compile(
    r"(?:periodic|periodisch|périodique)(?: (?:boundary )?(?:conditions?|boundaries))?"
    r"(?:\s*(?:in|along|at|for|entlang|en)?\s*(?P<letters>[a-z](?:\s*(?:,|and|und|et|\s)\s*[a-z])*))?\s*",
    re.IGNORECASE,
)
_AT = re.compile(r"\s+(?:at|on|for|where|when|bei|auf|an|für|am)\s+(?P<place>.+)$", re.IGNORECASE)
_BEFORE = re.compile(r"^\s*(?:at |on |bei |auf )?(?P<place>[^:]+?)\s*:\s*(?P<rest>.+)$", re.IGNORECASE)
_ALONG_NORMAL = re.compile(r"(?<![A-Za-z0-9_])d\s*([A-Za-z]\w*)\s*/\s*dn(?![A-Za-z0-9_])")
_REMEDY = "Write it as u(x, 0) = sin(pi*x), u_x(1, t) + 2*u(1, t) = 0, u = 0 at x = 1, or periodic in x."


@dataclass(frozen=True)
class Read:
    """What one condition says: equations (each = 0) at places, and coordinates that are periodic."""

    at: list[tuple[At, str]] = field(default_factory=list)
    periodic: tuple[str, ...] = ()


def condition(told: str | Place, names: Vocabulary, box: Box, periodic: tuple[str, ...] = ()) -> Read:
    """Read one condition. Raises IllPosed naming the place or the symbol that cannot be."""
    if isinstance(told, Place):
        spots = places(told.at, box, periodic)
        return Read([one for text in told.equations for one in _everywhere(text, spots, names, box)])
    text = spelled(told, names.fields, names.coordinates)
    if match := _PERIODIC.fullmatch(text.strip()):
        return Read(periodic=_letters(match["letters"], box))
    found = _applied(text, names, box)
    if found:
        return _with_places(text, found, names)
    if match := (_AT.search(text) or _BEFORE.match(text)):
        rest = match["rest"] if "rest" in match.groupdict() else text[: match.start()]
        return Read(_everywhere(rest, places(match["place"], box, periodic), names, box))
    raise IllPosed(f"the condition {told.strip()!r} does not say where it holds", remedy=_REMEDY)


@dataclass(frozen=True)
class _Occurrence:
    """`u_x(0, t)` in a text, from `start` to `end`."""

    name: str
    start: int
    end: int
    at: At


def _letters(told: str | None, box: Box) -> tuple[str, ...]:
    if not told:
        return box.space
    letters = tuple(re.sub(r"\b(?:and|und|et)\b", " ", told).replace(",", " ").split())
    for letter in letters:
        if letter not in box.ends:
            raise IllPosed(
                f"{letter!r} is periodic, but is no coordinate{nearest(letter, box.ends)}", remedy="Name a coordinate."
            )
    return letters


def _applied(text: str, names: Vocabulary, box: Box) -> list[_Occurrence]:
    """Every field or derivative that is taken at a place."""
    found = []
    for match in re.finditer(r"(?<![A-Za-z_])(?<![A-Za-z_][0-9])(?P<name>[A-Za-z][A-Za-z0-9_]*)\s*\(", text):
        name = names.written.get(match["name"], match["name"])
        if names.partial(name) is None:
            continue
        end = _closing(text, match.end() - 1)
        arguments = _arguments(text[match.end() : end - 1])
        if len(arguments) != len(names.coordinates) or (len(arguments) == 1 and _is_product(arguments[0], names)):
            if len(arguments) > 1 or not _is_product(arguments[0], names):
                count = "1 argument" if len(arguments) == 1 else f"{len(arguments)} arguments"
                raise IllPosed(
                    f"{text[match.start() : end]!r} has {count}; the coordinates are {', '.join(names.coordinates)}",
                    remedy=f"Write {match['name']}({', '.join(names.coordinates)}), one of them replaced by its value.",
                )
            continue
        values = [at_argument(letter, one, box) for letter, one in zip(names.coordinates, arguments, strict=True)]
        at = {letter: value for letter, value in zip(names.coordinates, values, strict=True) if value is not None}
        found.append(_Occurrence(match["name"], match.start(), end, at))
    return found if any(one.at for one in found) else []


def _is_product(argument: str, names: Vocabulary) -> bool:
    """Whether brackets behind a field hold a factor, as in u(1 - u)."""
    words = re.findall(r"[A-Za-z][A-Za-z0-9_]*", argument)
    return any(names.partial(word) is not None for word in words)


def _with_places(text: str, found: list[_Occurrence], names: Vocabulary) -> Read:
    sides, spots = _sides(text, found)
    different = [spot for spot in spots if spot is not None]
    if all(spot == different[0] for spot in different):
        held = different[0]
        return Read([(held, _zero(left, right, names)) for left, right in _pairs(sides)])
    if len(sides) == 2 and len(different) == 2:
        return Read(periodic=(_wrapped(text, sides, different),))
    last = sides[-1] if spots[-1] is None else "0"
    if spots[-1] is not None:
        raise IllPosed(f"the condition {text.strip()!r} holds at two places at once", remedy=_REMEDY)
    return Read([(spot, _zero(side, last, names)) for side, spot in zip(sides, spots, strict=True) if spot is not None])


def _sides(text: str, found: list[_Occurrence]) -> tuple[list[str], list[At | None]]:
    """The sides of the equation without arguments, and where each of them is taken."""
    marked, position = "", 0
    for index, one in enumerate(found):
        marked += text[position : one.start] + f" {one.name} \x00{index}\x00"
        position = one.end
    sides = split_equals(marked + text[position:])
    spots: list[At | None] = []
    for side in sides:
        here = [found[int(index)].at for index in re.findall("\x00(\\d+)\x00", side)]
        if any(spot != here[0] for spot in here):
            raise IllPosed(f"the condition {text.strip()!r} mixes two places in one sum", remedy=_REMEDY)
        spots.append(here[0] if here else None)
    return [re.sub("\x00\\d+\x00", " ", side) for side in sides], spots


def _wrapped(text: str, sides: list[str], spots: list[At]) -> str:
    """The coordinate that `u(-1, t) = u(1, t)` makes periodic."""
    first, second = spots
    apart = [letter for letter in first if first.get(letter) != second.get(letter)]
    if set(first) != set(second) or len(apart) != 1 or sides[0].strip() != sides[1].strip():
        raise IllPosed(f"the condition {text.strip()!r} ties two places in a way that is not read", remedy=_REMEDY)
    return apart[0]


def _everywhere(text: str, spots: list[At], names: Vocabulary, box: Box) -> list[tuple[At, str]]:
    sides = split_equals(_ALONG_NORMAL.sub(r"\1_n", spelled(text, names.fields, names.coordinates)))
    found = []
    for spot in spots:
        told = [_normal(side, spot, names, box) for side in sides]
        found += [(spot, _zero(left, right, names)) for left, right in _pairs(told)]
    return found


def _normal(text: str, spot: At, names: Vocabulary, box: Box) -> str:
    """`u_n`, the derivative along the outward normal, written for one face."""
    if "n" in names.coordinates or len(spot) != 1:
        return text
    [(letter, value)] = spot.items()
    sign = "-" if value == box.ends[letter][0] else ""
    known = "|".join(map(re.escape, names.fields))
    return re.sub(rf"(?<![A-Za-z_])(?<![A-Za-z_][0-9])({known})_n(?![A-Za-z0-9_])", rf"({sign}\1_{letter})", text)


def _pairs(sides: list[str]) -> list[tuple[str, str]]:
    """`a = b = 0` says a = 0 and b = 0; a single side is a residual."""
    return [(side, sides[-1]) for side in sides[:-1]] if len(sides) > 1 else [(sides[0], "0")]


def _zero(left: str, right: str, names: Vocabulary) -> str:
    if not left.strip() or not right.strip():
        raise IllPosed(f"a side of the condition '{left.strip()} = {right.strip()}' is empty", remedy=_REMEDY)
    return printed(difference(tree(left, names), tree(right, names)))


def _closing(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        depth += (text[index] == "(") - (text[index] == ")")
        if depth == 0:
            return index + 1
    raise IllPosed(f"a bracket is not closed in {text.strip()!r}", remedy=_REMEDY)


def _arguments(text: str) -> list[str]:
    parts, depth = [""], 0
    for sign in text:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]
