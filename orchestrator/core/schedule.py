"""What may run next: pure functions of a plan and the outcomes so far.

A loop is unrolled a round at a time: body step `fit` of loop `learn` runs in round 2 as
`learn.r2.fit`. How far a loop has come follows from the outcomes alone, so nothing has to be
remembered across a crash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Literal

from pydantic import JsonValue

from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan, Step
from orchestrator.core.search import Setting

Outcomes = Mapping[str, Outcome]


@dataclass(frozen=True)
class LoopState:
    """Where a loop stands. `round` counts from 1; `value` is the last measured stopping claim."""

    round: int
    state: Literal["running", "converged", "exhausted", "failed"]
    value: float | None = None


def in_round(loop: Step, body: Step, number: int) -> Step:
    """The body step of one round: its own id, needs inside the round, its spec grown.

    Numbers named in `loop.grow` are multiplied by factor**(number - 1); integers stay integers.
    """
    inside = {step.id for step in loop.body}
    spec: dict[str, JsonValue] = dict(body.spec)
    for name, factor in loop.grow.items():
        value = spec.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            grown = value * factor ** (number - 1)
            spec[name] = round(grown) if isinstance(value, int) else grown
    needs = tuple(f"{loop.id}.r{number}.{need}" if need in inside else need for need in body.needs)
    return body.model_copy(update={"id": f"{loop.id}.r{number}.{body.id}", "spec": spec, "needs": needs + loop.needs})


def round_steps(loop: Step, number: int) -> tuple[Step, ...]:
    return tuple(in_round(loop, body, number) for body in loop.body)


def loop_state(loop: Step, outcomes: Outcomes) -> LoopState:
    """How far a loop has come: the first round that is not complete, or why it ended."""
    value: float | None = None
    for number in range(1, loop.max_rounds + 1):
        steps = round_steps(loop, number)
        results = [outcomes.get(step.id) for step in steps]
        if any(result is not None and result.status == "failed" for result in results):
            return LoopState(number, "failed", value)
        if any(result is None for result in results):
            return LoopState(number, "running", value)
        value = _stopping_value(loop, number, outcomes)
        if loop.until and value is not None and value <= loop.until.below:
            return LoopState(number, "converged", value)
    return LoopState(loop.max_rounds, "exhausted" if loop.until else "converged", value)


def ready(plan: Plan, outcomes: Outcomes) -> tuple[Step, ...]:
    """The steps whose needs are met and that have no outcome yet, in plan order."""
    found: list[Step] = []
    for step in plan.steps:
        if not all(finished(plan, need, outcomes) for need in step.needs):
            continue
        if not step.unrolled:
            found += [step] if step.id not in outcomes else []
            continue
        state = loop_state(step, outcomes)
        if state.state == "running":
            now = round_steps(step, state.round)
            found += [s for s in now if s.id not in outcomes and all(need_met(plan, n, outcomes) for n in s.needs)]
    return tuple(found)


def need_met(plan: Plan, need: str, outcomes: Outcomes) -> bool:
    if need in {step.id for step in plan.steps}:
        return finished(plan, need, outcomes)
    return need in outcomes and outcomes[need].status == "done"


def finished(plan: Plan, step_id: str, outcomes: Outcomes) -> bool:
    """Whether others may build on the step: done, or a loop that converged."""
    step = next(step for step in plan.steps if step.id == step_id)
    if step.unrolled:
        return loop_state(step, outcomes).state == "converged"
    return step_id in outcomes and outcomes[step_id].status == "done"


def settled(plan: Plan, outcomes: Outcomes) -> Plan:
    """The plan as far as its searches have ended: the best setting of each stands in the specs of what needs it."""
    found = {step.id: outcomes[step.id].setting for step in plan.steps if step.search and step.id in outcomes}
    return plan.model_copy(update={"steps": tuple(_with_settings(step, found) for step in plan.steps)})


def _with_settings(step: Step, found: Mapping[str, Setting]) -> Step:
    spec = dict(step.spec)
    for need in step.needs:
        spec |= found.get(need, {})
    return step.model_copy(update={"spec": spec})


def find_step(plan: Plan, step_id: str) -> Step:
    """A step by id, rounds of loops included ("solve.r2.solution").

    Raises:
        KeyError: the plan holds no such step.
    """
    for step in plan.steps:
        if step.id == step_id:
            return step
        if step.unrolled and step_id.startswith(f"{step.id}.r"):
            number, _, body_id = step_id.removeprefix(f"{step.id}.r").partition(".")
            for body in step.body:
                if body.id == body_id and number.isdigit():
                    return in_round(step, body, int(number))
    raise KeyError(step_id)


def holds(plan: Plan, step_id: str) -> bool:
    """Whether the id is a step of the plan, or of a round of one of its loops."""
    try:
        find_step(plan, step_id)
    except KeyError:
        return False
    return True


def last_step_of(plan: Plan, step_id: str, outcomes: Outcomes) -> str:
    """The id under which a step's newest output lies: itself, or a loop's last round's last step."""
    step = next((step for step in plan.steps if step.id == step_id), None)
    if step is None or not step.unrolled:
        return step_id
    number = loop_state(step, outcomes).round
    return in_round(step, step.body[-1], number).id


def disorder(steps: Sequence[Step]) -> str:
    """Empty where the steps form an acyclic graph of known ids; else what is wrong, in one line."""
    ids = [step.id for step in steps]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        return f"the step id {twice[0]!r} occurs twice"
    for step in steps:
        unknown = [need for need in step.needs if need not in ids]
        if unknown:
            return f"step {step.id!r} needs {unknown[0]!r}, which the plan does not hold"
    try:
        TopologicalSorter({step.id: set(step.needs) for step in steps}).prepare()
    except CycleError as error:
        return f"the steps wait for each other in a circle: {' → '.join(map(str, error.args[1]))}"
    return ""


def _stopping_value(loop: Step, number: int, outcomes: Outcomes) -> float | None:
    if loop.until is None:
        return None
    outcome = outcomes.get(f"{loop.id}.r{number}.{loop.until.step}")
    claims = outcome.claims if outcome else ()
    return next((claim.value for claim in claims if claim.name == loop.until.claim), None)
