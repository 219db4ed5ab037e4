"""Gives every column one plain type: numbers and times stored as text are recognised."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd
from pandas.api import types

from orchestrator.core.evidence import Repair
from orchestrator.data.affixes import without_affixes
from orchestrator.data.mixed_times import mixed_times
from orchestrator.data.quoting import quote_some
from orchestrator.data.table import Table

MISSING = ("", "?", "n/a", "na", "nan", "null", "none")
DASHES = ("-", "--", "---", ".")  # missing among numbers and times; elsewhere "-" may be a class
PLAIN = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
DECIMAL_COMMA = r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d+"
DECIMAL_COMMA_OR_WHOLE = r"[+-]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?"
THOUSANDS = r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
THOUSANDS_OR_PLAIN = rf"(?:{THOUSANDS}|{PLAIN})"
ISO = r"\d{4}-\d{1,2}-\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?"
DATES = (
    "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%m/%d/%y", "%d.%m.%y",
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y", "%b %Y", "%B %Y", "%Y-%m",
)  # fmt: skip
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
MOSTLY = 0.98  # this share of the present cells must fit; the others become missing, and that is reported
FEW = 20  # with so few different values a column may be classes: then every cell must fit


def settle(frame: pd.DataFrame) -> Table:
    """The same rows with one plain type a column, and what had to be changed for it."""
    columns: dict[str, pd.Series] = {}
    repairs: list[Repair] = []
    for name in frame.columns:
        column, made = _settle(str(name), frame[name].reset_index(drop=True))
        columns[str(name)] = column
        repairs += made
    return Table(pd.DataFrame(columns), tuple(repairs))


def _settle(name: str, raw: pd.Series) -> tuple[pd.Series, list[Repair]]:
    if isinstance(raw.dtype, pd.CategoricalDtype):
        raw = raw.astype(raw.cat.categories.dtype)
    if types.is_datetime64_any_dtype(raw):
        return _utc(raw), []
    if types.is_timedelta64_dtype(raw):
        return raw.dt.total_seconds(), []
    if types.is_bool_dtype(raw) and not raw.isna().any():
        return raw.astype(bool), []
    if types.is_numeric_dtype(raw) and not types.is_bool_dtype(raw):
        return _number(name, raw)
    present = raw.dropna()
    if types.is_object_dtype(raw) and len(present):
        if all(isinstance(cell, Real | Decimal) and not isinstance(cell, bool | np.bool_) for cell in present):
            return _number(name, pd.Series([np.nan if cell is None else cell for cell in raw], dtype=float))
        if len(present) == len(raw) and all(isinstance(cell, bool | np.bool_) for cell in present):
            return raw.astype(bool), []
        if all(isinstance(cell, datetime.date) for cell in present):
            return _utc(pd.Series(pd.to_datetime(raw, utc=True))), []
    return _text(name, raw)


def _utc(times: pd.Series) -> pd.Series:
    return times if times.dt.tz is None else times.dt.tz_convert("UTC").dt.tz_localize(None)


def _number(name: str, raw: pd.Series) -> tuple[pd.Series, list[Repair]]:
    if types.is_integer_dtype(raw) and not raw.isna().any():
        return raw.astype(np.int64) if raw.max() < 2**63 else raw.astype(float), []
    values = raw.astype(float)
    infinite = np.isinf(values)
    if not infinite.any():
        return values, []
    reason = f"infinite values of {name!r} count as missing"
    return values.mask(infinite), [Repair(kind="infinite", columns=(name,), rows=int(infinite.sum()), reason=reason)]


def _text(name: str, raw: pd.Series) -> tuple[pd.Series, list[Repair]]:
    text = raw.astype(object).where(raw.notna(), None).map(lambda cell: None if cell is None else str(cell).strip())
    text = text.where(~text.str.lower().isin(MISSING), None) if text.notna().any() else text
    if not text.notna().any():
        return pd.Series(np.full(len(text), np.nan)), []
    dashless = text.where(~text.isin(DASHES), None)
    for recognise in (_as_numbers, _as_times) if dashless.notna().any() else ():
        found = recognise(name, dashless)
        if found is not None:
            return found
    if (bare := without_affixes(name, dashless)) is not None:
        numbers = _as_numbers(name, bare[0])
        if numbers is not None:
            return numbers[0], [*bare[1], *numbers[1]]
        if bare[0] is dashless:
            return text.astype(object).where(text.notna(), None), list(bare[1])
    return text.astype(object).where(text.notna(), None), []


def _as_numbers(name: str, text: pd.Series) -> tuple[pd.Series, list[Repair]] | None:
    present = text.dropna()
    if present.str.fullmatch(DECIMAL_COMMA).any() and _fits(present, DECIMAL_COMMA_OR_WHOLE):
        pattern = DECIMAL_COMMA_OR_WHOLE
        plain = text.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
    elif _fits(present, THOUSANDS_OR_PLAIN):
        pattern = THOUSANDS_OR_PLAIN
        plain = text.str.replace(",", "", regex=False)
    else:
        return None
    fitting = text.str.fullmatch(pattern).fillna(False).astype(bool)
    values = pd.Series([float(cell) if fits else np.nan for cell, fits in zip(plain, fitting, strict=True)])
    settled, repairs = _number(name, values)
    whole = settled.notna().all() and (settled == settled.round()).all() and settled.abs().max() < 2**53
    return (settled.astype(np.int64) if whole else settled), repairs + _lost(name, text, settled, "number")


def _as_times(name: str, text: pd.Series) -> tuple[pd.Series, list[Repair]] | None:
    present = text.dropna()
    if not present.str.contains(r"\d").all():
        return None
    if _fits(present, ISO):
        fitting = text.str.fullmatch(ISO).fillna(False).astype(bool)
        times = _utc(pd.to_datetime(text.where(fitting), utc=True, format="ISO8601", errors="coerce"))
        return times, _lost(name, text, times, "time")
    sample = present.drop_duplicates().head(50)
    forms = [day + clock for day in DATES for clock in CLOCKS if _parse(sample, day + clock).notna().all()]
    parsed = [(form, times) for form in forms if (times := _parse(text, form)).notna().sum() >= MOSTLY * len(present)]
    if not parsed:
        forms = [day + clock for day in ("%Y-%m-%d", "%Y%m%d", *DATES) for clock in CLOCKS]
        mixed = mixed_times(name, text, forms, _parse)
        return None if mixed is None else (mixed[0], [mixed[1]])
    most = max(int(times.notna().sum()) for _, times in parsed)
    parsed = [(form, times) for form, times in parsed if int(times.notna().sum()) == most]
    ordered = [(form, times) for form, times in parsed if times.dropna().is_monotonic_increasing]
    form, times = (ordered or parsed)[0]
    repairs = _lost(name, text, times, "time")
    others = [other for other, found in parsed if not found.equals(times)]
    if others:
        because = "in which they stand in order" if len(ordered) == 1 else "the first of these"
        reason = f"the dates of {name!r} fit {form} and {', '.join(others)}; read as {form}, {because}"
        repairs.append(Repair(kind="ambiguous_dates", columns=(name,), rows=len(present), reason=reason))
    return times, repairs


def _parse(text: pd.Series, form: str) -> pd.Series:
    return pd.Series(pd.to_datetime(text, format=form, errors="coerce"))


def _fits(present: pd.Series, pattern: str) -> bool:
    share = float(present.str.fullmatch(pattern).mean())
    return share == 1.0 or (share >= MOSTLY and present.nunique() > FEW)


def _lost(name: str, text: pd.Series, settled: pd.Series, what: str) -> list[Repair]:
    lost = text.notna() & settled.isna()
    if not lost.any():
        return []
    examples = quote_some(text[lost].rename(name))
    reason = f"{name!r} holds a {what} in nearly every row; cells such as {examples} count as missing"
    return [Repair(kind=f"not_a_{what}", columns=(name,), rows=int(lost.sum()), reason=reason)]


def is_number(column: pd.Series) -> bool:
    return bool(types.is_numeric_dtype(column)) and not types.is_bool_dtype(column)


def is_time(column: pd.Series) -> bool:
    return bool(types.is_datetime64_any_dtype(column))


def class_name(cell: object) -> str:
    """The text of a class label, the same whatever type a file stores it in: 1, 1.0 and "1" are "1"."""
    if isinstance(cell, float | np.floating) and float(cell).is_integer():
        return str(int(cell))
    return str(cell)


WORDS_FOR_TRUTH = re.compile(r"(?:true|false|yes|no|y|n|t|f|on|off)", re.IGNORECASE)
