"""What an evaluation is of: models' files and earlier runs, found on the host, and brought to the boxes unopened."""

from __future__ import annotations

import shutil
from pathlib import Path

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evaluated import Evaluated, ModelFile
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Request, Routing
from orchestrator.core.values import sha256_file, sha256_text
from orchestrator.data.models import describe_model, is_model
from orchestrator.data.overlap import compared_columns
from orchestrator.data.readers import read_table
from orchestrator.data.split import SplitRecord
from orchestrator.journal.rundir import RunDirectory, read_model
from orchestrator.measure.evaluation import SKILL
from orchestrator.measure.road import FLAX_TABLES, TABLES

MOST_MODELS = 2


def with_models(routing: Routing, request: Request, run: RunDirectory) -> Routing:
    """The routing with what its models and runs are; its files are the data alone.

    Where no model is named, the newest run that trained on a table is meant; without one nothing is added.

    Raises:
        BadInput: a model, a run or a file with training rows cannot be used, or there are too many models.
        NotAvailable: a format of models that nothing here can run.
    """
    params = dict(routing.params)
    files = tuple(name for name in routing.files if not is_model(name) and name != params.get("trained_on"))
    trained_on = request.trained_on or str(params.get("trained_on", ""))
    found = [describe_model(name) for name in _names(params, "models")]
    runs = [_find(run, name) for name in _names(params, "runs")]
    assumed = not found and not runs
    if assumed and (newest := _newest(run)) is not None:
        runs = [newest]
    found = [*found, *(described_run(one) for one in runs)]
    if len(found) > MOST_MODELS:
        named = ", ".join(model.name for model in found)
        raise BadInput(f"{len(found)} models are named ({named}); two can be compared", remedy="Name two of them.")
    if not found:
        return routing.model_copy(update={"files": files})
    own_rows = not files and found[0].kind == "run"
    other = found[1] if len(found) > 1 else None
    evaluated = Evaluated(subject=found[0], other=other, own_rows=own_rows, assumed=assumed)
    if trained_on:
        path = Path(trained_on).expanduser()
        read_table(path)
        evaluated = evaluated.model_copy(update={"trained_on": str(path), "trained_on_sha256": sha256_file(path)})
    if runs:
        params = _of_run(runs[0], params)
    params["evaluated"] = evaluated.model_dump(mode="json")
    return routing.model_copy(update={"files": files, "params": params})


def described_run(run: RunDirectory) -> ModelFile:
    """The model that a run delivered.

    Raises:
        BadInput: the run trained no model of a table, did not finish, or its model was altered since.
    """
    plan = read_model(run.plan, Plan) if run.plan.is_file() else None
    step = _trained(run, plan) if plan is not None and plan.data is not None else None
    if plan is None or step is None or plan.data is None:
        raise BadInput(
            f"run {run.run_id} delivered no model that predicts a column",
            remedy="name a run that trained on a table: `mlexpert show RUN` tells what a run did",
        )
    outcome = read_model(run.step(step.id) / "result.json", Outcome)
    kept = [one for one in outcome.artifacts if one.kind == "model"]
    for artifact in kept:
        path = run.path / artifact.path
        if not path.is_file() or sha256_file(path) != artifact.sha256:
            raise BadInput(
                f"the model of run {run.run_id} is not what the run wrote: {artifact.path!r} is missing or was altered",
                remedy="train it again, or name another run",
            )
    return ModelFile(
        name=f"run {run.run_id}",
        kind="run",
        path=str(run.out(step.id) / "model"),
        sha256=sha256_text("\n".join(f"{one.path} {one.sha256}" for one in kept)),
        bytes=sum(one.bytes for one in kept),
        skill=step.skill_name,
        run=run.run_id,
        trained_rows=read_model(run.split, SplitRecord).train if plan.data.arrays is None else "",
    )


def own_split(evaluated: Evaluated, run: RunDirectory) -> SplitRecord:
    """The split of the run whose model is evaluated on its own sealed rows, its files for the boxes copied here.

    Raises:
        BadInput: a file of that split is missing or was altered.
    """
    record = read_model(RunDirectory(run.runs_dir, evaluated.subject.run).split, SplitRecord)
    named = ((record.train, record.train_sha256), (record.test_inputs, record.test_inputs_sha256),
             (record.labels, record.labels_sha256))  # fmt: skip
    for name, sha256 in named:
        if not Path(name).is_file() or sha256_file(Path(name)) != sha256:
            raise BadInput(
                f"the rows of run {evaluated.subject.run} are not what it sealed: {name!r} is missing or was altered",
                remedy="name a file of new rows with --data, or train again",
            )
    run.data.mkdir(parents=True, exist_ok=True)
    run.data.chmod(0o755)
    copies = {key: run.data / Path(getattr(record, key)).name for key in ("train", "test_inputs")}
    for key, copy in copies.items():
        shutil.copyfile(getattr(record, key), copy)
        copy.chmod(0o644)
    return record.model_copy(update={key: str(copy) for key, copy in copies.items()})


def keep_models(evaluated: Evaluated, run: RunDirectory) -> None:
    """Copy the user's model files into the run, so that what was planned is what is measured; they are not opened.

    Raises:
        BadInput: a file has changed since the plan, or is gone.
    """
    for name, model in evaluated.models.items():
        if model.kind == "run":
            continue
        source, copy = Path(model.path), _copy(run, name, model)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.copyfile(source, copy)
            copy.chmod(0o644)
        if not copy.is_file() or sha256_file(copy) != model.sha256:
            raise BadInput(f"the model {model.name!r} has changed since the plan was made", remedy="plan again")


def model_inputs(plan: Plan, step: Step, run: RunDirectory) -> dict[str, Path]:
    """The user's model files as a step's inputs; none for steps that evaluate nothing."""
    if plan.evaluated is None or step.skill_name != SKILL:
        return {}
    return {name: _copy(run, name, m) for name, m in plan.evaluated.models.items() if m.kind != "run"}


def check_trained_on(plan: Plan) -> None:
    """Before anything is spent: the training rows that the user names can be compared with the rows to evaluate on.

    Raises:
        BadInput: they lack the target or share no column.
    """
    told = plan.evaluated
    if told is None or not told.trained_on or plan.data is None or told.own_rows:
        return
    trained = read_table(Path(told.trained_on)).frame
    compared_columns(trained, read_table(Path(plan.data.file).expanduser()).frame, plan.data, told.trained_on)


def _copy(run: RunDirectory, name: str, model: ModelFile) -> Path:
    return run.path / "models" / f"{name}{Path(model.path).suffix.lower()}"


def _find(own: RunDirectory, name: str) -> RunDirectory:
    """An earlier run; the newest that trained on a table for `last`."""
    if name not in ("last", "latest"):
        return RunDirectory.find(own.runs_dir, name)
    if (found := _newest(own)) is not None:
        return found
    raise BadInput(
        f"no run in {str(own.runs_dir)!r} trained a model on a table", remedy="train one, or give --runs-dir"
    )


def _newest(own: RunDirectory) -> RunDirectory | None:
    """The newest run beside this one that trained on a table."""
    for path in sorted(own.runs_dir.glob("*/split.json"), reverse=True):
        run = RunDirectory(own.runs_dir, path.parent.name)
        if run.run_id != own.run_id and run.plan.is_file() and _trained(run, read_model(run.plan, Plan)) is not None:
            return run
    return None


def _trained(run: RunDirectory, plan: Plan) -> Step | None:
    """The step whose model the run was about, as the judge takes it."""
    for kinds in (FLAX_TABLES, TABLES):
        for step in reversed(plan.steps):
            kind = (step.skill_name, str(step.spec.get("mode", "")))
            if (
                kind in kinds
                and (run.out(step.id) / "model").is_dir()
                and (run.step(step.id) / "result.json").is_file()
            ):
                return step
    return None


def _of_run(run: RunDirectory, params: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The params with the run's own strategy, and its target, task and metric where the request names none."""
    data = read_model(run.plan, Plan).data
    assert data is not None, "described_run has seen it"
    usual: dict[str, JsonValue] = {"target": data.target, "metric": data.metric}
    if data.task != "regression":
        usual["task"] = "classification"
    return {**usual, **params, "strategy": data.model_dump(mode="json")}


def _names(params: dict[str, JsonValue], key: str) -> list[str]:
    value = params.get(key)
    return [str(item) for item in value] if isinstance(value, list) else []
