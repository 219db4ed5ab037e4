"""A law that every solution of a problem obeys, and how far a field misses it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Law(BaseModel):
    """One law: `statement` in words, `formula` in symbols; or `reason` says why it does not apply.

    A field within `tolerance` (relative) of a solution misses the law by at most `factor` * tolerance: a heuristic,
    since derivatives amplify an error. `numbers` are what the law predicts from the problem alone. Where `tested` is
    false the law is a statement that no single field can break or keep.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    name: str
    statement: str
    formula: str = ""
    reason: str = ""
    factor: float = 10.0
    numbers: dict[str, float] = {}
    tested: bool = True

    @property
    def applies(self) -> bool:
        return not self.reason


class LawScore(BaseModel):
    """How far a field misses a law: dimensionless `value`, `error` of that measurement by a coarser rule, `bound`.

    `value` is None where it cannot be told from the error of measuring it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value: float | None
    bound: float
    error: float = 0.0
    n: int = 0
    text: str = ""

    @property
    def holds(self) -> bool | None:
        return None if self.value is None else self.value <= self.bound
