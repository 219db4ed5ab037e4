"""Columns of personal data, found by their values and their names."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from orchestrator.core.errors import BadInput
from orchestrator.data.columns import is_number, is_time
from orchestrator.data.people_words import words_of
from orchestrator.data.personal_names import BIRTHS, GIVEN, PEOPLES_NAMES, PERSON, ROLES, STREETS, TITLE, kind_by_name
from orchestrator.data.personal_shapes import ACCOUNTS, CARDS, EMAILS, PHONES, SOCIAL, kind_of, mask

IN_TEXT = "words with personal data"
MOSTLY = 0.8  # this share of a column's cells must look so
SOME = 0.02  # in free text this share is enough
LEAST_CELLS = 3
MOST_CELLS = 2000  # of a long column so many different cells are looked at, evenly spread
GIVEN_SHARE = 0.3
FEW, ROWS_OF_EACH = 10, 20

WITH_NUMBERS = (PHONES, ACCOUNTS, CARDS, SOCIAL)  # kinds that a column of plain numbers may hold
STREET = re.compile(
    r"(?i:\d+[a-z]?,? (?:[\w.'-]+ ){1,4}(?:street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|way"
    r"|place|pl|square|terrace)\b\.?.*"
    r"|\D{2,40}(?:stra(?:ss|ß)e|str\.?|gasse|allee|weg|platz|ufer|damm|ring)\s*\d+\s?[a-z]?\b.*"
    r"|(?:\d+ ?(?:bis|ter)?,? )?(?:rue|avenue|boulevard|chemin|impasse|quai|calle|avenida|paseo|plaza|via|viale|piazza"
    r"|corso|rua|travessa|alameda)\s.*\d.*|.*[路街道]\d+号.*|.*\d+(?:丁目|番地).*)"
)


def find_personal(frame: pd.DataFrame) -> dict[str, str]:
    """Columns of personal data and what they hold. A heuristic by values, then by names.

    Names of people under an unusual heading are found by common given names and titles alone; addresses that have
    neither a usual heading nor a usual form are not found.
    """
    found = {str(name): personal_kind(str(name), frame[name]) for name in frame.columns}
    return {name: kind for name, kind in found.items() if kind}


def refuse_personal_header(path: Path, names: tuple[str, ...]) -> None:
    """Names of columns are written into plans and reports; in a file without a header they are a person's data.

    Raises: BadInput where a name has a form of personal data; it does not quote it.
    """
    for place, name in enumerate(names, start=1):
        if mask(name) != name:
            raise BadInput(
                f"the name of column {place} of {str(path)!r} holds personal data: {mask(name)!r}",
                remedy="add a first line with a name for every column, if the file has none",
            )


def personal_kind(name: str, column: pd.Series) -> str:
    """What personal data a column holds; "" where none is found."""
    named = "" if _is_a_category(column) else kind_by_name(name)
    if column.dtype == bool or column.isna().all() or column.nunique() < 2:
        return ""
    if is_time(column):
        return BIRTHS if named == BIRTHS else ""
    cells = _cells(column)
    if is_number(column):
        return _of_numbers(named, cells)
    return _of_forms(cells) or _of_words(name, named, cells)


def _is_a_category(column: pd.Series) -> bool:
    """Few values that each stand in many rows are kinds of things ("Street": paved or gravel), by any heading."""
    return column.nunique() < FEW and column.count() >= ROWS_OF_EACH * column.nunique()


def _cells(column: pd.Series) -> list[str]:
    """Different cells as text, whole numbers without a point."""
    values = column.dropna().drop_duplicates()
    values = values.iloc[:: max(1, len(values) // MOST_CELLS)]
    whole = is_number(column) and bool((values == values.round()).all()) and bool(values.abs().max() < 2**63)
    return [str(int(cell)) if whole else str(cell).strip() for cell in values]


def _share(cells: Iterable[str], test: Callable[[str], bool]) -> float:
    tested = [test(cell) for cell in cells]
    return sum(tested) / len(tested) if tested else 0.0


def _of_numbers(named: str, cells: list[str]) -> str:
    """Numbers are personal where nearly all pass a check sum, or are as long as the name promises."""
    form = _of_forms(cells) if len(cells) >= LEAST_CELLS else ""
    long = _share(cells, lambda cell: cell.isdigit() and 7 <= len(cell) <= 19) >= MOSTLY
    return form or (named if named in WITH_NUMBERS and long else "")


def _of_forms(cells: list[str]) -> str:
    """The commonest form of cells, where nearly all have one in full; of forms that nothing else has, where some do."""
    kinds = [kind_of(cell) for cell in cells]
    formed = [kind for kind in kinds if kind]
    certain = [kind for kind in formed if kind in (EMAILS, ACCOUNTS)]
    enough = len(formed) >= MOSTLY * len(kinds) or len(certain) >= max(1.0, SOME * len(kinds))
    return max(sorted(set(formed)), key=formed.count) if enough and formed else ""


def _of_words(name: str, named: str, cells: list[str]) -> str:
    """Names, streets, and free text that holds personal data among other words."""
    if named:
        return named
    if _share(cells, lambda cell: bool(STREET.fullmatch(cell))) >= MOSTLY:
        return STREETS
    if (
        _share(cells, lambda cell: bool(PERSON.fullmatch(cell.replace('"', "")))) >= MOSTLY
        and len(cells) >= LEAST_CELLS
    ):
        titled = _share(cells, lambda cell: bool(TITLE.search(cell)))
        given = _share(cells, lambda cell: bool(GIVEN & set(words_of(cell))))
        if {*words_of(name)} <= ROLES or max(titled, given) >= GIVEN_SHARE:
            return PEOPLES_NAMES
    held = _share(cells, lambda cell: " " in cell and not kind_of(cell) and mask(cell) != cell)
    return IN_TEXT if held >= SOME else ""
