"""Numbers that are written with a unit, a currency, a percent sign or thousands set apart by spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from orchestrator.core.evidence import Repair

CURRENCIES = "$€£¥₹"
SHORT_UNITS = (
    "%", "°", "°C", "°F", "K", "kg", "g", "mg", "lb", "lbs", "oz", "t", "km", "m", "cm", "mm", "mi", "ft", "in", "s",
    "ms", "min", "h", "W", "kW", "kWh", "V", "mV", "A", "mA", "Hz", "kHz", "MHz", "GHz", "Pa", "kPa", "bar", "ml", "l",
    "L", "px", "kB", "MB", "GB", "TB", "EUR", "USD", *CURRENCIES,
)  # fmt: skip  # these may stand right behind the number; "12A" and the like are codes, unless a space sets them apart
SPACES = " \u00a0\u202f\u2009'’"
MOST_UNITS = 5
FEW = 20  # with so few different values a column may be classes, "10 mg" and "20 mg", and stays so
_NUMBER = rf"[+-]?\d[\d.,{SPACES}]*(?:[eE][+-]?\d+)?(?<![{SPACES}])|[+-]?\.\d+"
_WRITTEN = re.compile(
    rf"(?P<before>'|[{CURRENCIES}]\s?)?(?P<number>{_NUMBER})(?P<gap>\s?)(?P<after>[^\W\d_][^\s\d]{{0,11}}|[%°{CURRENCIES}]\w?)?"
)
_APART = re.compile(rf"[+-]?\d{{1,3}}(?:[{SPACES}]\d{{3}})+(?:[.,]\d+)?")


def without_affixes(name: str, text: pd.Series) -> tuple[pd.Series, tuple[Repair, ...]] | None:
    """The bare numbers of a column whose every present cell bears one and the same unit; None for any other column.

    Cells with different units stay as they are, and that is reported: (text, repair). Groups of three digits are
    thousands only where the leading groups differ in length or a fraction follows: telephone numbers have neither.
    """
    present = text.dropna()
    if present.nunique() <= FEW:
        return None
    cells = [_WRITTEN.fullmatch(cell) for cell in present]
    found = [cell for cell in cells if cell is not None]
    if len(found) < len(cells):
        return None
    units = {((one["before"] or "").strip(), one["after"] or "") for one in found}
    if not all(one["gap"] or (one["after"] or "%") in SHORT_UNITS for one in found) or len(units) > MOST_UNITS:
        return None
    if len(units) > 1 and any(after and after not in SHORT_UNITS for _, after in units):
        return None  # words behind house numbers, say, which no message may quote
    if len(units) > 1:
        told = ", ".join(sorted(repr(before + after) for before, after in units))
        reason = f"{name!r} holds numbers with different units ({told}) and is kept as text; give one unit a column"
        return text, (Repair(kind="mixed_units", columns=(name,), rows=len(present), reason=reason),)
    numbers = [one["number"] for one in found]
    apart = [number for number in numbers if _APART.fullmatch(number)]
    if any(set(SPACES) & set(number) for number in numbers) and not _are_thousands(apart, numbers):
        return None
    bare = [re.sub(f"[{SPACES}]", "", number) for number in numbers]
    (unit,) = units
    what = f"the unit or sign {''.join(unit)!r}" if any(unit) else "thousands set apart"
    reason = f"{name!r} holds numbers with {what}; the bare numbers are used"
    values = text.copy()
    values[text.notna()] = bare
    return values, (Repair(kind="affixes", columns=(name,), rows=len(present), reason=reason),)


def _are_thousands(apart: Iterable[str], numbers: Iterable[str]) -> bool:
    groups = list(apart)
    spaced = [number for number in numbers if set(SPACES) & set(number)]
    leading = {len(re.split(f"[{SPACES}]", number.lstrip("+-"))[0]) for number in groups}
    return len(groups) == len(spaced) and (len(leading) > 1 or any(re.search(r"[.,]", number) for number in groups))
