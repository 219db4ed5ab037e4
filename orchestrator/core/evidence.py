"""Evidence (measured by the host) and verdicts (a gate's ruling on it)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.core.values import Value

Ruling = Literal["passed", "failed", "unknown", "not_applicable"]


class Evidence(Value):
    """A number the host measured, with everything needed to measure it again.

    `file` is relative to the run directory and `sha256` its hash; `code_sha256` is the hash of
    the measuring code; `interval` the 95 % interval; `n` how many points or rows it rests on;
    `subject` what was measured (the delivered model, a baseline, the reference, the split);
    `bound` what the value may be at most, where the measurement itself says so (a law's own tolerance); `columns` the
    columns of the user's table that it names.
    """

    id: str
    name: str
    value: float | None
    unit: str = ""
    interval: tuple[float, float] | None = None
    bound: float | None = None
    columns: tuple[str, ...] = ()
    n: int = 0
    subject: str = ""
    text: str = ""
    file: str = ""
    sha256: str = ""
    code_sha256: str = ""
    environment: str = ""
    seed: int = 0
    step: str = ""


class Verdict(Value):
    """A gate's ruling. `remedy` says what would change it; `unknown` never counts as passed.

    `columns` are the columns of the user's table that it faults, by kind of finding. `final`: no other attempt could
    change it; it is for the judge alone and is not written down.
    """

    id: str
    verdict: Ruling
    value: float | None = None
    threshold: float | None = None
    evidence: tuple[str, ...] = ()
    reason: str = ""
    remedy: str = ""
    columns: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    final: bool = Field(default=False, exclude=True)


class Repair(Value):
    """A change the host made to the data, with the reason, so that nothing is mended in silence."""

    kind: str
    columns: tuple[str, ...] = ()
    rows: int = 0
    reason: str = ""
