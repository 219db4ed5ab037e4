"""Whether a request asks for a forecast of a series, and how far ahead."""

from __future__ import annotations

import math
import re

from orchestrator.core.errors import BadInput
from orchestrator.core.profile import SeriesForm

FORECAST = re.compile(
    r"forecast\w*|chronolog\w*|future|(?:next|coming|following) (?:\d+ )?(?:day|week|month|quarter|year|hour|step)"
    r"|prognos\w*|previs\w+|prevoi\w+|vorhersage der zukunft|时间序列|预报"
)
_UNITS = (
    r"(?P<unit>hours?|days?|weeks?|months?|quarters?|years?|steps?|periods?|points?|values?|rows?"
    r"|stunden?|tagen?|wochen?|monaten?|quartalen?|jahren?|heures?|jours?|semaines?|mois|trimestres?|ans?|annees?"
    r"|horas?|dias?|semanas?|mes(?:es)?|anos?|giorn[oi]|settiman[ae]|mes[ei]|ann[oi]|or[ae])"
)
_HORIZON = (
    re.compile(
        rf"\b(?:next|coming|following|nachsten?|kommenden?|prochaine?s?|proxim[oa]s?|prossim[ioae]) (?P<count>\d+) "
        rf"{_UNITS}\b"
    ),
    re.compile(rf"\b(?P<count>\d+)[ -]{_UNITS}(?:[ -]ahead| in advance| voraus| into the future)\b"),
    re.compile(r"\bhorizon(?: of|:|=| is)? ?(?P<count>\d+)(?: (?P<unit>\w+))?\b"),
)
_SECONDS = {"hour": 3600.0, "day": 86400.0, "week": 604800.0}
_MONTHS = {"month": 1.0, "quarter": 3.0, "year": 12.0}
_STEMS = (
    ("hour", ("hour", "stunde", "heure", "hora", "ora", "ore")),
    ("day", ("day", "tag", "jour", "dia", "giorn")),
    ("week", ("week", "woche", "semaine", "semana", "settiman")),
    ("month", ("month", "monat", "mois", "mes")),
    ("quarter", ("quarter", "quartal", "trimestre")),
    ("year", ("year", "jahr", "an", "ano")),
)
MOST_AHEAD = 0.5  # of the steps of a series may be asked for: they are measured on as many sealed ones


def asks_forecast(plain: str) -> bool:
    """Whether the words ask about what comes later."""
    return bool(FORECAST.search(plain))


def names_steps(plain: str) -> bool:
    """Whether the words say how far ahead."""
    return any(pattern.search(plain) for pattern in _HORIZON)


def horizon_of(plain: str, form: SeriesForm) -> int | None:
    """How many steps past the end are asked for, if the request says so.

    Raises: BadInput where they are no whole steps, or more than can be measured.
    """
    match = next((found for pattern in _HORIZON if (found := pattern.search(plain))), None)
    if match is None:
        return None
    steps = _steps(int(match["count"]), match["unit"] or "steps", form)
    if steps is None or steps < 1:
        raise BadInput(
            f"a forecast of {match[0]!r} is asked for, but a step of the series is {described(form)}",
            remedy="Ask for whole steps, e.g. `for the next 12 steps`.",
        )
    if steps > MOST_AHEAD * form.steps:
        raise BadInput(
            f"a forecast of {steps} steps is asked for, and the series has {form.steps}: at most "
            f"{math.floor(MOST_AHEAD * form.steps)} can be measured",
            remedy="Ask for fewer steps, or give a longer series.",
        )
    return steps


def _steps(count: int, word: str, form: SeriesForm) -> int | None:
    """So many of the unit as steps of the series; None where they are no whole number of steps."""
    unit = next((name for name, stems in _STEMS if word.startswith(stems)), "step")
    if unit == "step" or form.unit == "number":
        return count
    if form.unit == "business_day":
        return {"day": count, "week": 5 * count}.get(unit)
    seconds = form.unit == "second"
    size = (_SECONDS if seconds else _MONTHS).get(unit)
    if size is None and seconds and unit in _MONTHS:
        size = _MONTHS[unit] * 30.4375 * 86400.0
        return round(count * size / form.size)
    if size is None:
        return None
    steps = count * size / form.size
    return round(steps) if abs(steps - round(steps)) < 1e-6 else None


def described(form: SeriesForm) -> str:
    """ "1 month", "1 day", "3600 seconds"."""
    if form.unit == "business_day":
        return "1 business day"
    if form.unit == "number":
        return f"{form.size:.6g} of {form.time!r}"
    for name, size in reversed((_SECONDS if form.unit == "second" else _MONTHS).items()):
        if form.size % size == 0:
            count = int(form.size // size)
            return f"{count} {name}{'s' if count > 1 else ''}"
    return f"{form.size:g} {form.unit}s"
