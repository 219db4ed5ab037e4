"""A plan and an answer as plain text: plan.md, and what `mlexpert run` prints."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from orchestrator.core.answer import Answer
from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.outcome import Usage
from orchestrator.core.plan import Plan, Step, Thought
from orchestrator.report.bounds import bound_of, is_signed
from orchestrator.report.comparison import comparisons
from orchestrator.report.intervals import interval_beside
from orchestrator.report.numbers import spell, spell_bytes, spell_interval, spell_seconds
from orchestrator.report.verdict_words import again, because, body, headline

WIDTH = 96
MOST_ARTIFACTS = 12
STAGES = {
    "formulation": "1. Problem formulation",
    "data": "2. Data strategy",
    "model": "3. Model architecture",
    "training": "4. Training pipeline",
    "validation": "5. Validation and analysis",
}
MARKS = {"passed": "ok", "failed": "FAILED", "unknown": "unknown", "not_applicable": "n/a"}


def render_plan(plan: Plan) -> str:
    """The plan as Markdown: the five thoughts in the open, the steps, the estimate."""
    lines = [f"# Plan: {plan.route.value}", "", f"Written by the planner {plan.planner!r}.", ""]
    for thought in plan.thoughts:
        lines += _thought(thought)
    if plan.data:
        dropped = "; ".join(f"{name} ({why})" for name, why in plan.data.dropped.items()) or "none"
        split = plan.data.split
        column = f" by {split.test_file or split.column}" if split.column else ""
        column += f" and later in {split.moment}" if split.moment else ""
        share = (
            ""
            if split.kind == "given"
            else f", {spell(split.test_fraction * 100)} % of the rows set aside for the test"
        )
        lines += [
            "## Data",
            "",
            f"- file: {plan.data.file}",
            f"- target: {plan.data.target} ({plan.data.task}), metric {plan.data.metric}",
            f"- features: {', '.join(plan.data.features)}",
            f"- dropped: {dropped}",
            f"- split: {split.kind}{column}{share}",
            "",
        ]
    lines += [
        "## Steps",
        "",
        "| step | who | kind | needs | cpus | memory | at most |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_step_row(step) for top in plan.steps for step in (top, *top.body)]
    lines += ["", "## Estimate", "", _estimate(plan), ""]
    lines += ["## Notes", "", *(f"- {note}" for note in plan.notes), ""] if plan.notes else []
    return "\n".join(lines)


def _thought(thought: Thought) -> list[str]:
    lines = [f"## {STAGES[thought.stage]}", "", f"**{thought.decision}**", "", thought.why, ""]
    if thought.considered:
        lines += ["Considered:", *(f"- {other.choice}: {other.why_not}" for other in thought.considered), ""]
    if thought.anti_patterns:
        lines += ["Anti-patterns and their fix:", *(f"- {pattern}" for pattern in thought.anti_patterns), ""]
    return lines


def _step_row(step: Step) -> str:
    skill = f"{step.worker} ({step.skill})" if step.skill and step.skill != step.worker else step.worker
    bound = f", {step.bound}" if step.bound else ""
    needs = ", ".join(step.needs) or "nothing"
    r = step.resources
    gpu = "" if r.gpu == "none" else f" + GPU ({r.gpu})"
    return (
        f"| {step.id} | {skill} | {step.kind}{bound} | {needs} | {r.cpus}{gpu} "
        f"| {r.memory_mb} MB | {spell_seconds(r.timeout_s)} |"
    )


def _estimate(plan: Plan) -> str:
    e = plan.estimate
    return (
        f"About {spell_seconds(e.wall_s)} ({spell_seconds(e.cpu_s)} of CPU), "
        f"{spell(e.tokens)} tokens, {e.usd:.2f} USD. A rule of thumb, not a promise."
    )


def render_answer(answer: Answer, evidence: tuple[Evidence, ...] = ()) -> str:
    """The answer for a terminal. `evidence` adds intervals and the baseline table.

    Every number comes from the answer's claims, checks and cost, or from the evidence.
    """
    blocks = [*head(answer)]
    if answer.status == "planned" and answer.plan:
        blocks.append(render_plan(answer.plan).rstrip())
    blocks += [
        titled("As understood", (f"  - {wrap(note, 4)}" for note in understood(answer))),
        titled("Answer", _claims(answer, evidence)),
        titled("Why not", (f"  - {wrap(reason, 4)}" for reason in because(answer)))
        if answer.status == "not_validated" and not answer.message
        else "",
        titled("Checks", checked(answer.checks, evidence)),
        *_comparison_blocks(answer, evidence),
        titled(
            "Repairs",
            (f"  - {wrap(repaired(item.kind, item.columns, item.rows, item.reason), 4)}" for item in answer.repairs),
        ),
        titled("Principles", _principles(answer)),
        titled("Artifacts", _artifacts(answer)),
        titled("Run", place_and_cost(answer)),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def head(answer: Answer) -> Iterator[str]:
    yield wrap(headline(answer), 0)
    if body(answer):
        yield "\n".join(wrap(line, 0) for line in body(answer).splitlines())
    if answer.error and answer.error.get("message") != answer.message:
        yield wrap(answer.error.get("message", ""), 0)
    if answer.error and answer.error.get("remedy"):
        yield wrap(f"remedy: {answer.error['remedy']}", 0)
    if answer.route and answer.status in {"bad_input", "refused", "clarify"}:
        params = ", ".join(f"{key}={value}" for key, value in answer.params.items())
        yield wrap(f"understood: {answer.route}" + (f" with {params}" if params else ""), 0)


def understood(answer: Answer) -> tuple[str, ...]:
    """The problem as it was solved, and all that was assumed or not done; of a plan it stands among the notes."""
    return answer.plan.notes if answer.plan is not None and answer.status != "planned" else ()


def _claims(answer: Answer, evidence: tuple[Evidence, ...]) -> Iterator[str]:
    by_id = {item.id: item for item in evidence}
    for claim in answer.claims:
        found = next((by_id[name] for name in claim.evidence if name in by_id), None)
        interval = interval_beside(found, claim.text) if found else ""
        basis = f"n = {spell(found.n)}, " if found and found.n else ""
        yield f"  - {wrap(claim.text, 4)}"
        yield (
            f"    {spell(claim.value, claim.unit)}"
            + (f"  ({interval})" if interval else "")
            + f"  [{basis}evidence {', '.join(claim.evidence)}]"
        )


def checked(checks: tuple[Verdict, ...], evidence: tuple[Evidence, ...]) -> Iterator[str]:
    if not checks:
        return
    wide = max(len(check.id) for check in checks)
    by_id = {item.id: item for item in evidence}
    for check in checks:
        numbers = spell(check.value) if check.value is not None else ""
        bound = bound_of(check, by_id)
        said = f"must be {bound.removeprefix('= ')}" if is_signed(bound) else f"threshold {bound}"
        numbers += f" ({said})" if bound else ""
        start = f"  {MARKS[check.verdict]:<8}{check.id:<{wide}}  "
        told = ". ".join(part.rstrip(".") for part in (numbers, check.reason) if part)
        yield start + wrap(told, len(start))
        if check.remedy and check.verdict in {"failed", "unknown"}:
            yield " " * len(start) + wrap(f"remedy: {check.remedy}", len(start))


def _comparison_blocks(answer: Answer, evidence: tuple[Evidence, ...]) -> Iterator[str]:
    for group in comparisons(answer.claims, evidence):
        if any(row.id in group.quoted for row in group.rows):
            wide = max(len(row.subject) for row in group.rows)
            rows = (
                f"  {row.subject:<{wide}}  {spell(row.value, row.unit):<12}"
                + (f"  {spell_interval(row.interval)}" if row.interval else "")
                for row in group.rows
            )
            yield titled(f"Compared by {group.name}", (row.rstrip() for row in rows))


def _principles(answer: Answer) -> Iterator[str]:
    if all(value is None for value in answer.principles.values()):
        return
    for name, value in answer.principles.items():
        yield f"  {name:<16}{spell(value * 100) + ' %' if value is not None else 'unknown'}"


def _artifacts(answer: Answer) -> Iterator[str]:
    for item in answer.artifacts[:MOST_ARTIFACTS]:
        yield f"  {item.path}  ({item.kind}, {spell_bytes(item.bytes)}, sha256 {item.sha256[:12]})"
    if len(answer.artifacts) > MOST_ARTIFACTS:
        yield f"  and {len(answer.artifacts) - MOST_ARTIFACTS} more"


def place_and_cost(answer: Answer) -> Iterator[str]:
    if answer.run_dir:
        yield f"  {answer.run_dir}"
    if answer.cost != Usage():
        cost = answer.cost
        gpu = f", {spell_seconds(cost.gpu_s)} GPU" if cost.gpu_s else ""
        yield (
            f"  {spell_seconds(cost.wall_s)}, {spell_seconds(cost.cpu_s)} CPU{gpu}, "
            f"{spell(cost.tokens)} tokens, {cost.usd:.2f} USD"
        )
    for command in again(answer):
        yield f"  {command}"


def repaired(kind: str, columns: tuple[str, ...], rows: int, reason: str) -> str:
    where = f" in {', '.join(columns)}" if columns else ""
    return f"{kind}{where}" + (f", {spell(rows)} rows" if rows else "") + (f": {reason}" if reason else "")


def titled(title: str, lines: Iterable[str]) -> str:
    body = list(lines)
    return "\n".join([title, *body]) if body else ""


def wrap(text: str, indent: int) -> str:
    """Text that starts `indent` columns in, filled to WIDTH; its further lines start there too."""
    margin = " " * indent
    filled = textwrap.fill(
        text, WIDTH, initial_indent=margin, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )
    return filled.removeprefix(margin)
