"""The five thoughts of a plan, in the open: what was decided, what else there was, and why."""

from __future__ import annotations

from orchestrator.core.plan import Alternative, Stage, Thought
from orchestrator.planners.rules.framework import ANTI_PATTERNS


def thought(
    stage: Stage, decision: str, why: str, *considered: tuple[str, str], avoids: tuple[str, ...] = ()
) -> Thought:
    """One thought; `considered` are (choice, why not), `avoids` ids of anti-patterns."""
    return Thought(
        stage=stage,
        decision=decision,
        why=why,
        considered=tuple(Alternative(choice=choice, why_not=why_not) for choice, why_not in considered),
        anti_patterns=tuple(f"{ANTI_PATTERNS[name][0]} → {ANTI_PATTERNS[name][1]}" for name in avoids),
    )
