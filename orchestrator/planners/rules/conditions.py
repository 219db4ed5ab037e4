"""Domain, initial and boundary conditions of a field problem, from formulas and from words."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.planners.rules import boundaries
from orchestrator.planners.rules.fields import expression_at
from orchestrator.planners.rules.formula import constant, scan, tidy
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.text import Reading

_B = r"[-+]?\s?(?:\d+(?:\.\d+)?(?:e[-+]?\d+)?)?\s?\*?\s?(?:pi|π)?(?:\s?/\s?\d+)?"
_INTERVAL = rf"[\[(]\s*(?P<low>{_B})\s*[,;]\s*(?P<high>{_B})\s*[\])]"
COMMA_INTERVAL = rf"\[\s*(?P<low>{NUMBER})\s*;\s*(?P<high>{NUMBER})\s*\]"
_RANGE = rf"(?P<low>{_B})\s*(?:<=?|≤)\s*VAR\s*(?:<=?|≤)\s*(?P<high>{_B})"
_FROM = (
    rf"VAR\s*(?:=|goes|runs|ranges|geht|von)?\s*(?:from|von|de|da|in|=)\s*(?P<low>{_B})\s*(?:to|bis|a|à|ate"
    rf"|\.\.)\s*(?:VAR\s*=\s*)?(?P<high>{_B})"
)
_AMID = (
    rf"VAR\s*(?:is |lies |ranges )?(?:between|zwischen|entre|tra)\s*(?P<low>{_B})\s*(?:and|und|et|y|e)\s+(?P<high>{_B})"
)
_IN = rf"VAR\s*(?:in|∈|on|aus|dans|en|over|:|=)\s*{_INTERVAL}"
BARE = (
    rf"(?:on|domain|interval|over|auf|sur|en|su|em|gebiet|intervall|区间|在)\s*(?:the )?(?:domain |interval "
    rf"|intervall |x ?= ?|space )?(?:{_INTERVAL})"
)
SPANNED = (
    r"(?:interval|domain|rod|bar|wire|string|gebiet|intervall|stab)\s*(?:reaching |going |running )?(?:from|between"
    rf"|von|zwischen)\s*(?P<low>{_B})\s*(?:to|and|bis|und)\s+(?P<high>{_B})"
)
LENGTH = (
    rf"(?:rod|bar|wire|stab|domain|interval)?\s*(?:of )?(?:length|lange|longueur|longitud|lunghezza)\s*(?:=|:|of"
    rf"|von|de|di|l ?=)?\s*(?P<high>{_B})"
)
UNTIL = (
    rf"(?<![a-z])(?:until|up to|till|through|bis|jusqu'a|hasta|fino a|ate|直到|至)\s*(?:the )?(?:(?:final "
    rf")?(?:time|zeit|temps|tiempo|tempo)\s*)?"
    rf"(?:t\s*=?\s*)?(?P<high>{NUMBER})(?!\s*(?:%|epochs?|iterations?|trials?|steps|hours?|minutes?|percent))"
    rf"|(?<![a-z])(?:t\s*(?:to|<=?|≤|bis)|to\s+(?:the )?(?:final )?(?:time|t)\s*=?)\s*(?P<top>{NUMBER})(?!\s*(?:%|<|≤))"
    rf"|(?:final time|end time|t_?max|t_?end|t_?final|endzeit)\s*(?:=|:|of)?\s*(?P<end>{NUMBER})"
)
INITIAL = re.compile(
    r"(?<![a-z])(?:[a-z]\s*\(\s*x\s*,\s*(?:t\s*=\s*)?0(?:\.0*)?\s*\)\s*=|u_?0(?:\(x\))?\s*=|"
    r"(?:initial (?:condition|temperature|profile|data|state|value|distribution|density)s?|initially|starting "
    r"(?:from|with|at)|start(?:s with)?(?= (?:sin|cos|exp)\b)|"
    r"anfangs(?:bedingung|wert|temperatur|profil)|condition initiale|condicion inicial|condizione iniziale"
    r"|condicao inicial|初始条件|初期条件)"
    r"\s*(?:is|=|:|of|ist|est|es|e|为|是|は|[a-z]\s*\(\s*x\s*,\s*0\s*\)\s*=)?\s*(?:[a-z]\(x,\s*0\)\s*=|[a-z]0\s*=)?)\s*"
)
GAUSSIAN = re.compile(
    r"gaussian (?:initial|pulse|bump|profile|blob|peak)|initial(?:ly)? (?:a )?gaussian|gauss(?:puls|profil|impuls)"
)
_POINT = rf"(?P<at>{_B})\s*,\s*t\s*\)"
_FLUX = r"(?:[a-z]_\{?x\}?|d[a-z]\s?/\s?dx|d_x [a-z])"
_ROBIN = re.compile(
    rf"{_FLUX}\s*\(\s*{_POINT}\s*(?P<sign>[+-])\s*(?P<factor>{NUMBER})?\s*\*?\s*[a-z]\s*\(\s*{_B}\s*,\s*t\s*\)\s*=\s*"
)
_NEUMANN = re.compile(rf"(?<![a-z]){_FLUX}\s*\(\s*{_POINT}\s*=\s*")
_DIRICHLET = re.compile(rf"(?<![a-z_])[a-z]\s*\(\s*{_POINT}\s*=\s*")
_SIDE = (
    r"(?P<side>left|right|linke[nrs]?|rechte[nrs]?|first|second)[- ]?(?:hand )?(?:end|boundary|side|wall|rand|ende"
    r"|seite)?"
)
_SIDE_VALUE = re.compile(
    rf"{_SIDE}\s*(?:is |are |at |=|:|auf )?\s*(?:held |kept |fixed |gehalten )?(?:at |auf |to "
    rf"|=)?\s*(?P<value>{NUMBER})"
)


def condition_params(reading: Reading, language: str) -> dict[str, JsonValue]:
    """`x`, `t`, `initial`, `left`, `right` as far as the request gives them.

    A condition at a point that is no end of the domain is kept under `elsewhere`; a second one where there is one
    already, and says something else, under `surplus`.
    """
    plain = reading.plain
    params: dict[str, JsonValue] = {}
    points = _point_conditions(reading)
    x = (
        interval_of(plain, "x", language)
        or first_interval(plain, BARE, language)
        or first_interval(plain, SPANNED, language)
        or first_interval(plain, COMMA_INTERVAL, language)
        or rod(plain)
    )
    if surplus := _surplus(points) or _second_start(reading):
        params["surplus"] = surplus
    ends = sorted({at for at, _ in points})
    if x is None and len(ends) == 2:
        x = [ends[0], ends[1]]
    if x is not None:
        params["x"] = [x[0], x[1]]
    if t := interval_of(plain, "t", language) or until(plain, language):
        params["t"] = [t[0], t[1]]
    if initial := initial_of(reading):
        params["initial"] = initial
    low, high = (x[0], x[1]) if x else (0.0, 1.0)
    params |= _worded_sides(plain, language, (low, high), spread=not points)
    for at, condition in dict(reversed(points)).items():
        side = "left" if abs(at - low) < 1e-9 else "right" if abs(at - high) < 1e-9 else "elsewhere"
        params[side] = condition if side != "elsewhere" else f"x = {at:g}"
    sides: dict[str, JsonValue] = {side: params[side] for side in ("left", "right") if side in params}
    if words := boundaries.unread(plain, sides, language):
        params["unread_boundary"] = words
    return params


def bound(text: str, language: str = "en") -> float | None:
    written = text.replace(" ", "")
    if re.fullmatch(NUMBER, written) and "," in written:
        return number(written, language)
    expression = tidy(written) if written.strip("+-") else ""
    return constant(expression) if expression else None


def first_interval(plain: str, pattern: str, language: str) -> list[float] | None:
    for match in re.finditer(pattern, plain):
        low, high = bound(match["low"], language), bound(match["high"], language)
        if low is not None and high is not None:
            return [low, high]
    return None


def interval_of(plain: str, variable: str, language: str) -> list[float] | None:
    found = (first_interval(plain, shape, language) for shape in shapes(variable))
    return next((ends for ends in found if ends), None)


def shapes(variable: str) -> tuple[str, ...]:
    """The patterns of an interval that names its variable; groups `low` and `high`."""
    named = rf"(?<![a-z]){variable}(?![a-z_])"
    told = (_IN, _RANGE, _FROM, _AMID, rf"VAR\s*(?:in|∈|aus)\s*{COMMA_INTERVAL}")
    return tuple(shape.replace("VAR", named) for shape in told)


def rod(plain: str) -> list[float] | None:
    match = re.search(LENGTH, plain)
    high = bound(match["high"]) if match else None
    return [0.0, high] if high is not None else None


def until(plain: str, language: str) -> list[float] | None:
    for match in re.finditer(UNTIL, plain):
        high = number(match["high"] or match["top"] or match["end"], language)
        return [0.0, high]
    return None


def initial_of(reading: Reading) -> str:
    for match in INITIAL.finditer(reading.plain):
        if text := expression_at(reading, match.end()):
            return text
        unread = re.match(r"[^\s,;]+", reading.raw[match.end() :])
        if match[0].rstrip().endswith("=") and unread:
            return unread[0].strip("`'\".")
    return "gaussian" if GAUSSIAN.search(reading.plain) else ""


def _point_conditions(reading: Reading) -> list[tuple[float, JsonValue]]:
    """Conditions given as formulas, e.g. u_x(1,t) + 2 u(1,t) = 0; (point, condition)."""
    plain = reading.plain
    found: list[tuple[int, float, JsonValue]] = []
    for match in _ROBIN.finditer(plain):
        factor = float(match["factor"] or 1.0) * (-1.0 if match["sign"] == "-" else 1.0)
        _add(found, plain, match, {"kind": "robin", "coefficient": f"{factor:g}"})
    for match in _NEUMANN.finditer(plain):
        _add(found, plain, match, {"kind": "neumann"})
    for match in _DIRICHLET.finditer(plain):
        _add(found, plain, match, {"kind": "dirichlet"})
    return [(at, condition) for _, at, condition in found]


def _surplus(points: list[tuple[float, JsonValue]]) -> str:
    """Where two conditions at one point say different things; "" where none do."""
    first = dict(reversed(points))
    return next((f"x = {at:g}" for at, condition in points if condition != first[at]), "")


def _second_start(reading: Reading) -> str:
    """The start, where two profiles are given for it as formulas."""
    told = [expression_at(reading, match.end()) for match in INITIAL.finditer(reading.plain)]
    return "t = 0" if len({text for text in told if text}) > 1 else ""


def _add(
    found: list[tuple[int, float, JsonValue]], plain: str, match: re.Match[str], condition: dict[str, JsonValue]
) -> None:
    at = bound(match["at"])
    # "u(0,t) = u(1,t) = 0": the value stands behind the last sign of equality.
    chained = re.match(rf"[a-z]\s*\(\s*(?P<other>{_B})\s*,\s*t\s*\)\s*=\s*", plain[match.end() :])
    start = match.end() + (chained.end() if chained else 0)
    unread = re.match(r"[^\s,;]*", plain[start:])
    value = scan(plain, start)[0] or (unread[0] if unread else "")
    inside = any(robin.start() < match.start() < robin.end() for robin in _ROBIN.finditer(plain))
    if at is not None and value and not inside:
        found.append((match.start(), at, {**condition, "value": value}))


def _worded_sides(plain: str, language: str, x: tuple[float, float], *, spread: bool) -> dict[str, JsonValue]:
    sides = boundaries.worded(plain, language, x, spread=spread)
    for match in _SIDE_VALUE.finditer(plain):
        value = f"{number(match['value'], language):g}"
        sides[_side(match["side"])] = {"kind": "dirichlet", "value": value}
    return sides


def _side(word: str) -> str:
    return "left" if word.startswith(("left", "link", "first")) else "right"
