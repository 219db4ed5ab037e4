"""work: one step in one box. Failure is returned as data, so that siblings live on."""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path

from langgraph.runtime import Runtime
from pydantic import JsonValue

from orchestrator.boxes.job import Code, Job, JobResult, ModelFiles, Unfinished
from orchestrator.boxes.workshop import Workshop
from orchestrator.config.skills import Skill
from orchestrator.core.errors import BoxFailed, Untrusted
from orchestrator.core.outcome import Artifact, Outcome
from orchestrator.core.plan import LEAD, Plan, Step
from orchestrator.core.schedule import Outcomes, find_step, last_step_of, settled
from orchestrator.core.values import canonical_json, sha256_file, sha256_text, sha256_tree
from orchestrator.data.observations import FILE
from orchestrator.journal.rundir import read_model, write_json
from orchestrator.measure.evaluation import judged, run_models
from orchestrator.nodes.attempts import set_aside
from orchestrator.nodes.context import Context
from orchestrator.nodes.deployed import service_inputs, subject_model
from orchestrator.nodes.evaluated import model_inputs
from orchestrator.nodes.reasons import why_it_failed
from orchestrator.nodes.state import State, WorkItem
from orchestrator.nodes.trials import Trials

BOX_ATTEMPTS = 2  # a box that breaks is tried once more; a command that fails is not
OFTEN_S = 1.0  # no checkpoint is copied more often, since its box stands still meanwhile
LEDGERS = ("claims.json", "artifacts.json", "error.json")  # the runtime's own notes, parsed already


async def work(state: WorkItem, runtime: Runtime[Context]) -> State:
    """Run the step, or take its result over if exactly this work was finished before.

    A sandbox that was asked for and does not work here raises: no step can run then.
    """
    context = runtime.context
    outcomes = context.read_outcomes(state["outcomes"])
    plan = settled(read_model(context.verified(state["plan"]), Plan), outcomes)
    step = find_step(plan, state["step"])
    workshop = await context.open_workshop()
    fingerprint = fingerprint_of(context, workshop, plan, step, state)
    result = context.run.step(step.id) / "result.json"
    if _finished_before(context, result, fingerprint):
        context.journal.tell("step.reused", step.id, reason="the same work was finished before")
        return {"outcomes": {step.id: context.reference(result)}}
    _keep_old_attempt(context, step.id)
    attempt = runtime.execution_info.node_attempt if runtime.execution_info else BOX_ATTEMPTS
    if step.search is not None:
        outcome = await _search(context, workshop, plan, step, outcomes, fingerprint)
    else:
        job = job_of(context, plan, step, outcomes, fingerprint)
        job = job.model_copy(update={"inputs": {**job.inputs, **await service_inputs(context, workshop, plan, step)}})
        outcome = await _run(context, workshop, step, job, fingerprint, last_try=attempt >= BOX_ATTEMPTS)
    write_json(result, outcome)  # before it is told: a kill in between would repeat a step that was called finished
    if outcome.status == "done":
        _forget(context.run.unfinished(step.id))
    context.journal.tell(
        "step.finished",
        step.id,
        status=outcome.status,
        reason=outcome.reason,
        wall_s=outcome.usage.wall_s,
        cpu_s=outcome.usage.cpu_s,
    )
    return {"outcomes": {step.id: context.reference(result)}}


async def _search(
    context: Context, workshop: Workshop, plan: Plan, step: Step, outcomes: Outcomes, fingerprint: str
) -> Outcome:
    """The trials of a search, each a box job of its body step."""
    context.journal.tell("step.started", step.id, worker=step.worker, skill=step.body[0].skill_name)

    def job(trial: Step) -> Job:
        return job_of(context, plan, trial, outcomes, fingerprint)

    made = await Trials(context, workshop, step, fingerprint, job, BOX_ATTEMPTS).run()
    isolated = workshop.sandbox.isolation != "none"
    return made.model_copy(update={"sandbox": workshop.sandbox.name, "isolated": isolated})


async def _run(
    context: Context, workshop: Workshop, step: Step, job: Job, fingerprint: str, *, last_try: bool
) -> Outcome:
    started = time.time()
    write_json(context.run.step(step.id) / "spec.json", step.spec)
    context.journal.tell("step.started", step.id, worker=step.worker, skill=step.skill_name)
    try:
        done = await workshop.do(job)
        made = _outcome(context, step, done, fingerprint, started)
    except BoxFailed as error:
        if not last_try:
            raise
        made = _broken(step, fingerprint, f"the box failed: {error.message}", error.remedy, started)
    except Untrusted as error:
        made = _broken(step, fingerprint, error.message, error.remedy, started, user_error=True)
    isolated = workshop.sandbox.isolation != "none"
    return made.model_copy(update={"sandbox": workshop.sandbox.name, "isolated": isolated})


def job_of(context: Context, plan: Plan, step: Step, outcomes: Outcomes, fingerprint: str) -> Job:
    """The box job of a step: its skill, its spec, the files and models of what it needs, the training rows."""
    skill = context.skills[step.skill_name]
    inputs: dict[str, Path] = model_inputs(plan, step, context.run)
    models: dict[str, ModelFiles] = run_models(plan, step, context.skills) | subject_model(plan, step, context.skills)
    if observes(plan, step):
        inputs["observations"] = context.run.data / FILE
    for need in step.needs:
        source = last_step_of(plan, need, outcomes)
        inputs[need] = context.run.out(source)
        model = context.run.out(source) / "model"
        if model.is_dir():
            maker = context.skills[find_step(plan, source).skill_name]
            models[need] = ModelFiles(skill=code_of(maker), folder=model)
    if plan.data is not None:  # after the folders of steps, one of which may be called train
        inputs["train"] = context.run.data / "train.parquet"
    again = step.id not in {own.id for own in plan.steps}  # a round of a loop: short, and many follow each other
    return Job(
        verb="work",
        step=step.id,
        agent=step.worker if step.kind == "agent" else LEAD,
        key="" if again else fingerprint,
        warm=again,
        preload=skill.preload,
        destination=context.run.out(step.id),
        skill=judged(code_of(skill), plan),
        spec=step.spec,
        inputs=inputs,
        models=models,
        seed=context.seed,
        resources=step.resources,
        unfinished=_unfinished(context, step, fingerprint),
    )


def _unfinished(context: Context, step: Step, fingerprint: str) -> Unfinished | None:
    """A skill whose spec says how often it writes its checkpoint goes on from it; others start anew."""
    every_s = step.spec.get("checkpoint_s")
    if not isinstance(every_s, int | float):
        return None
    return Unfinished(folder=context.run.unfinished(step.id), key=fingerprint, every_s=max(every_s, OFTEN_S))


def _forget(folder: Path) -> None:
    """Away with a step's checkpoint, and with the folder of all of them where it was the last."""
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.parent.rmdir()


def observes(plan: Plan, step: Step) -> bool:
    """Whether the step is given the observations: those that look for the problem's unknown coefficients."""
    problem = step.spec.get("problem")
    sought = isinstance(problem, dict) and bool(problem.get("unknown"))
    return plan.observations is not None and sought and step.spec.get("mode", "pinn") in ("pinn", "fit")


def code_of(skill: Skill) -> Code:
    return Code(name=skill.name, folder=skill.folder, trust=skill.trust)


def fingerprint_of(context: Context, workshop: Workshop, plan: Plan, step: Step, state: WorkItem) -> str:
    """The hash of everything that decides a step's result; equal fingerprints need no second run."""
    data = context.run.data / ("train.parquet" if plan.data is not None else FILE)
    used = plan.data is not None or observes(plan, step)
    outcomes = context.read_outcomes(state["outcomes"])
    needs = {need: state["outcomes"][last_step_of(plan, need, outcomes)].sha256 for need in step.needs}
    parts: dict[str, JsonValue] = {
        "spec": step.spec,
        "skill": context.skills[step.skill_name].sha256,
        "runtime": sha256_tree(workshop.runtime),
        "environment": workshop.environment.name,
        "sandbox": workshop.sandbox.name,
        "seed": context.seed,
        "threads": step.resources.cpus,
        "needs": dict(needs),
        "data": sha256_file(data) if used and data.is_file() else "",
    }
    if step.search is not None:
        parts["search"] = step.search.model_dump(mode="json")
        parts["trial"] = step.body[0].spec
    return sha256_text(canonical_json(parts))


def _finished_before(context: Context, result: Path, fingerprint: str) -> bool:
    """Whether this very work is done and every file that it delivered is still what it was."""
    if not result.is_file():
        return False
    outcome = read_model(result, Outcome)
    if outcome.status != "done" or outcome.spec_sha256 != fingerprint:
        return False
    files = ((context.run.path / artifact.path, artifact.sha256) for artifact in outcome.artifacts)
    return all(path.is_file() and sha256_file(path) == sha256 for path, sha256 in files)


def _keep_old_attempt(context: Context, step_id: str) -> None:
    """What an earlier plan made under this id stays readable beside the new attempt."""
    if (context.run.step(step_id) / "result.json").is_file():
        set_aside(context.run, step_id)


def _outcome(context: Context, step: Step, done: JobResult, fingerprint: str, started: float) -> Outcome:
    reason, remedy = why_it_failed(step, done)
    return Outcome(
        step=step.id,
        status="failed" if reason else "done",
        spec_sha256=fingerprint,
        claims=done.claims,
        artifacts=_artifacts(context, step.id, done),
        reason=reason,
        remedy=remedy,
        user_error=done.mistake is not None,
        usage=done.usage,
        device=done.device,
        device_reason=done.device_reason,
        started_at=started,
        finished_at=time.time(),
    )


def _artifacts(context: Context, step_id: str, done: JobResult) -> tuple[Artifact, ...]:
    """The declared files (and every file of the model), hashed here by the host."""
    out = context.run.out(step_id)
    kinds = dict(done.artifacts)
    named: list[Artifact] = []
    for name in done.files:
        declared = next((kind for path, kind in kinds.items() if name == path or name.startswith(f"{path}/")), None)
        kind = declared or ("model" if name.startswith("model/") else None)
        if kind is None or name in LEDGERS:
            continue
        path = out / name
        named.append(
            Artifact.model_validate(
                {
                    "path": context.run.relative(path),
                    "kind": kind,
                    "step": step_id,
                    "sha256": sha256_file(path),
                    "bytes": path.stat().st_size,
                }
            )
        )
    return tuple(named)


def _broken(
    step: Step, fingerprint: str, reason: str, remedy: str, started: float, *, user_error: bool = False
) -> Outcome:
    return Outcome(
        step=step.id,
        status="failed",
        spec_sha256=fingerprint,
        reason=reason,
        remedy=remedy,
        user_error=user_error,
        started_at=started,
        finished_at=time.time(),
    )
