"""What a status means in words: the headline of an answer and the reasons behind it."""

from __future__ import annotations

import shlex
from pathlib import Path

from orchestrator.core.answer import Answer
from orchestrator.core.request import Request

HEADLINES = {
    "validated": "Validated",
    "not_validated": "Not validated",
    "planned": "Planned",
    "explained": "Explained",
    "clarify": "A question first",
    "refused": "Not done",
    "bad_input": "Cannot be done as asked",
    "limit": "Stopped at a limit",
    "interrupted": "Interrupted",
    "failed": "Failed",
}

RULED = ("validated", "not_validated")
SOUND = "every claim is measured and every required check passed"


def headline(answer: Answer) -> str:
    """How the run ended and what it found, or why it is not validated: the answer's own message after our word for it.

    Every other end is the word alone; its message follows as the body.
    """
    word = HEADLINES[answer.status]
    if answer.status not in RULED:
        return word
    if answer.message:
        return answer.message if answer.message.startswith(word) else f"{word}: {answer.message}"
    if answer.status == "validated":
        return f"{word}: {SOUND}"
    reasons = because(answer)
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"{word}, because {reasons[0]}{more}" if reasons else word


def body(answer: Answer) -> str:
    """What the answer says beyond its headline."""
    return "" if answer.status in RULED else answer.message


def sentence(answer: Answer) -> str:
    """The one sentence beside the verdict: what it rests on, its first reason, or the message of any other end."""
    if answer.status == "validated":
        return f"{SOUND.capitalize()}."
    reasons = because(answer) if answer.status == "not_validated" else ()
    return reasons[0] if reasons else answer.message


def because(answer: Answer) -> tuple[str, ...]:
    """Why an answer is not validated, most telling first: what failed, what is unknown, what is missing."""
    order = {"failed": 0, "unknown": 1}
    open_checks = sorted((check for check in answer.checks if check.verdict in order), key=lambda c: order[c.verdict])
    told = {"failed": "failed", "unknown": "is unknown"}
    reasons = [f"{check.id} {told[check.verdict]}: {check.reason}".rstrip(": ") for check in open_checks]
    if not answer.claims:
        reasons.append("no claim could be turned into evidence")
    return tuple(reasons)


def again(answer: Answer, request: Request | None = None) -> tuple[str, ...]:
    """The command lines that go on with a run, repeat it, or show it."""
    place = _runs_dir(answer)
    lines = []
    if answer.status in {"interrupted", "limit", "failed", "planned"} and answer.run_id:
        lines.append(f"mlexpert run --resume {answer.run_id}{place}")
    if request:
        lines.append(f"mlexpert run {shlex.quote(request.text)}{_flags(request)}{place}")
    if answer.run_id:
        lines += [f"mlexpert show {answer.run_id}{place}", f"mlexpert report {answer.run_id}{place}"]
    return tuple(lines)


def _flags(request: Request) -> str:
    flags = [f" --data {shlex.quote(file)}" for file in request.files]
    flags += [f" --seed {request.seed}"]
    flags += [f" --planner {request.planner}"] if request.planner != "auto" else []
    flags += [f" --sandbox {request.sandbox}"] if request.sandbox != "auto" else []
    flags += [" --trust-code"] if request.trust_code else []
    flags += [f" --allow-rows {shlex.quote(file)}" for file in request.allow_rows]
    flags += [f" --timeout {request.timeout_s:g}"] if request.timeout_s is not None else []
    flags += [f" --budget-usd {request.budget_usd:g}"] if request.budget_usd is not None else []
    return "".join(flags)


def _runs_dir(answer: Answer) -> str:
    """`--runs-dir` where the run does not lie in the default folder, `runs`."""
    parent = Path(answer.run_dir).parent if answer.run_dir else Path("runs")
    return "" if parent.name == "runs" else f" --runs-dir {shlex.quote(str(parent))}"
