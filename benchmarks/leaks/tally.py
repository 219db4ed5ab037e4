"""Counts what was caught and what was a false alarm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

GOAL = {"caught_at_least": 0.95, "false_alarms_at_most": 0.02}
Z = 1.96


@dataclass(frozen=True)
class Row:
    """One answer to one scenario. `by` is who was asked; `leak` is "" where there is none; `raised` is the answer."""

    scenario: str
    half: str
    by: str
    leak: str
    raised: bool
    told: str = ""

    @property
    def wrong(self) -> bool:
        return self.raised != bool(self.leak)

    def of(self, name: str) -> bool:
        return self.scenario.startswith(f"{name}.")


def share(count: int, of: int) -> dict[str, Any]:
    """A share with its 95 % interval (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    if not of:
        return {"count": 0, "of": 0, "share": None, "interval": None}
    p, w = count / of, Z * Z / of
    centre, reach = (p + w / 2) / (1 + w), math.sqrt(p * (1 - p) * w + w * w / 4) / (1 + w)
    interval = [round(max(0.0, centre - reach), 4), round(min(1.0, centre + reach), 4)]
    return {"count": count, "of": of, "share": round(p, 4), "interval": interval}


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """By half and by who was asked: caught by kind and in all, false alarms, and every wrong answer by name."""
    found: dict[str, Any] = {"goal": GOAL}
    for half in sorted({row.half for row in rows}):
        found[half] = {
            by: _of([row for row in rows if row.half == half and row.by == by])
            for by in sorted({row.by for row in rows})
        }
    return found


def _of(rows: Sequence[Row]) -> dict[str, Any]:
    leaks = [row for row in rows if row.leak]
    clean = [row for row in rows if not row.leak]
    kinds = sorted({row.leak for row in leaks})
    return {
        "caught": share(sum(row.raised for row in leaks), len(leaks)),
        "caught_by_kind": {kind: _caught([row for row in leaks if row.leak == kind]) for kind in kinds},
        "false_alarms": share(sum(row.raised for row in clean), len(clean)),
        "missed": [row.scenario for row in leaks if row.wrong],
        "alarms": {row.scenario: row.told for row in clean if row.wrong},
    }


def _caught(rows: Sequence[Row]) -> dict[str, Any]:
    return share(sum(row.raised for row in rows), len(rows))
