"""What `mlexpert run` prints: the verdict, its numbers, and in full only what was not passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.core.answer import Answer
from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.report.bounds import bound_of
from orchestrator.report.numbers import spell
from orchestrator.report.text import (
    MARKS,
    checked,
    head,
    place_and_cost,
    render_answer,
    repaired,
    titled,
    understood,
    wrap,
)
from orchestrator.report.verdict_words import RULED, because

OPEN = ("failed", "unknown")
LAW, PASSED_LAWS = "law.", "physics.conservation"
ASIDE = "not measurable here"
MOST_CLAIMS, MOST_REPAIRS = 16, 8


def render_brief(answer: Answer, evidence: tuple[Evidence, ...] = ()) -> str:
    """The answer in brief; `mlexpert show` and the report hold the rest. Other ends than a ruling are told whole."""
    if answer.status not in RULED:
        return render_answer(answer, evidence)
    missing = answer.status == "not_validated" and not answer.message
    blocks = [
        *head(answer),
        titled("As understood", (f"  - {wrap(note, 4)}" for note in understood(answer))),
        titled("Answer", _claims(answer, evidence)),
        titled("Why not", (f"  - {wrap(why, 4)}" for why in because(answer))) if missing else "",
        titled("Not passed", checked(tuple(one for one in answer.checks if one.verdict in OPEN), evidence)),
        titled("Passed, or not applicable", _lines(answer.checks, evidence)),
        titled("Repairs", _repairs(answer)),
        titled("Run", (*place_and_cost(answer), *_more(answer))),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _claims(answer: Answer, evidence: tuple[Evidence, ...]) -> Iterator[str]:
    """One number a line; laws that are kept stand in their check."""
    names = {entry.id: entry.name for entry in evidence}
    kept = any(one.id == PASSED_LAWS and one.verdict == "passed" for one in answer.checks)
    told = [
        claim
        for claim in answer.claims
        if not (kept and any(names.get(name, "").startswith(LAW) for name in claim.evidence))
    ]
    for claim in told[:MOST_CLAIMS]:
        start = f"  {spell(claim.value, claim.unit):<11} "
        yield start + wrap(claim.text, len(start))
    if len(told) > MOST_CLAIMS:
        yield f"  and {len(told) - MOST_CLAIMS} more"


def _lines(checks: Iterable[Verdict], evidence: tuple[Evidence, ...]) -> Iterator[str]:
    """One line a check: its number and its bound. What was set aside is told, since it was not measured."""
    by_id = {entry.id: entry for entry in evidence}
    for check in checks:
        if check.verdict in OPEN:
            continue
        bound = bound_of(check, by_id) if check.verdict == "passed" else ""
        number = spell(check.value) if check.value is not None and check.verdict == "passed" else ""
        yield f"  {MARKS[check.verdict]:<4}{check.id:<32}{' '.join(filter(None, (number, bound)))}".rstrip()
        if ASIDE in check.reason:
            yield "      " + wrap(check.reason, 6)


def _repairs(answer: Answer) -> Iterator[str]:
    for item in answer.repairs[:MOST_REPAIRS]:
        yield f"  - {wrap(repaired(item.kind, item.columns, item.rows, item.reason), 4)}"
    if len(answer.repairs) > MOST_REPAIRS:
        yield f"  and {len(answer.repairs) - MOST_REPAIRS} more"


def _more(answer: Answer) -> Iterator[str]:
    if answer.artifacts:
        yield f"  {len(answer.artifacts)} files, all intervals, comparisons and reasons: `show` and the report"
