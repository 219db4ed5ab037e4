"""The plan gate: what must hold before anything is spent. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.config.agents import Agent
from orchestrator.config.fill import fill
from orchestrator.config.settings import Settings
from orchestrator.config.skills import Skill
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import LEAD, Plan, Step
from orchestrator.core.request import Request
from orchestrator.core.schedule import disorder

STAGES = ("formulation", "data", "model", "training", "validation")


def judge_plan(
    plan: Plan, request: Request, settings: Settings, skills: Mapping[str, Skill], agents: Mapping[str, Agent]
) -> tuple[Verdict, ...]:
    """One verdict per rule; `failed` ones say what to change."""
    steps = tuple(inner for step in plan.steps for inner in ((step, *step.body)))
    workers = tuple(step for step in steps if step.kind != "loop")
    return (
        _rule("plan.thoughts", _thoughts(plan)),
        _rule("plan.order", _order(plan)),
        _rule("plan.workers", _workers(workers, skills, agents)),
        _rule("plan.delegation", _delegation(workers, agents)),
        _rule("plan.specs", _specs(workers, skills)),
        _rule("plan.resources", _resources(steps, settings, skills)),
        _rule("plan.budget", _budget(plan, request)),
    )


def _rule(name: str, complaints: Iterator[str]) -> Verdict:
    found = tuple(complaints)
    if not found:
        return Verdict(id=name, verdict="passed")
    return Verdict(id=name, verdict="failed", value=float(len(found)), threshold=0.0, reason="; ".join(found))


def _thoughts(plan: Plan) -> Iterator[str]:
    missing = [stage for stage in STAGES if stage not in {thought.stage for thought in plan.thoughts}]
    if missing:
        yield f"the chain of thought lacks {', '.join(missing)}"


def _order(plan: Plan) -> Iterator[str]:
    if not plan.steps:
        yield "the plan holds no step"
    wrong = disorder(plan.steps)
    if wrong:
        yield wrong
    for loop in (step for step in plan.steps if step.kind == "loop"):
        inside = {step.id for step in loop.body}
        own = tuple(
            body.model_copy(update={"needs": tuple(need for need in body.needs if need in inside)})
            for body in loop.body
        )
        if loop.search is not None:
            if len(loop.body) != 1 or loop.body[0].needs:
                yield f"search {loop.id!r} needs one body step that needs no other"
        elif not loop.body or loop.until is None or loop.until.step not in inside:
            yield f"loop {loop.id!r} needs a body and a stopping rule on one of its steps"
        elif disorder(own):
            yield f"in loop {loop.id!r} {disorder(own)}"


def _workers(steps: tuple[Step, ...], skills: Mapping[str, Skill], agents: Mapping[str, Agent]) -> Iterator[str]:
    for step in steps:
        if step.skill_name not in skills:
            yield f"step {step.id!r} wants the skill {step.skill_name!r}, which is not loaded"
        if step.kind == "agent" and step.worker not in agents:
            yield f"step {step.id!r} wants the agent {step.worker!r}, which is not loaded"
        elif step.kind == "agent" and step.skill_name not in agents[step.worker].skills:
            yield f"agent {step.worker!r} is not bound to the skill {step.skill_name!r} (step {step.id!r})"


def _delegation(steps: tuple[Step, ...], agents: Mapping[str, Agent]) -> Iterator[str]:
    lead = agents.get(LEAD)
    for step in steps:
        if step.kind == "agent" and (lead is None or step.worker not in lead.delegates):
            yield f"{LEAD!r} may not delegate to {step.worker!r} (step {step.id!r})"


def _specs(steps: tuple[Step, ...], skills: Mapping[str, Skill]) -> Iterator[str]:
    for step in steps:
        if step.skill_name in skills:
            for mistake in fill(skills[step.skill_name], step.spec).mistakes:
                yield f"spec of step {step.id!r}: {mistake.sentence}"


def _resources(steps: tuple[Step, ...], settings: Settings, skills: Mapping[str, Skill]) -> Iterator[str]:
    limit = settings.sandbox.memory_mb
    for step in steps:
        if step.resources.memory_mb > limit:
            yield f"step {step.id!r} wants {step.resources.memory_mb} MB, the limit is {limit} MB ([sandbox] memory_mb)"
        if step.resources.gpu == "require" and step.skill_name in skills and not skills[step.skill_name].uses_gpu:
            yield (
                f"step {step.id!r} requires a GPU, and its skill {step.skill_name!r} computes on the processor; "
                "use gpu = 'prefer' or 'none'"
            )
        for host in step.resources.network:
            if host not in settings.sandbox.network:
                yield f"step {step.id!r} asks to reach {host!r}, which [sandbox] network in agents.toml does not allow"


def _budget(plan: Plan, request: Request) -> Iterator[str]:
    if request.budget_usd is not None and plan.estimate.usd > request.budget_usd:
        yield f"the plan is estimated at {plan.estimate.usd:.2f} USD, the budget is {request.budget_usd:.2f} USD"
