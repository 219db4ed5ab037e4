"""judge: join the wave, and decide: next wave, next round of a loop, replan with the reasons, or answer."""

from __future__ import annotations

from langgraph.runtime import Runtime
from pydantic import JsonValue, TypeAdapter

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan
from orchestrator.core.schedule import loop_state, ready, settled
from orchestrator.gates.result import judge_results, may_replan, mendable, shortfalls
from orchestrator.journal.rundir import write_json
from orchestrator.measure.bench import Bench
from orchestrator.measure.road import measure
from orchestrator.nodes.attempts import note_attempt, time_left_s
from orchestrator.nodes.context import Context
from orchestrator.nodes.prepare import verify_split
from orchestrator.nodes.state import Ending, State

_VERDICTS = TypeAdapter(tuple[Verdict, ...])
MAX_WAVES = 150  # loops are bounded by their plan; this bounds a plan that never comes to an end


async def judge(state: State, runtime: Runtime[Context]) -> State:
    """Rule on what the wave gave back. Claims become evidence only when every step is finished."""
    context = runtime.context
    outcomes = context.load_outcomes(state)
    plan = settled(context.load_plan(state), outcomes)
    wave = state.get("wave", 1)
    waiting = [step.id for step in ready(plan, outcomes)]
    if waiting and wave < MAX_WAVES:
        rounds = any(step.unrolled for step in plan.steps)
        _tell(context, wave, "next_round" if rounds else "next_wave", ", ".join(waiting))
        return {"goto": "work", "ready": waiting, "wave": wave + 1}

    trouble = _trouble(plan, outcomes) + _unreached(waiting)
    verdicts, evidence = trouble, tuple[Evidence, ...]()
    if not trouble:
        verify_split(context)
        bench = Bench(await context.open_workshop(), context.run, context.seed)
        evidence = await measure(bench, plan, outcomes, context.skills, context.journal)
        verdicts = judge_results(plan, evidence)
    write_json(context.run.verdicts, [verdict.model_dump(mode="json") for verdict in verdicts])
    short = shortfalls(plan, verdicts)
    if not trouble:
        note_attempt(context, state, plan, evidence, len(short))
    replans = state.get("replans", 0)
    late = _too_late(context) if short else ""
    if short and not late and replans < context.settings.orchestrator.max_replans and may_replan(plan, short, outcomes):
        path = context.run.path / f"findings-replan-{replans + 1}.json"
        every = _earlier(context, state) + mendable(
            short
        )  # a planner that sees a check fail again tries something else
        write_json(path, [verdict.model_dump(mode="json") for verdict in every])
        _tell(context, wave, "replan", "; ".join(verdict.reason for verdict in mendable(short)))
        # The ending stands unless the replan makes another plan.
        again: State = {"goto": "plan", "findings": context.reference(path), "replans": replans + 1}
        return {**again, "ending": _ending(trouble, outcomes)}
    _tell(context, wave, "answer", f"{len(short)} required checks are not passed{late}")
    return {"goto": "answer", "ending": _ending(trouble, outcomes)}


def _too_late(context: Context) -> str:
    """Why another attempt would not end before the deadline: it takes at least as long as the last one."""
    known = time_left_s(context)
    if known is None or known[0] >= known[1]:
        return ""
    return f"; {known[0]:.0f} s are left, too few for another attempt: the last one took {known[1]:.0f} s"


def _earlier(context: Context, state: State) -> tuple[Verdict, ...]:
    """The findings of the replans so far."""
    number = state.get("replans", 0)
    path = context.run.path / f"findings-replan-{number}.json"
    return _VERDICTS.validate_json(path.read_bytes()) if number and path.is_file() else ()


def _trouble(plan: Plan, outcomes: dict[str, Outcome]) -> tuple[Verdict, ...]:
    """Steps that failed and loops that did not converge, as failed verdicts."""
    mistakes_first = sorted(outcomes.values(), key=lambda outcome: not outcome.user_error)
    failed = tuple(
        Verdict(id=f"step.{outcome.step}", verdict="failed", reason=outcome.reason, remedy=outcome.remedy)
        for outcome in mistakes_first
        if outcome.status == "failed"
    )
    loops = ((step, loop_state(step, outcomes)) for step in plan.steps if step.unrolled)
    stuck = tuple(
        Verdict(
            id=f"loop.{step.id}",
            verdict="failed",
            value=state.value,
            threshold=step.until.below if step.until else None,
            reason=f"loop {step.id!r} did not converge within {step.max_rounds} rounds",
            remedy="loosen the tolerance, or allow more rounds",
        )
        for step, state in loops
        if state.state == "exhausted"
    )
    return failed + stuck


def _unreached(waiting: list[str]) -> tuple[Verdict, ...]:
    """Steps that the bound on waves kept from running."""
    reason = f"never ran: the plan takes more than {MAX_WAVES} waves"
    return tuple(Verdict(id=f"step.{name}", verdict="failed", reason=f"step {name!r} {reason}") for name in waiting)


def _ending(trouble: tuple[Verdict, ...], outcomes: dict[str, Outcome]) -> Ending | None:
    """A step that failed ends the run with its reason; a mistake of the user's is said to be one."""
    if not trouble:
        return None
    first = trouble[0]
    mistaken = any(outcome.user_error for outcome in outcomes.values())
    kind = "BadInput" if mistaken else "StepFailed"
    error = {"type": kind, "message": first.reason, "remedy": first.remedy}
    return Ending(status="bad_input" if mistaken else "not_validated", message=first.reason, error=error)


def _tell(context: Context, wave: int, decision: str, reason: str) -> None:
    data: dict[str, JsonValue] = {"wave": wave, "decision": decision, "reason": reason}
    context.journal.tell("wave.judged", "", **data)
