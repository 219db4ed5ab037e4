"""A model that was there before: what it was trained on, which rows it meets again, and whose code opening it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.core.errors import BadInput
from orchestrator.core.evaluated import Evaluated, ModelFile, ModelKind
from orchestrator.core.evidence import Evidence
from orchestrator.core.outcome import Artifact, Outcome
from orchestrator.core.plan import DataStrategy, Plan, SplitPlan, Step
from orchestrator.core.request import Route
from orchestrator.core.values import sha256_file
from orchestrator.data.split import split_table
from orchestrator.journal.journal import Journal, read_events
from orchestrator.journal.rundir import RunDirectory, write_json
from orchestrator.measure.bench import Bench, Score, Scorer
from orchestrator.measure.evaluation import judged, measure_evaluation
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.subjects import Subject
from orchestrator.nodes.evaluated import described_run, keep_models, own_split
from skills.runtime.scoring.repeat import SCORERS as REPEATED
from skills.runtime.scoring.tables import SCORERS as OF_TABLES

SCORERS = {**OF_TABLES, **REPEATED}
CODE = Code(name="evaluate", folder=Path(), trust="builtin")


class World(SimpleNamespace):
    """A file of rows, of which half are sealed, and the runs beside each other."""

    run: RunDirectory
    rows: pd.DataFrame
    data: DataStrategy
    split: Any
    folder: Path


@pytest.fixture
def world(tmp_path: Path) -> World:
    draw = np.random.default_rng(3)
    rows = pd.DataFrame(draw.normal(size=(160, 2)), columns=["a", "b"])
    rows["y"] = np.where(rows["a"] + 0.3 * draw.normal(size=160) > 0, "up", "down")
    rows.to_csv(tmp_path / "t.csv", index=False)
    run = RunDirectory.create(tmp_path / "runs")
    data = DataStrategy(
        file=str(tmp_path / "t.csv"), sha256="", target="y", task="binary", metric="roc_auc", features=("a", "b"),
        split=SplitPlan(kind="stratified", test_fraction=0.5),
    )  # fmt: skip
    split = split_table(tmp_path / "t.csv", data, seed=0, destination=run.data, sealed=run.sealed)
    return World(run=run, rows=rows, data=data, split=split, folder=tmp_path)


class OpenBench:
    """Stands where boxes would: every variant predicts by the column `a`; our scorers run in this process."""

    def __init__(self, run: RunDirectory, restless: bool) -> None:
        self.run, self.seed, self.restless = run, 0, restless

    async def predict(
        self, label: str, model: Any, inputs: Mapping[str, Path], variants: Sequence[str], *_: Any
    ) -> tuple[Path, str]:
        folder = self.run.measured / label
        folder.mkdir(parents=True)
        rows = pd.read_parquet(inputs["rows"])
        shift = 0.1 if self.restless and label.endswith("repeat") else 0.0
        positive = 1 / (1 + np.exp(-rows["a"].to_numpy() - shift))
        outputs = np.stack([1 - positive, positive], axis=1)
        for place, name in enumerate(variants):
            path = folder / ("predictions.npz" if place == 0 else f"predictions-{name}.npz")
            np.savez(path, row_ids=rows["row_id"], outputs=outputs, output_names=np.array(["down", "up"]))
        return folder, ""

    async def score(self, label: str, scorers: Sequence[Scorer], files: Mapping[str, Path]) -> tuple[Score, ...]:
        known = [one for one in scorers if one.name in SCORERS]
        done = [SCORERS[s.name]({k: files[v] for k, v in s.inputs.items()}, s.params) for s in known]
        return tuple(Score.model_validate(score.as_json()) for scored in done for score in scored.scores)


def file_of(kind: ModelKind = "pickle", **more: Any) -> ModelFile:
    return ModelFile(name="m.joblib", kind=kind, path="/m.joblib", sha256="1" * 64, bytes=1, **more)


async def measured(world: World, evaluated: Evaluated, restless: bool = False) -> dict[tuple[str, str], Evidence]:
    step = Step(id="evaluate", worker="evaluate", kind="skill", spec={})
    plan = Plan(route=Route.EVALUATE, planner="rules", thoughts=(), steps=(step,), data=world.data, evaluated=evaluated)
    book = EvidenceBook(world.run, "", "", 0)
    outcome = Outcome(step="evaluate", status="done", spec_sha256="")
    subject = Subject(step=step, outcome=outcome, model=ModelFiles(skill=CODE, folder=world.folder))
    journal = Journal(world.run.journal, world.run.run_id)
    try:
        bench = cast(Bench, OpenBench(world.run, restless))
        await measure_evaluation(bench, book, subject, plan, world.split, {}, journal)
    finally:
        journal.close()
    return {(entry.name, entry.subject): entry for entry in book.entries}


async def test_without_training_rows_nobody_knows_whether_the_model_has_met_these(world: World) -> None:
    found = await measured(world, Evaluated(subject=file_of()))
    assert found["leaks", "split"].value is None and "was not seen" in found["leaks", "split"].text
    metric = found["roc_auc", "delivered"].value
    assert metric is not None and metric > 0.8, "the metrics are told nevertheless"


@pytest.mark.parametrize(("met", "leaks"), [(True, 1.0), (False, 0.0)])
async def test_the_file_that_it_was_trained_on_tells(world: World, met: bool, leaks: float) -> None:
    other = pd.DataFrame(np.random.default_rng(9).normal(size=(160, 2)), columns=["a", "b"]).assign(y=world.rows["y"])
    (world.rows if met else other).to_csv(world.folder / "old.csv", index=False)
    found = await measured(world, Evaluated(subject=file_of(), trained_on=str(world.folder / "old.csv")))
    assert found["leaks", "split"].value == leaks
    assert found["leak.duplicates", "split"].value == (1.0 if met else 0.0)
    assert "old.csv" in found["leaks", "split"].text


@pytest.mark.parametrize(("sealed", "leaks"), [(True, 1.0), (False, 0.0)])
async def test_the_rows_that_a_run_kept_tell_without_a_word_of_the_user(
    world: World, sealed: bool, leaks: float
) -> None:
    kept = world.folder / "kept.parquet"
    every = world.rows.assign(row_id=range(len(world.rows)))
    unsealed = pd.read_parquet(world.split.train)
    (every if sealed else unsealed).to_parquet(kept)
    found = await measured(world, Evaluated(subject=file_of("run", run="R", trained_rows=str(kept))))
    assert found["leaks", "split"].value == leaks


async def test_every_further_look_at_sealed_rows_is_counted_in_both_journals(world: World) -> None:
    theirs = RunDirectory.create(world.run.runs_dir)
    subject = file_of("run", run=theirs.run_id, trained_rows=world.split.train)
    for count in (2.0, 3.0):
        found = await measured(world, Evaluated(subject=subject, own_rows=True))
        assert found["accesses", "split"].value == count and "flatter" in found["accesses", "split"].text
        world.run = RunDirectory.create(world.run.runs_dir)
    looks = [event for event in read_events(theirs.journal) if event.event == "labels.read"]
    assert [event.data["access"] for event in looks] == [2, 3]


@pytest.mark.parametrize("restless", [False, True])
async def test_a_model_that_draws_when_it_predicts_is_found_out(world: World, restless: bool) -> None:
    repeat = (await measured(world, Evaluated(subject=file_of()), restless))["prediction_repeat", ""].value
    assert repeat is not None and (repeat > 0) is restless


@pytest.mark.parametrize(("kind", "trust"), [("pickle", "user"), ("xgboost", "builtin"), ("run", "builtin")])
def test_opening_a_pickle_is_the_users_own_code(world: World, kind: ModelKind, trust: str) -> None:
    evaluated = Evaluated(subject=file_of(kind))
    plan = Plan(route=Route.EVALUATE, planner="rules", thoughts=(), steps=(), data=world.data, evaluated=evaluated)
    assert judged(CODE, plan).trust == trust


def test_a_model_file_that_changed_since_the_plan_is_not_taken(world: World) -> None:
    path = world.folder / "m.joblib"
    path.write_bytes(b"model")
    model = file_of().model_copy(update={"path": str(path), "sha256": sha256_file(path)})
    keep_models(Evaluated(subject=model), world.run)
    path.write_bytes(b"other")
    with pytest.raises(BadInput, match="has changed since the plan"):
        keep_models(Evaluated(subject=model), world.run)


def finished(world: World) -> RunDirectory:
    """A run that trained on the table, with its model and its split."""
    run, step = world.run, Step(id="train", worker="tabular", kind="skill")
    plan = Plan(route=Route.TABULAR, planner="rules", thoughts=(), steps=(step,), data=world.data)
    model = run.out("train") / "model" / "model.json"
    model.parent.mkdir(parents=True)
    model.write_text("{}")
    path = str(model.relative_to(run.path))
    artifact = Artifact(path=path, kind="model", step="train", sha256=sha256_file(model), bytes=2)
    write_json(run.plan, plan)
    write_json(run.split, world.split)
    outcome = Outcome(step="train", status="done", spec_sha256="", artifacts=(artifact,))
    write_json(run.step("train") / "result.json", outcome)
    return run


def test_a_run_whose_model_was_altered_is_not_evaluated(world: World) -> None:
    run = finished(world)
    assert described_run(run).trained_rows == world.split.train
    (run.out("train") / "model" / "model.json").write_text('{"better": true}')
    with pytest.raises(BadInput, match="is not what the run wrote"):
        described_run(run)


@pytest.mark.parametrize("name", ["labels", "train", "test_inputs"])
def test_rows_of_a_run_that_were_altered_are_not_read_again(world: World, name: str) -> None:
    run = finished(world)
    again = RunDirectory.create(run.runs_dir)
    evaluated = Evaluated(subject=file_of("run", run=run.run_id), own_rows=True)
    assert own_split(evaluated, again).labels == world.split.labels
    Path(getattr(world.split, name)).write_bytes(b"altered")
    with pytest.raises(BadInput, match="missing or was altered"):
        own_split(evaluated, again)
