"""answer: quote evidence and nothing else, or say what is missing."""

from __future__ import annotations

import time

from langgraph.runtime import Runtime
from pydantic import TypeAdapter

from orchestrator.core.answer import Answer, AnswerClaim, Status
from orchestrator.core.evidence import Evidence, Repair, Verdict
from orchestrator.core.outcome import Artifact, Outcome, Usage
from orchestrator.core.plan import Plan
from orchestrator.core.request import Routing
from orchestrator.core.schedule import holds
from orchestrator.data.split import SplitRecord
from orchestrator.gates.principles import principles
from orchestrator.gates.result import shortfalls
from orchestrator.journal.journal import read_events, whole_lines
from orchestrator.journal.rundir import read_model, write_json
from orchestrator.measure.artifacts import measured_artifacts
from orchestrator.nodes.attempts import deliver_best
from orchestrator.nodes.availability import left_undone, next_wish
from orchestrator.nodes.choice_sentences import choice_sentence
from orchestrator.nodes.context import Context
from orchestrator.nodes.group_sentences import group_sentence
from orchestrator.nodes.leak_sentences import leak_sentence
from orchestrator.nodes.sentences import claims_of, headline
from orchestrator.nodes.state import Ending, State
from orchestrator.report.certificate import write_certificate
from orchestrator.report.page import write_report
from orchestrator.report.result import Result, main_results

_VERDICTS = TypeAdapter(tuple[Verdict, ...])


async def answer(state: State, runtime: Runtime[Context]) -> State:
    """The end of the road: the decided ending, or the ruling on claims and checks."""
    write_answer(runtime.context, answer_of(runtime.context, state.get("ending")))
    return {"goto": "answer"}


def answer_of(context: Context, ending: Ending | None) -> Answer:
    """The answer from what lies in the run directory, the best attempt in place; without an ending, the checks decide.

    A last attempt that failed is no ending where an earlier one was judged.
    """
    run = context.run
    attempt = deliver_best(context)
    if attempt and ending is not None and ending.status == "not_validated":
        ending = None
    routing = read_model(run.routing, Routing) if run.routing.is_file() else None
    plan = read_model(run.plan, Plan) if run.plan.is_file() else None
    outcomes = _outcomes(context, plan)
    evidence, verdicts = _evidence(context), _verdicts(context)
    claims = claims_of(plan, evidence) if plan else ()
    results = main_results(plan, evidence, verdicts) if plan else ()
    end = ending or _validated(plan, claims, verdicts)
    return Answer(
        run_id=run.run_id,
        status=end.status,
        route=routing.route.value if routing else "",
        params=routing.params if routing else {},
        message=" ".join(
            filter(
                None,
                (end.message or _message(context, plan, routing, end.status, results, verdicts, outcomes), attempt),
            )
        ),
        error=end.error,
        claims=claims,
        checks=verdicts,
        repairs=_repairs(context),
        principles=principles(plan, claims, verdicts, outcomes, evidence),
        artifacts=_artifacts(context, outcomes),
        cost=_cost(context, outcomes),
        plan=plan,
        run_dir=str(run.path),
    )


def write_answer(context: Context, made: Answer) -> Answer:
    """Write certificate, answer and page; the answer as it was written, with the certificate among its artifacts."""
    certified = write_certificate(context.run, made.plan, made.status, _evidence(context), made.checks)
    told = made.model_copy(update={"artifacts": (*certified, *made.artifacts)})
    write_json(context.run.answer, told.as_json())
    context.journal.tell("answer.written", status=told.status)
    write_report(context.run)
    return told


def _outcomes(context: Context, plan: Plan | None) -> tuple[Outcome, ...]:
    """The results of the plan's own steps; what earlier plans left under other names is not counted."""
    folders = sorted((context.run.path / "steps").glob("*/result.json")) if plan else []
    return tuple(read_model(path, Outcome) for path in folders if plan and holds(plan, path.parent.name))


def _validated(plan: Plan | None, claims: tuple[AnswerClaim, ...], verdicts: tuple[Verdict, ...]) -> Ending:
    """validated = at least one claim, every claim is evidence, every required check passed."""
    missing = shortfalls(plan, verdicts) if plan else ()
    sound = bool(claims) and all(claim.evidence for claim in claims) and bool(verdicts) and not missing
    status: Status = "validated" if sound else "not_validated"
    return Ending(status=status)


def _message(
    context: Context,
    plan: Plan | None,
    routing: Routing | None,
    status: Status,
    results: tuple[Result, ...],
    verdicts: tuple[Verdict, ...],
    outcomes: tuple[Outcome, ...],
) -> str:
    language = routing.language if routing else "en"
    undone = left_undone(routing, context.skill_names) if routing else ()
    open_boxes = not all(outcome.isolated for outcome in outcomes)
    said = headline(status, results, verdicts, undone, open_boxes, language)
    evidence = _evidence(context)
    wish = next_wish(routing, context.run.run_id) if routing and status == "validated" else ""
    said_of_groups = group_sentence(plan, evidence, language)
    more = (choice_sentence(plan, evidence, language), said_of_groups, leak_sentence(evidence), wish)
    return " ".join(filter(None, (said, *more)))


def _evidence(context: Context) -> tuple[Evidence, ...]:
    if not context.run.evidence.is_file():
        return ()
    return tuple(Evidence.model_validate_json(line) for line in whole_lines(context.run.evidence))


def _verdicts(context: Context) -> tuple[Verdict, ...]:
    path = context.run.verdicts
    return _VERDICTS.validate_json(path.read_bytes()) if path.is_file() else ()


def _repairs(context: Context) -> tuple[Repair, ...]:
    return read_model(context.run.split, SplitRecord).repairs if context.run.split.is_file() else ()


def _artifacts(context: Context, outcomes: tuple[Outcome, ...]) -> tuple[Artifact, ...]:
    made = tuple(artifact for outcome in outcomes for artifact in outcome.artifacts)
    return (*made, *measured_artifacts(context.run))


def _cost(context: Context, outcomes: tuple[Outcome, ...]) -> Usage:
    """Wall time since the run was first started; processor time of every box, the judge's own included."""
    total = Usage()
    for outcome in outcomes:
        total = total.plus(outcome.usage)
    events = read_events(context.run.journal)
    wall = time.time() - events[0].ts if events else total.wall_s
    spent = [event.data.get("cpu_s") for event in events if event.event == "box.closed"]
    cpu = sum(seconds for seconds in spent if isinstance(seconds, float | int))
    return total.model_copy(update={"wall_s": wall, "cpu_s": cpu})
