"""A user's table in memory, with what was changed while it was read."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from orchestrator.core.evidence import Repair


@dataclass(frozen=True)
class Table:
    """Rows as they stand in the file (the index counts them from 0), every column of one plain type.

    Types: integers, float64, bool, datetime64 (UTC, no zone) or text; missing cells are NaN, NaT or None.
    """

    frame: pd.DataFrame
    repairs: tuple[Repair, ...] = ()
