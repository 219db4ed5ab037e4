"""Cells of a user's table in messages: what may be a person's is described and never quoted."""

from __future__ import annotations

import pandas as pd

from orchestrator.data.personal_names import is_like_a_name, kind_by_name
from orchestrator.data.personal_shapes import mask

LONGEST = 40


def quote(cell: object) -> str:
    """A cell as it is written, in quotation marks; in brackets what it is where it may be personal data."""
    text = str(cell)
    hidden = mask(text)
    if hidden != text:
        return f"{hidden[:LONGEST]!r}"
    return f"({len(text.split())} capitalised words)" if is_like_a_name(text) else f"{text[:LONGEST]!r}"


def quote_first(column: pd.Series) -> str:
    """The first cell of a column with a value; what the column holds where its name says that this is personal."""
    kind = kind_by_name(str(column.name))
    present = column.dropna()
    return f"({kind})" if kind or present.empty else quote(present.iloc[0])


def quote_some(cells: pd.Series, most: int = 3) -> str:
    """The first different cells; a capitalised word that stands in one row alone may be a name."""
    counted = cells.value_counts(sort=False)
    kind = kind_by_name(str(cells.name))
    shown = [
        "(one capitalised word)" if str(cell).istitle() and str(cell).isalpha() and count == 1 else quote(cell)
        for cell, count in list(counted.items())[:most]
    ]
    return f"({kind})" if kind else ", ".join(dict.fromkeys(shown))
