"""Lengths and times with units in a request ("50 cm", "2 hours", "1 mm^2/s"), brought to metres and seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from orchestrator.planners.rules.numbers import NUMBER, number

_SIZES = {
    "m": 1.0, "km": 1e3, "cm": 1e-2, "mm": 1e-3, "µm": 1e-6, "μm": 1e-6, "um": 1e-6, "nm": 1e-9,
    "s": 1.0, "ms": 1e-3, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9, "min": 60.0, "h": 3600.0, "hr": 3600.0, "day": 86400.0,
}  # fmt: skip
_BASES = {**dict.fromkeys(("m", "km", "cm", "mm", "µm", "μm", "um", "nm"), "m")}
_SPOKEN = {
    "m": r"met(?:er|re)s?|metern|metri|metros?", "km": r"kilomet(?:er|re)s?|kilometern",
    "cm": r"centimet(?:er|re)s?|zentimetern?|centimetros", "mm": r"millimet(?:er|re)s?|millimetern",
    "s": r"sec(?:onds?)?|sekunden?|secondes?|segundos?|secondi", "ms": r"milliseconds?|millisekunden",
    "min": r"minut(?:es?|en|os|i)", "h": r"hours?|stunden?|heures?|horas?", "day": r"days?|tagen?|jours?|dias?",
}  # fmt: skip
_ATOM = (
    rf"(?:{'|'.join(sorted((*_SIZES, *_SPOKEN.values()), key=len, reverse=True))})"
    r"(?![A-Za-zµμ])(?:\s?(?:\^|\*\*)?\s?[-+]?[1-4](?!\d))?"
)
UNIT = rf"{_ATOM}(?:\s?(?:/|·|\*|per)\s?{_ATOM}|\s{_ATOM})*(?![\w^*/(='])"
_MEASURE = re.compile(rf"(?<![\w.)*/^])(?P<number>{NUMBER})\s?(?P<unit>{UNIT})", re.IGNORECASE)
_PAIR = re.compile(rf"[\[(]\s*(?P<low>{NUMBER})\s*[,;]\s*(?P<high>{NUMBER})\s*[\])]\s?(?P<unit>{UNIT})", re.IGNORECASE)
_PART = re.compile(r"(?P<sign>/|per\b)?\s*(?P<name>[A-Za-zµμ]+)\s?(?:\^|\*\*)?\s?(?P<power>[-+]?[1-4])?")
_TIMES = re.compile(r"(?:\b(?:to|until|till|for|over|after|bis|fur|jusqu'a|hasta|fino a)|=)\s*$", re.IGNORECASE)


def in_base_units(raw: str, taken: Iterable[tuple[int, int]], language: str = "en") -> tuple[str, tuple[str, ...]]:
    """The text with lengths and times in metres and seconds, and what was converted; `taken` places are left alone."""
    held, told = list(taken), []
    changes: list[tuple[int, int, str]] = []
    for pattern in (_PAIR, _MEASURE):
        for match in pattern.finditer(raw):
            size, base = _read(match["unit"])
            lonely = match["unit"] == "h" and not _TIMES.search(raw[: match.start()])
            if size == 1.0 or lonely or any(start < match.end() and match.start() < end for start, end in held):
                continue
            numbers = [f"{number(one, language) * size:.15g}" for one in match.groups()[:-1]]
            text = f"{numbers[0]} {base}" if len(numbers) == 1 else f"[{numbers[0]}, {numbers[1]}] {base}"
            changes.append((*match.span(), text))
            held.append(match.span())
            told.append(f"{match[0].strip()} is {text}")
    for start, end, text in sorted(changes, reverse=True):
        raw = raw[:start] + text + raw[end:]
    return raw, tuple(told)


def _read(unit: str) -> tuple[float, str]:
    """(its size in base units, the base units' text); "" where it is not read."""
    size, powers = 1.0, {"m": 0, "s": 0}
    for match in _PART.finditer(unit):
        name = match["name"]
        if name.lower() == "per":
            continue
        spoken = next((short for short, words in _SPOKEN.items() if re.fullmatch(words, name, re.IGNORECASE)), name)
        if spoken not in _SIZES:
            return 1.0, ""
        over = bool(match["sign"]) or unit[: match.start()].rstrip().lower().endswith(("/", "per"))
        power = int(match["power"] or 1) * (-1 if over else 1)
        size *= _SIZES[spoken] ** power
        powers[_BASES.get(spoken, "s")] += power
    return size, _written(powers["m"], powers["s"])


def _written(length: int, time: int) -> str:
    """ "m^2/s", "1/s", "s"."""

    def part(name: str, power: int) -> str:
        return name if power == 1 else f"{name}^{power}"

    above = [part(name, power) for name, power in (("m", length), ("s", time)) if power > 0]
    below = [part(name, -power) for name, power in (("m", length), ("s", time)) if power < 0]
    return "/".join((" ".join(above) or "1", *below)) if above or below else ""
