"""Times of one column that are written in several formats, every cell by the one format that fits it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from orchestrator.core.evidence import Repair

MOST_FORMATS = 6
SAMPLE = 300

Parse = Callable[[pd.Series, str], pd.Series]


def mixed_times(name: str, text: pd.Series, formats: Sequence[str], parse: Parse) -> tuple[pd.Series, Repair] | None:
    """Times and what to tell of them; None where the formats do not fit every present cell.

    The format that fits most of the cells that are left is taken next. Where two of those taken read one cell as
    different times (day first and month first in one column) nothing is read: None.
    """
    present = text.dropna()
    sample = present.drop_duplicates().head(SAMPLE)
    taken: list[str] = []
    left = sample
    while len(left) and len(taken) < MOST_FORMATS:
        fits = {form: int(parse(left, form).notna().sum()) for form in formats if form not in taken}
        best = max(fits, key=lambda form: fits[form])
        if not fits[best]:
            return None
        taken.append(best)
        left = left[parse(left, best).isna()]
    read = pd.concat([parse(present, form) for form in taken], axis=1)
    if len(taken) < 2 or read.isna().all(axis=1).any() or (read.nunique(axis=1) > 1).any():
        return None
    times = read.bfill(axis=1).iloc[:, 0].reindex(text.index)
    reason = f"the times of {name!r} are written in {len(taken)} formats ({', '.join(taken)}), each read by its own"
    return times, Repair(kind="mixed_dates", columns=(name,), rows=len(present), reason=reason)
