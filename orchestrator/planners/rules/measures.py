"""Lengths and times with units in a request ("50 cm", "2 hours", "1 mm^2/s"), brought to metres and seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.planners.rules.numbers import NUMBER, number

_SIZES = {
    "m": 1.0, "km": 1e3, "cm": 1e-2, "mm": 1e-3, "µm": 1e-6, "μm": 1e-6, "um": 1e-6, "nm": 1e-9,
    "s": 1.0, "ms": 1e-3, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "hr": 3600.0, "day": 86400.0,
    "week": 604800.0, "year": 31557600.0, "ft": 0.3048, "inch": 0.0254, "yard": 0.9144, "mile": 1609.344, "Å": 1e-10,
    "ps": 1e-12, "fs": 1e-15,
}  # fmt: skip
_BASES = dict.fromkeys(("m", "km", "cm", "mm", "µm", "μm", "um", "nm", "ft", "inch", "yard", "mile", "Å"), "m")
_SPOKEN = {
    "m": r"met(?:er|re)s?|metern|metri|metros?", "km": r"kilomet(?:er|re)s?|kilometern",
    "cm": r"centimet(?:er|re)s?|zentimetern?|centimetros", "mm": r"millimet(?:er|re)s?|millimetern",
    "s": r"sec(?:onds?)?|sekunden?|secondes?|segundos?|secondi", "ms": r"milliseconds?|millisekunden",
    "min": r"minut(?:es?|en|os|i)", "h": r"hours?|stunden?|heures?|horas?", "day": r"days?|tagen?|jours?|dias?",
    "week": r"weeks?|wochen?|semaines?|semanas?", "year": r"years?|jahren?|ans|annees?|anos?", "ft": r"feet|foot",
    "inch": r"inch(?:es)?", "yard": r"yards?", "mile": r"miles?",
}  # fmt: skip
_ATOM = (
    rf"(?:{'|'.join(sorted((*_SIZES, *_SPOKEN.values()), key=len, reverse=True))})"
    r"(?![A-Za-zµμ])(?:\s?(?:\^|\*\*)?\s?[-+]?[1-4](?!\d))?"
)
UNIT = rf"{_ATOM}(?:\s?(?:/|·|\*|per)\s?{_ATOM}|\s{_ATOM})*(?![\w^*/(='])"
_MEASURE = re.compile(
    rf"(?<![\w.)*/^])(?P<number>{NUMBER})\s?(?P<unit>{UNIT}|(?:1?\s?/\s?|per |pro |par |por ){_ATOM}(?![\w^*/(=']))",
    re.IGNORECASE,
)
_PAIR = re.compile(rf"[\[(]\s*(?P<low>{NUMBER})\s*[,;]\s*(?P<high>{NUMBER})\s*[\])]\s?(?P<unit>{UNIT})", re.IGNORECASE)
_PART = re.compile(r"(?P<sign>/|per\b)?\s*(?P<name>[A-Za-zµμ]+)\s?(?:\^|\*\*)?\s?(?P<power>[-+]?[1-4])?")
_TIMES = re.compile(r"(?:\b(?:to|until|till|for|over|after|bis|fur|jusqu'a|hasta|fino a)|=)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Measured:
    """A text with its lengths and times in one unit; `told` says how, `alone` that no coefficient has a unit."""

    text: str
    told: tuple[str, ...] = ()
    alone: bool = False


# Units that rates without one are usually meant per: populations, epidemics, decay. Smaller ones go with SI numbers.
_COUNTED = re.compile("|".join((*(_SPOKEN[name] for name in ("h", "day", "week", "year")), "h")), re.IGNORECASE)


def in_base_units(raw: str, taken: Iterable[tuple[int, int]], language: str = "en", *, own: bool = True) -> Measured:
    """The text in metres and seconds; `taken` places are left alone, `own`: the problem brings units of its own.

    Where it does not and times alone have a unit, always the same, they are counted in it: "for 100 days" beside rates
    without a unit.
    """
    found = _measures(raw, taken)
    if all(_read(match["unit"])[0] == 1.0 for match in found):
        return Measured(raw)
    compound = any(_read(match["unit"])[1] not in ("m", "s") for match in found)
    units = {match["unit"].lower() for match in found}
    if not compound and not own and len(units) == 1 and _COUNTED.fullmatch(found[0]["unit"]):
        return Measured(_rewritten(raw, found, language, "time units"), (f"times are counted in {found[0]['unit']}",))
    told = tuple(
        f"{match[0].strip()} is {_in_base(match, language)}" for match in found if _read(match["unit"])[0] != 1.0
    )
    return Measured(_rewritten(raw, found, language), told, alone=not compound)


def _measures(raw: str, taken: Iterable[tuple[int, int]]) -> list[re.Match[str]]:
    """Numbers and intervals with a unit of lengths and times, in the order of the text."""
    held, found = list(taken), []
    for pattern in (_PAIR, _MEASURE):
        for match in pattern.finditer(raw):
            lonely = match["unit"] == "h" and not _TIMES.search(raw[: match.start()])
            free = not any(start < match.end() and match.start() < end for start, end in held)
            if free and not lonely and _read(match["unit"])[1]:
                found.append(match)
                held.append(match.span())
    return sorted(found, key=lambda match: match.start())


def _rewritten(raw: str, found: list[re.Match[str]], language: str, unit: str = "") -> str:
    for match in reversed(found):
        if unit or _read(match["unit"])[0] != 1.0:
            raw = raw[: match.start()] + _in_base(match, language, unit) + raw[match.end() :]
    return raw


def _in_base(match: re.Match[str], language: str, unit: str = "") -> str:
    """Number or interval in base units; with `unit` the numbers as they are."""
    size, base = (1.0, unit) if unit else _read(match["unit"])
    numbers = [f"{number(one, language) * size:.15g}" for one in match.groups()[:-1]]
    return f"{numbers[0]} {base}" if len(numbers) == 1 else f"[{numbers[0]}, {numbers[1]}] {base}"


def _read(unit: str) -> tuple[float, str]:
    """(its size in base units, the base units' text); "" where it is not read."""
    size, powers = 1.0, {"m": 0, "s": 0}
    for match in _PART.finditer(unit):
        name = match["name"]
        if name.lower() in ("per", "pro", "par", "por"):
            continue
        spoken = next((short for short, words in _SPOKEN.items() if re.fullmatch(words, name, re.IGNORECASE)), name)
        if spoken not in _SIZES:
            return 1.0, ""
        over = bool(match["sign"]) or unit[: match.start()].rstrip().lower().endswith(("/", "per", "pro", "par", "por"))
        power = int(match["power"] or 1) * (-1 if over else 1)
        size *= _SIZES[spoken] ** power
        powers[_BASES.get(spoken, "s")] += power
    return size, _written(powers["m"], powers["s"])


def _written(length: int, time: int) -> str:
    """Powers of metres and seconds: "m^2/s", "s^-1", "s"."""
    if length > 0 > time:
        return f"{_power('m', length)}/{_power('s', -time)}"
    return " ".join(_power(name, power) for name, power in (("m", length), ("s", time)) if power)


def _power(name: str, power: int) -> str:
    return name if power == 1 else f"{name}^{power}"
