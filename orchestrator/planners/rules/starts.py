"""Initial values of systems in words: "from (1, 1, 1)", "released from 30 degrees", "10 prey and 5 predators"."""

from __future__ import annotations

import re

from orchestrator.core.errors import BadInput
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.page import Page

_TUPLE = re.compile(
    r"(?:from|starting (?:from|at|in|with)|start(?:ing)? (?:point|state|values?)?|initial(?:ly)? (?:state|point"
    r"|conditions?"
    r"|values?)?|at|ab|von|depuis|a partir de|desde|da|ausgehend von|anfangswert\w*|start(?:wert"
    r"|punkt)\w*)\s*(?:of|=|:|in|at)?"
    rf"\s*[(\[](?P<values>\s*{NUMBER}\s*(?:[,;]\s*{NUMBER}\s*)+)[)\]]"
)
_DEGREES = r"(?P<unit>degrees?|deg\b|°|grad\b|degres?|grados?|gradi|graus?|度|radians?|rad\b|radianti|radianes)"
_ANGLE = re.compile(
    rf"(?:released|starting|started|start|dropped|let go|losgelassen|lache|soltado|initial|anfangs|angle|winkel"
    rf"|auslenkung)"
    rf"[a-z ]{{0,30}}?(?:from|at|of|with|=|bei|von|de|aus|a)?\s*(?P<value>{NUMBER})\s*{_DEGREES}?"
    rf"|(?:from|at|bei|ab|aus|de|desde) (?P<bare>{NUMBER})\s*{_DEGREES.replace('unit', 'mark')}"
)
_SPIN = re.compile(
    rf"initial (?:angular )?(?:velocity|speed)\s*(?:of|=|:|is)?\s*(?P<value>{NUMBER})|from rest|aus der ruhe"
)
_KINDS = (
    ("u", r"prey|rabbits?|hares?|beute(?:tiere)?|proies?|presas?|prede"),
    ("v", r"predators?|foxes|lynx(?:es)?|rauber|predateurs?|depredadores|predatori"),
)


def initial_values(page: Page, entry: str | None, fields: tuple[str, ...]) -> list[str]:
    """Conditions at the first time that are told in words, e.g. ["x(t_low) = 1"].

    Raises BadInput where the count of values is not that of the fields.
    """
    if match := page.find(_TUPLE):
        values = re.findall(NUMBER, re.sub(r"(?<=\d),(?=\s*[-+\d])", " ", match["values"]))
        if len(values) != len(fields):
            raise BadInput(
                f"{match[0].strip()!r} gives {len(values)} values for {len(fields)} unknown functions "
                f"({', '.join(fields)})",
                remedy="Give one value for each.",
            )
        return [
            f"{name}(t_low) = {number(value, page.language):.15g}" for name, value in zip(fields, values, strict=True)
        ]
    if entry in ("pendulum", "damped_pendulum"):
        return _released(page)
    if entry == "lotka_volterra":
        return _populations(page)
    return []


def _released(page: Page) -> list[str]:
    found = []
    if match := page.find(_SPIN):
        spin = number(match["value"], page.language) if match["value"] else 0.0
        found.append(f"theta_t(t_low) = {spin:.15g}")
    if match := page.find(_ANGLE):
        value, unit = number(match["value"] or match["bare"], page.language), match["unit"] or match["mark"] or "rad"
        turned = f"{value:.15g}" if unit.startswith("rad") else f"{value:.15g}*pi/180"
        found.append(f"theta(t_low) = {turned}")
    return found


def _populations(page: Page) -> list[str]:
    found = []
    for name, words in _KINDS:
        if match := page.find(
            rf"(?P<value>{NUMBER})\s*(?:{words})\b|\b(?:{words})\s*(?:=|:|of)?\s*(?P<after>{NUMBER})"
        ):
            found.append(f"{name}(t_low) = {number(match['value'] or match['after'], page.language):.15g}")
    return found
