"""The answer and the JSON contract that others build on."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import Field, JsonValue

from orchestrator.core.evidence import Repair, Verdict
from orchestrator.core.outcome import Artifact, Usage
from orchestrator.core.plan import Plan
from orchestrator.core.values import Value

Status = Literal[
    "validated", "not_validated", "planned", "explained", "clarify", "refused",
    "bad_input", "limit", "interrupted", "failed",
]  # fmt: skip

EXIT_CODES: dict[str, int] = {
    "validated": 0, "planned": 0, "explained": 0, "clarify": 0, "failed": 1, "not_validated": 3,
    "bad_input": 42, "refused": 42, "limit": 53, "interrupted": 130,
}  # fmt: skip


class AnswerClaim(Value):
    """A sentence of the answer; its number is the value of the evidence that it names."""

    text: str
    value: float
    unit: str = ""
    evidence: tuple[str, ...]


class Answer(Value):
    """Everything `--output-format json` prints, one object for every end a run can have."""

    run_id: str
    status: Status
    route: str = ""
    params: dict[str, JsonValue] = Field(default_factory=dict)
    message: str = ""
    error: dict[str, str] | None = None
    claims: tuple[AnswerClaim, ...] = ()
    checks: tuple[Verdict, ...] = ()
    repairs: tuple[Repair, ...] = ()
    principles: dict[str, float | None] = Field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    cost: Usage = Usage()
    plan: Plan | None = None
    run_dir: str = ""

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.status]

    def as_json(self) -> dict[str, JsonValue]:
        """The contract's object: the contract's keys in the contract's order."""
        dumped = self.model_dump(mode="json", exclude={"plan"})
        plan = self.plan.model_dump(mode="json") if self.plan else {"steps": [], "thoughts": []}
        delegates: list[JsonValue] = list(self.plan.delegates) if self.plan else []
        head: dict[str, JsonValue] = {key: dumped[key] for key in ("run_id", "status", "route", "params")}
        tail = {key: value for key, value in dumped.items() if key not in head}
        return {**head, "delegates": delegates, "plan": plan, **tail}

    @classmethod
    def from_json(cls, text: str) -> Answer:
        """Read back what `as_json` wrote."""
        raw = json.loads(text)
        raw.pop("delegates", None)
        plan = raw.pop("plan", None)
        return cls.model_validate({**raw, "plan": plan if plan and plan.get("steps") else None})
