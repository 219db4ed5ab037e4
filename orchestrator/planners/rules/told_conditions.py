"""Conditions of a problem in symbols as the request gives them: as formulas, and in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.planners.rules import boundaries
from orchestrator.planners.rules.conditions import GAUSSIAN, INITIAL, SHAPED, bound
from orchestrator.planners.rules.formula import dangles, scan
from orchestrator.planners.rules.page import Page
from orchestrator.planners.rules.starts import initial_values
from orchestrator.planners.rules.written import Written, applications
from orchestrator.problems import library

Params = dict[str, JsonValue]
_PERIODIC = re.compile(
    r"(?:with )?periodic(?! (?:source|forcing|initial|signal|orbit|solution))(?: (?:boundar\w+|conditions?|bcs?"
    r"|in [xyz]\b))*"
    r"|periodisch\w*(?: rand\w*)?|periodique\w*|periodic[ao]s?\b|周期(?:边界\w*|境界\w*)?|on a (?:ring|circle|torus)"
)
_AT_REST = re.compile(
    r"(?:(?:released|starting|starts?|started|let go|lies|lying|held) )?(?:initially )?(?:from|at) rest\b"
    r"|\bno initial velocity"
    r"|zero initial (?:velocity|speed)|initial (?:velocity|speed) (?:zero|0(?![.\d]))|(?:aus der|in) ruhe\b|au repos\b"
    r"|en reposo\b|losgelassen|\breleased\b"
)
_SPEED = re.compile(
    r"(?:initial (?:velocity|speed|rate of change)|anfangsgeschwindigkeit|vitesse initiale|velocidad inicial)"
    r"\s*(?:(?:given by|equal to) )?(?:is|=|:|of|ist|von|est|de|es)?\s*"
)
_FACE = re.compile(r"[xyz] = [xyz]_(?:low|high)")
_IN_A_PLANE = re.compile(r"\b(?:top|bottom|upper|lower|oben|unten|front|back|haut|bas|arriba|abajo)\b")


@dataclass(frozen=True)
class Names:
    """What conditions may speak of: the entry of the library, its fields, coordinates and coefficients."""

    entry: str | None
    fields: tuple[str, ...]
    letters: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    twice: bool = False  # of second order in time

    @property
    def space(self) -> tuple[str, ...]:
        return tuple(letter for letter in self.letters if letter != "t")


def texts(formulas: Iterable[Written]) -> list[JsonValue]:
    return [f"{one.text} at {one.where}" if one.where else one.text for one in formulas]


def conditions_told(page: Page, formulas: list[Written], names: Names, told: Params) -> Params:
    """`conditions`, `periodic`, and the words that were read and not understood."""
    found: list[JsonValue] = [*_list(told.get("conditions")), *texts(formulas)]
    result: Params = {}
    moves = "t" in names.letters
    found += list(initial_values(page, names.entry, names.fields))
    if moves and names.twice and page.find(_AT_REST) and not any(_is_slope(str(one)) for one in found):
        found += [f"{name}_t = 0 at t = t_low" for name in names.fields]
    if names.space and moves and names.twice:
        found += _speed(page, names)
    if names.space and moves:
        told_start = any(_is_start(one) for one in formulas)
        found += _initial(page, names, result, told_start=told_start)
    denied = boundaries.DENIED.search(page.free)
    periodic: list[JsonValue] = [*names.space] if names.space and not denied and page.find(_PERIODIC) else []
    if names.space and not periodic:
        sides, words = _sides(page, formulas, names, told)
        if words:
            result["unread_boundary"] = words
        found += _told_sides(sides, names)
    return {**result, "conditions": _without_others(found, names), "periodic": periodic}


def _speed(page: Page, names: Names) -> list[JsonValue]:
    """An initial rate of change in words: "initial velocity pi sin(pi x)"."""
    match = _SPEED.search(page.free)
    text, end = scan(page.cased, match.end(), (*names.space, *names.numbers)) if match else ("", 0)
    if match is None or not text:
        return []
    page.strike(match.start(), end)
    return [f"{names.fields[0]}_t = {text} at t = t_low"]


def _initial(page: Page, names: Names, result: Params, *, told_start: bool) -> list[JsonValue]:
    """An initial profile in words; words for one that hold no formula are `unread`."""
    first = names.fields[0] if names.fields else "u"
    letter = names.space[0]
    unread: list[JsonValue] = []
    found: list[JsonValue] = []
    if page.find(GAUSSIAN):
        found.append(f"{first} = exp(-(6*({letter} - {letter}_mid)/{letter}_length)**2) at t = t_low")
    while match := INITIAL.search(page.free):
        text, end = scan(page.cased, match.end(), (*names.space, *names.numbers))
        strange = dangles(page.cased, end) if text else re.split(r"[\s,;.]", page.cased[match.end() :], maxsplit=1)[0]
        if text and not strange:
            found.append(f"{first} = {text} at t = t_low")
        elif (text and strange) or match[0].rstrip().endswith("=") or (strange and not told_start and not found):
            unread.append(page.words(match.start(), match.end() + len(strange)))
        page.strike(match.start(), max(end, match.end()))
    if not found and not told_start and (match := page.find(SHAPED)):
        unread.append(match[0])
    if unread:
        result["unread"] = unread
    return found


def _sides(page: Page, formulas: list[Written], names: Names, told: Params) -> tuple[boundaries.Sides, str]:
    """(conditions in words by end, words that were not understood); what was read is struck out."""
    letter = names.space[0]
    faces = [one for one in formulas if _on_a_face(one, names.space)]
    ends = _ends(told, letter, names.entry)
    sides = boundaries.worded(page.free, page.language, ends, spread=not faces)
    written: boundaries.Sides = {str(index): {"kind": _kind(one.text, names.fields)} for index, one in enumerate(faces)}
    words = boundaries.unread(page.free, {**written, **sides}, page.language)
    if len(names.space) > 1 and not words and sides and (match := _IN_A_PLANE.search(page.free)):
        words = page.words(match.start(), match.end())
    for pattern in boundaries.patterns():
        for match in pattern.finditer(page.free):
            page.strike(*match.span())
    return sides, words


def _told_sides(sides: boundaries.Sides, names: Names) -> list[JsonValue]:
    """Conditions in words as formulas; both ends alike hold on the whole boundary."""
    found: list[JsonValue] = []
    same = sides.get("left") == sides.get("right") and "left" in sides and len(names.space) > 1
    letter = names.space[0]
    for side, place in (("left", f"{letter} = {letter}_low"), ("right", f"{letter} = {letter}_high")):
        told = sides.get(side)
        if not isinstance(told, dict) or told["kind"] == "periodic" or (same and side == "right"):
            continue
        where = "boundary" if same else place
        for field in names.fields:
            slope = f"{field}_n" if same else f"{field}_{letter}"
            left = {"dirichlet": field, "neumann": slope}.get(
                str(told["kind"]), f"{slope} + ({told.get('coefficient')})*{field}"
            )
            found.append(f"{left} = {told['value']} at {where}")
    return found


def _without_others(found: list[JsonValue], names: Names) -> list[JsonValue]:
    """Conditions "at others" as conditions on every face that none of the rest speaks of."""
    named = {match[0].replace(" ", "") for text in found for match in _FACE.finditer(str(text))}
    faces = [f"{letter} = {letter}_{end}" for letter in names.space for end in ("low", "high")]
    free = [face for face in faces if face.replace(" ", "") not in named]
    made: list[JsonValue] = []
    for text in found:
        before, mark, _ = str(text).partition(" at others")
        made += [f"{before} at {face}" for face in free] if mark else [text]
    return made


def _is_start(one: Written) -> bool:
    """Whether a condition stands at the start: u(x, 0), or with the place t = 0."""
    if "t" in one.where.split("=")[0]:
        return True
    return any(len(inside) > 1 and inside[-1] != "t" and inside[0] == "x" for _, inside in applications(one.text))


def _is_slope(text: str) -> bool:
    return bool(re.search(r"(?:_t|')\s*(?:\(|=)", text))


def _on_a_face(one: Written, space: tuple[str, ...]) -> bool:
    if one.where:
        return one.where.split("=")[0].strip() in (*space, "boundary", "others")
    return any(name and set(space) - set(inside) for name, inside in applications(one.text) if len(inside) > 1)


def _kind(text: str, fields: tuple[str, ...]) -> str:
    """Of a condition that is written out: by whether slopes and values of fields stand in it."""
    any_of = "|".join(map(re.escape, fields)) or "u"
    slope = rf"(?:{any_of})(?:_\{{?[xyzrn]+\}}?|'+)|d\s*(?:{any_of})\s*/\s*d\s*\w"
    value = rf"(?<![A-Za-z_])(?:{any_of})(?![A-Za-z0-9_'])"
    if not re.search(slope, text):
        return "dirichlet"
    return "robin" if re.search(value, re.sub(slope, " ", text)) else "neumann"


def _ends(told: Params, letter: str, entry: str | None) -> tuple[float, float]:
    ends = told.get("domain")
    given = ends.get(letter) if isinstance(ends, dict) else None
    usual = library()[entry].statement.domain.get(letter) if entry else None
    low, high = given if isinstance(given, list) else usual or (0.0, 1.0)
    numbers = [float(one) if isinstance(one, float | int) else bound(str(one)) or 0.0 for one in (low, high)]
    return numbers[0], numbers[1]


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
