"""Finds the regular steps of a series in a table's times, and counts them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.profile import SeriesForm, Unit
from orchestrator.data.columns import is_number, is_time
from orchestrator.data.seal import seconds

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

LEAST_STEPS = 16
MOST_GAPS = 0.1  # of the steps between the first time and the last may be missing
UNEVEN = 0.1  # of a step a time may lie beside its place
ROWS_OF_A_GROUP = 8
WORDS = re.compile(
    r"(?:.*[\s_\-.])?(?:t|times?|timestamp|datetime|years?|yr|months?|weeks?|days?|dates?|hours?|quarters?|periods?|steps?)"
    r"[\s_\-.]?",
    re.IGNORECASE,
)


def find_series(frame: pd.DataFrame) -> tuple[SeriesForm, ...]:
    """The columns by which rows make a regular series: dates first, then numbers that are named like times.

    Either no time stands twice, or one other column tells several series apart. Heuristic: two columns that only
    together name a series are not found.
    """
    found = (_series(frame, name) for name in _columns_of_times(frame))
    return tuple(form for form in found if form is not None)


def why_no_series(frame: pd.DataFrame) -> str:
    """What keeps the rows from being a regular series by the first column of times, in words; "" where they are one."""
    if find_series(frame):
        return ""
    name = next(iter(_columns_of_times(frame)), None)
    if name is None:
        return "no column holds times"
    times = frame[name]
    if missing := int(times.isna().sum()):
        return f"{name!r} is empty in {missing} of {len(times)} rows"
    if times.nunique() < LEAST_STEPS:
        return f"{name!r} has {times.nunique()} different times, and at least {LEAST_STEPS} are needed"
    if times.duplicated().any():
        first = times[times.duplicated()].iloc[0]
        return f"{first} of {name!r} stands in several rows, and no column tells regular series apart"
    return f"the times of {name!r} do not follow each other in steps of one length"


def places_of(times: pd.Series, form: SeriesForm) -> Places:
    """The step of every time, 0 at the form's start. The twin of `skills/tabular/steps.py`."""
    if form.unit == "business_day":
        days = times.to_numpy(dtype="datetime64[D]")
        return np.asarray(np.busday_count(np.datetime64("1970-01-01"), days) - round(form.start), dtype=np.int64)
    amounts = _months(times) if form.unit == "month" else seconds(times)
    return np.rint((amounts - form.start) / form.size).astype(np.int64)


def later_times(last: pd.Series, form: SeriesForm, count: int) -> pd.Series:
    """The next `count` times after the latest of `last`, in its own type."""
    ahead = np.arange(1, count + 1)
    if form.unit == "number":
        return pd.Series(float(last.max()) + form.size * ahead, name=last.name)
    end = pd.Timestamp(last.max())
    if form.unit == "business_day":
        days = np.busday_offset(np.datetime64(end, "D"), ahead, roll="backward")
        return pd.Series(pd.to_datetime(days).astype("datetime64[us]"), name=last.name)
    if form.unit == "month":
        ends = bool(last.dt.is_month_end.all())
        moved = [end + pd.DateOffset(months=round(form.size) * int(step)) for step in ahead]
        moved = [moment + pd.offsets.MonthEnd(0) if ends else moment for moment in moved]
        return pd.Series(pd.to_datetime(moved).astype("datetime64[us]"), name=last.name)
    return pd.Series((end + pd.to_timedelta(form.size * ahead, unit="s")).astype("datetime64[us]"), name=last.name)


def _columns_of_times(frame: pd.DataFrame) -> list[str]:
    dates = [str(name) for name in frame.columns if is_time(frame[name])]
    named = [str(name) for name in frame.columns if WORDS.fullmatch(str(name)) and is_number(frame[name])]
    return [*dates, *named]


def _series(frame: pd.DataFrame, time: str) -> SeriesForm | None:
    times = frame[time]
    if times.isna().any() or times.nunique() < LEAST_STEPS:
        return None
    if not times.duplicated().any():
        return _form(times, time, None, [times])
    most = int(times.value_counts().max())
    for name in _groups(frame, time, most):
        if not frame.duplicated([name, time]).any():
            parts = [part for _, part in times.groupby(frame[name], sort=False)]
            if form := _form(times, time, name, parts):
                return form
    return None


def _groups(frame: pd.DataFrame, time: str, most: int) -> Iterator[str]:
    """Columns that might tell the series apart: at least as many values as a time has rows, and rows of each."""
    for name in map(str, frame.columns):
        column = frame[name]
        if name == time or is_time(column) or WORDS.fullmatch(name) or column.isna().any():
            continue
        whole = not is_number(column) or bool((column == column.round()).all())
        if whole and most <= column.nunique() <= len(frame) // ROWS_OF_A_GROUP:
            yield name


def _form(times: pd.Series, time: str, group: str | None, parts: list[pd.Series]) -> SeriesForm | None:
    """The first unit by which every part is regular."""
    for unit, size in _units(times):
        start = _start(times, unit)
        form = SeriesForm(time=time, group=group, unit=unit, size=size, start=start, steps=1)
        if all(_regular(part, form) for part in parts):
            return form.model_copy(update={"steps": int(places_of(times, form).max()) + 1})
    return None


def _units(times: pd.Series) -> Iterator[tuple[Unit, float]]:
    """Units that might fit: months where all dates are of one day or all are ends of months, then the usual step."""
    distinct = times.drop_duplicates().sort_values()
    step = float(np.median(np.diff(seconds(distinct))))
    if not is_time(times):
        yield "number", step
        return
    days = distinct.dt.day
    if days.nunique() == 1 or distinct.dt.is_month_end.all():
        months = float(np.median(np.diff(_months(distinct))))
        if months >= 1:
            yield "month", months
    yield "second", step
    if (distinct.dt.day_of_week < 5).all():
        yield "business_day", 1.0


def _start(times: pd.Series, unit: Unit) -> float:
    first = times.nsmallest(1)
    if unit == "business_day":
        return float(np.busday_count(np.datetime64("1970-01-01"), first.to_numpy(dtype="datetime64[D]"))[0])
    return float((_months(first) if unit == "month" else seconds(first))[0])


def _regular(times: pd.Series, form: SeriesForm) -> bool:
    """One row a step, hardly a step without a row, and each time in its place."""
    at = places_of(times, form)
    span = int(at.max() - at.min()) + 1
    if len(np.unique(at)) < len(at) or span > len(at) / (1 - MOST_GAPS):
        return False
    if form.unit not in ("second", "number"):
        return True
    return bool((np.abs((seconds(times) - form.start) / form.size - at) <= UNEVEN).all())


def _months(times: pd.Series) -> Floats:
    return np.asarray(12.0 * (times.dt.year - 1970) + (times.dt.month - 1), dtype=np.float64)
