"""What a deployment is of: a user's file or an earlier run's model, and what a request to its service will hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from pydantic import JsonValue

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.boxes.workshop import Workshop
from orchestrator.config.builtin import builtin_root
from orchestrator.config.skills import Skill
from orchestrator.core.errors import BadInput
from orchestrator.core.evaluated import Evaluated, ModelFile
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Route, Routing
from orchestrator.core.values import sha256_file, sha256_text
from orchestrator.data.fields import fields_of
from orchestrator.data.models import describe_model, is_model
from orchestrator.data.readers import read_table
from orchestrator.data.split import SplitRecord
from orchestrator.journal.rundir import RunDirectory, read_model
from orchestrator.measure.road import FLAX_TABLES, NETWORKS, TABLES
from orchestrator.nodes.context import Context
from sandbox.images.environments import environment_for

SKILL = "deploy"
SERVED = (FLAX_TABLES, TABLES, NETWORKS)
MOST_TOLD = 12  # sentences of a run's answer on the model's card
Params = dict[str, JsonValue]


def with_service(routing: Routing, run: RunDirectory) -> Routing:
    """The routing with the model that is to be served and the form of its requests.

    Where no model is named, the newest run that trained one is meant; without one nothing is added.

    Raises:
        BadInput: a model, a run, a module or a file with rows cannot be used, or several models are named.
        NotAvailable: a format of models that nothing here can run.
    """
    params = dict(routing.params)
    named, runs = _names(params, "models"), [_find(run, name) for name in _names(params, "runs")]
    if len(named) + len(runs) > 1:
        raise BadInput(f"{len(named) + len(runs)} models are named; a service has one", remedy="Deploy one at a time.")
    if named:
        return _of_file(routing, params, named[0])
    found = runs[0] if runs else _newest(run)
    return routing if found is None else _of_run(routing, params, found, assumed=not runs)


def subject_model(plan: Plan, step: Step, skills: Mapping[str, Skill]) -> dict[str, ModelFiles]:
    """The model of an earlier run that a step serves, with the skill that made it."""
    if plan.evaluated is None or step.skill_name != SKILL or plan.evaluated.subject.kind != "run":
        return {}
    skill = skills[plan.evaluated.subject.skill]
    code = Code(name=skill.name, folder=skill.folder, trust=skill.trust)
    return {"subject": ModelFiles(skill=code, folder=Path(plan.evaluated.subject.path))}


async def service_inputs(context: Context, workshop: Workshop, plan: Plan, step: Step) -> dict[str, Path]:
    """The user's files, the locks, and an environment with FastAPI (built on first use); none for other steps."""
    if plan.evaluated is None or step.skill_name != SKILL:
        return {}
    locks = builtin_root() / "locks"
    files = context.run.path / "models"
    given = {"subject": plan.evaluated.subject, "module": plan.evaluated.other}
    inputs = {
        name: files / f"{'other' if name == 'module' else name}{Path(model.path).suffix.lower()}"
        for name, model in given.items()
        if model is not None and model.kind != "run"
    }

    def progress(line: str) -> None:
        context.journal.tell("note", step.id, text=line)

    packages = await environment_for(
        locks / "service.txt",
        workshop.sandbox.name,
        progress,
        image=context.settings.sandbox.image,
    )
    return {**inputs, "lock": locks / "box.txt", "service_lock": locks / "service.txt", "packages": packages}


def _of_file(routing: Routing, params: Params, name: str) -> Routing:
    subject = describe_model(name)
    module = _module(str(params["module"])) if "module" in params else None
    tables = [file for file in routing.files if not is_model(file) and file != params.get("module")]
    evaluated = Evaluated(subject=subject, other=module)
    service: Params = {}
    if tables:
        path = Path(tables[0]).expanduser()
        frame = read_table(path).frame
        target = str(params.get("target", ""))
        if target and target not in frame.columns:
            known = ", ".join(map(repr, map(str, frame.columns)))
            raise BadInput(f"{tables[0]!r} has no column {target!r}", remedy=f"Its columns are {known}.")
        columns = [str(column) for column in frame.columns if str(column) != target]
        service |= {"columns": fields_of(frame, columns), "form": "rows"}
        service |= {"target": target} if target else {}
        evaluated = evaluated.model_copy(
            update={"trained_on": str(path.resolve()), "trained_on_sha256": sha256_file(path)}
        )
    told: Params = {"evaluated": evaluated.model_dump(mode="json"), "service": service}
    return routing.model_copy(update={"params": {**params, **told}, "files": tuple(tables)})


def _module(name: str) -> ModelFile:
    """The Python file of a state dict's class: code, which travels with the model."""
    path = Path(name).expanduser()
    if not path.is_file():
        raise BadInput(f"no module {name!r}", remedy="name the Python file that defines the model's class")
    size = path.stat().st_size
    return ModelFile(name=path.name, kind="torch", path=str(path.resolve()), sha256=sha256_file(path), bytes=size)


def _of_run(routing: Routing, params: Params, found: RunDirectory, *, assumed: bool) -> Routing:
    plan = read_model(found.plan, Plan) if found.plan.is_file() else None
    step = _trained(found, plan) if plan is not None else None
    if plan is None or step is None:
        raise BadInput(
            f"run {found.run_id} delivered no model that can be served",
            remedy="name a run that trained one: `mlexpert show RUN` tells what a run did",
        )
    subject = _delivered(found, step)
    table = plan.data is not None
    evaluated = Evaluated(subject=subject, own_rows=table, assumed=assumed)
    told: Params = {
        "evaluated": evaluated.model_dump(mode="json"),
        "service": _form(found, plan) | {"card": _card(found)},
    }
    if plan.data is not None:
        told["strategy"] = plan.data.model_dump(mode="json")
    return routing.model_copy(update={"params": {**params, **told}, "files": ()})


def _form(found: RunDirectory, plan: Plan) -> Params:
    """What a request to the service of a run's model holds."""
    data = plan.data
    if data is None:
        axes = (plan.problem or {}).get("coordinates")
        columns = [
            {
                "name": str(axis["name"]),
                "type": "number",
                "optional": False,
                "low": axis["low"],
                "high": axis["high"],
                "example": None,
            }
            for axis in (axes if isinstance(axes, list) else [])
            if isinstance(axis, dict)
        ]
        return {"form": "points", "columns": list[JsonValue](columns), "task": "regression"}
    told: Params = {"target": data.target, "task": "regression" if data.task == "regression" else "classification"}
    if data.arrays is not None:
        return {**told, "form": "array", "shape": list(data.arrays.shape), "dtype": data.arrays.dtype}
    record = read_model(found.split, SplitRecord)
    frame = pd.concat([pd.read_parquet(path) for path in (record.train, record.test_inputs)], ignore_index=True)
    return {**told, "form": "rows", "columns": fields_of(frame, data.features)}


def _card(found: RunDirectory) -> list[JsonValue]:
    """What the run's answer says, with its numbers, and whether it was validated."""
    if not found.answer.is_file():
        return []
    told = json.loads(found.answer.read_text(encoding="utf-8"))
    claims = [{key: claim.get(key) for key in ("text", "value", "unit")} for claim in told.get("claims", [])]
    return [{"text": f"Run {found.run_id}", "value": str(told.get("status", "")), "unit": ""}, *claims[:MOST_TOLD]]


def _delivered(found: RunDirectory, step: Step) -> ModelFile:
    outcome = read_model(found.step(step.id) / "result.json", Outcome)
    kept = [one for one in outcome.artifacts if one.kind == "model"]
    for artifact in kept:
        path = found.path / artifact.path
        if not path.is_file() or sha256_file(path) != artifact.sha256:
            raise BadInput(
                f"the model of run {found.run_id} is not what it wrote: {artifact.path!r} is missing or was altered",
                remedy="train it again, or name another run",
            )
    return ModelFile(
        name=f"run {found.run_id}",
        kind="run",
        path=str(found.out(step.id) / "model"),
        sha256=sha256_text("\n".join(f"{one.path} {one.sha256}" for one in kept)),
        bytes=sum(one.bytes for one in kept),
        skill=step.skill_name,
        run=found.run_id,
    )


def _find(own: RunDirectory, name: str) -> RunDirectory:
    if name not in ("last", "latest"):
        return RunDirectory.find(own.runs_dir, name)
    if (found := _newest(own)) is not None:
        return found
    raise BadInput(f"no run in {str(own.runs_dir)!r} trained a model", remedy="train one, or give --runs-dir")


def _newest(own: RunDirectory) -> RunDirectory | None:
    """The newest run beside this one that trained a model."""
    for path in sorted(own.runs_dir.glob("*/plan.json"), reverse=True):
        run = RunDirectory(own.runs_dir, path.parent.name)
        if run.run_id != own.run_id and _trained(run, read_model(run.plan, Plan)) is not None:
            return run
    return None


def _trained(run: RunDirectory, plan: Plan) -> Step | None:
    """The step whose model the run was about, as the judge takes it."""
    if plan.route in (Route.EVALUATE, Route.DEPLOY):
        return None
    for kinds in SERVED:
        for step in reversed(plan.steps):
            kind = (step.skill_name, str(step.spec.get("mode", "")))
            delivered = (run.out(step.id) / "model").is_dir() and (run.step(step.id) / "result.json").is_file()
            if kind in kinds and delivered:
                return step
    return None


def _names(params: Params, key: str) -> list[str]:
    value = params.get(key)
    return [str(item) for item in value] if isinstance(value, list) else []
