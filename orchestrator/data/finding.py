"""One measurement of leakage, and what it takes to be one."""

from __future__ import annotations

from typing import Literal

from orchestrator.core.plan import DataStrategy
from orchestrator.core.values import Value

Kind = Literal[
    "duplicates", "near_duplicates", "groups", "time_order", "proxy", "proxy_together", "identifier", "afterwards",
    "preparation",
]  # fmt: skip
BY_COLUMN: frozenset[Kind] = frozenset(
    {"proxy", "proxy_together", "identifier", "afterwards"}
)  # leaks that a column brings, not a way to split


class LeakFinding(Value):
    """One measurement. It is a leak where `value` exceeds `threshold`; `rows` is how many rows it rests on.

    `question` is what only the user can answer, and is told where nothing leaks.
    """

    kind: Kind
    value: float
    threshold: float
    columns: tuple[str, ...] = ()
    rows: int = 0
    remedy: str = ""
    question: str = ""

    @property
    def leaks(self) -> bool:
        return self.value > self.threshold

    def overridden(self, data: DataStrategy) -> bool:
        """Whether the request itself wants every column kept that the leak names, each by name."""
        by_column = self.kind in BY_COLUMN and bool(self.columns)
        return self.leaks and by_column and set(self.columns) <= set(data.kept)
