"""plan: the chain of thought and the graph of steps, every spec with its defaults filled in."""

from __future__ import annotations

import asyncio
from pathlib import Path

from langgraph.runtime import Runtime
from pydantic import TypeAdapter

from orchestrator.config.fill import fill
from orchestrator.core.errors import RunBroken, UserError
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import LEAD, Plan, Resources, Step
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Route, Routing
from orchestrator.data.arrays import holds_arrays
from orchestrator.data.arrays_profile import profile_arrays
from orchestrator.data.profile import profile_table
from orchestrator.journal.rundir import read_model, write_json, write_text
from orchestrator.nodes.context import Context
from orchestrator.nodes.deployed import with_service
from orchestrator.nodes.evaluated import check_trained_on, with_models
from orchestrator.nodes.route import ending_of
from orchestrator.nodes.state import State
from orchestrator.report.text import render_plan

_VERDICTS = TypeAdapter(tuple[Verdict, ...])


async def plan(state: State, runtime: Runtime[Context]) -> State:
    """Profile the data, ask the planner, fill the specs. After findings, a plan that did not change ends the road."""
    context = runtime.context
    routing = context.load_routing(state)
    if routing is None:
        raise RunBroken("the run has no route yet", remedy="start the request anew with `mlexpert run`")
    findings = _findings(context, state)
    try:
        if routing.route is Route.EVALUATE:
            routing = await asyncio.to_thread(with_models, routing, context.request, context.run)
        if routing.route is Route.DEPLOY:
            routing = await asyncio.to_thread(with_service, routing, context.run)
        profile = await _profile(context, routing)
        made = await context.planner.plan(context.request, routing, profile, findings)
        await asyncio.to_thread(check_trained_on, made)
    except UserError as error:
        return {"goto": "answer"} if findings else {"goto": "answer", "ending": ending_of(error)}
    made = made.model_copy(update={"steps": tuple(_filled(context, step) for step in made.steps)})
    before = context.load_plan(state) if state.get("plan") else None
    if before is not None and _same_work(before, made):
        context.journal.tell("note", text="the planner has no other plan for these findings")
        return {"goto": "answer"}
    attempt = state.get("repairs", 0) + state.get("replans", 0) + 1
    _set_aside_earlier(context, attempt)
    # The state names the numbered file, which no later plan overwrites; plan.json is a copy for readers.
    numbered = context.run.plan.with_name(f"plan-{attempt}.json")
    write_json(numbered, made)
    write_json(context.run.plan, made)
    write_text(context.run.plan_text, render_plan(made))
    context.journal.tell(
        "plan.made",
        planner=made.planner,
        steps=[step.id for step in made.steps],
        delegates=list(made.delegates),
        estimate=made.estimate.model_dump(mode="json"),
        attempt=attempt,
    )
    reference = context.reference(numbered)
    return {"goto": "check", "plan": reference, "outcomes": None, "findings": None, "ending": None}


def _set_aside_earlier(context: Context, attempt: int) -> None:
    """What was measured on an earlier plan is kept, but is not evidence for this one."""
    earlier = context.run.path / "earlier" / str(attempt - 1)
    for path in (context.run.evidence, context.run.verdicts, context.run.measured):
        if path.exists() and attempt > 1:
            earlier.mkdir(parents=True, exist_ok=True)
            path.rename(earlier / path.name)


async def _profile(context: Context, routing: Routing) -> DataProfile | None:
    """The profile of the first file of a request that learns from a table or from arrays; read once a run."""
    reads = routing.route in (Route.TABULAR, Route.DEEP, Route.SWEEP, Route.EVALUATE)
    learns = reads or (routing.route is Route.JAX and "target" in routing.params)
    if not learns or not routing.files:
        return None
    if context.run.profile.is_file():
        return read_model(context.run.profile, DataProfile)
    made = await asyncio.to_thread(_described, Path(routing.files[0]).expanduser(), routing)
    write_json(context.run.profile, made)
    return made


def _described(path: Path, routing: Routing) -> DataProfile:
    """Arrays are what looks like them, and on the route of deep networks every NPZ file and every folder."""
    always = routing.route in (Route.DEEP, Route.SWEEP) and (path.is_dir() or path.suffix.lower() == ".npz")
    if routing.route in (Route.JAX, Route.EVALUATE) or not (always or holds_arrays(path)):
        return profile_table(path)
    size = routing.params.get("image_size")
    height, width = (int(str(side)) for side in size) if isinstance(size, list) else (0, 0)
    return profile_arrays(path, resize=(height, width) if height and width else None)


def _findings(context: Context, state: State) -> tuple[Verdict, ...]:
    reference = state.get("findings")
    return _VERDICTS.validate_json(context.verified(reference).read_bytes()) if reference else ()


def _filled(context: Context, step: Step) -> Step:
    """The step with its skill's defaults in its spec and its agent's resources where the planner names none.

    A spec that does not fit is left for the gate to tell.
    """
    body = tuple(_filled(context, inner) for inner in step.body)
    skill = context.skills.get(step.skill_name)
    if step.kind == "loop" or skill is None:
        return step.model_copy(update={"body": body})
    resources = _resources(context, step)
    return step.model_copy(update={"spec": fill(skill, step.spec).spec, "body": body, "resources": resources})


def _resources(context: Context, step: Step) -> Resources:
    """What agents.toml gives the step's agent (a skill step is the lead's own), under what the planner asked for."""
    agent = context.agents.get(step.worker if step.kind == "agent" else LEAD)
    if agent is None:
        return step.resources
    asked = {name: getattr(step.resources, name) for name in step.resources.model_fields_set}
    return agent.resources.model_copy(update=asked)


def _same_work(old: Plan, new: Plan) -> bool:
    return old.steps == new.steps and old.data == new.data
