"""Columns that tell sensitive attributes of people, found by their names and by their values."""

from __future__ import annotations

import pandas as pd

from orchestrator.data.columns import is_number
from orchestrator.data.people_words import NO_ANSWER, VALUES, by_name, fold, words_of

MOST_GROUPS = 50  # a column of categories with more different values names no groups of people
MOST_SEXES = 6  # and a column named "genre" with more than these tells kinds of films
OLDEST = 120.0


def find_sensitive(frame: pd.DataFrame) -> dict[str, str]:
    """Columns that tell something sensitive of people, and what. A heuristic: it knows the usual words alone.

    An age counts where it is one of people: between 0 and 120 in whole or half years, or beside another attribute of
    people (then also on another scale).
    """
    found: dict[str, str] = {}
    ages: list[str] = []
    for name in map(str, frame.columns):
        attribute = by_name(name) or by_values(frame[name]) or _by_group(name, frame[name])
        if attribute == "age":
            ages.append(name)
        elif attribute and 2 <= frame[name].nunique() <= (MOST_SEXES if attribute == "sex" else MOST_GROUPS):
            found[name] = attribute
    found |= {name: "age" for name in ages if found or _in_years(frame[name])}
    return {name: found[name] for name in map(str, frame.columns) if name in found}


def by_values(column: pd.Series) -> str:
    """The attribute that the values of a column of categories tell; "" where they tell none.

    All its values must be words of one attribute, or say that there is no answer, and two of them the former.
    """
    if is_number(column) or column.dtype == bool or pd.api.types.is_datetime64_any_dtype(column):
        return ""
    values = {fold(str(cell)) for cell in column.dropna().unique()[: MOST_GROUPS + 1]}
    if not 2 <= len(values) <= MOST_GROUPS:
        return ""
    for attribute, words in VALUES.items():
        if len(values & words) >= 2 and values <= words | NO_ANSWER:
            return attribute
    return ""


def _by_group(name: str, column: pd.Series) -> str:
    """The attribute of one group that a column of yes and no is named after ("male", "hispanic")."""
    if column.nunique() != 2 or not (column.dtype == bool or set(column.dropna().unique()) == {0, 1}):
        return ""
    told = "-".join(words_of(name))
    return next((attribute for attribute, words in VALUES.items() if told in words), "")


def _in_years(column: pd.Series) -> bool:
    present = column.dropna()
    if not is_number(column):
        return 2 <= present.nunique() <= MOST_GROUPS
    halves = (2 * present == (2 * present).round()).mean() > 0.9
    return bool(len(present) and present.min() >= 0 and 15 <= present.max() <= OLDEST and halves)
