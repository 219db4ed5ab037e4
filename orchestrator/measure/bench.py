"""The measuring bench: predict in a fresh box without labels, score in a second one without models."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue

from orchestrator.boxes.job import Code, Job, JobResult, ModelFiles
from orchestrator.boxes.workshop import Workshop
from orchestrator.core.errors import BoxFailed, RunBroken
from orchestrator.core.plan import Resources
from orchestrator.core.values import Value, sha256_tree
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.edge import prediction_file
from orchestrator.measure.points import Probes, read_probes
from orchestrator.measure.secret import attempt_of, judge_key, judge_seed

SCORING = Resources(cpus=1, memory_mb=2048, disk_mb=256, timeout_s=900.0)
Floats = NDArray[np.float64]
Found = TypeVar("Found")


class Scorer(Value):
    """One entry of the scoring job: a name of the closed registry, input names, parameters."""

    name: str
    inputs: dict[str, str]
    params: dict[str, JsonValue] = Field(default_factory=dict)


class Score(Value):
    """What a scorer measured; `value` is None where it could not, and `text` says why."""

    name: str
    value: float | None
    unit: str = ""
    low: float | None = None
    high: float | None = None
    n: int = 0
    subject: str = ""
    bound: float | None = None
    text: str = ""


class Bench:
    """Measures for one run. Files land in `measured/<set>/…` of the run directory."""

    def __init__(self, workshop: Workshop, run: RunDirectory, seed: int) -> None:
        self.workshop = workshop
        self.run = run
        self.seed = seed
        self.code_sha256 = sha256_tree(workshop.runtime)

    async def draw(self, problem: dict[str, JsonValue], held_out: Path | None) -> Probes:
        """The judge's points for a problem, from a box that holds the runtime alone.

        `held_out` are the coordinates of observations.

        Raises:
            RunBroken: the drawing code failed; without points nothing can be said of the run.
        """
        folder = self.run.measured / "probes"
        job = Job(
            verb="draw",
            step="measure.probes",
            agent="judge.draw",
            destination=folder,
            spec={"problem": problem},
            inputs={} if held_out is None else {"observations": held_out},
            seed=self.draw_seed("points"),
            resources=SCORING,
        )
        result = await self.workshop.do(job)
        if not result.done:
            raise RunBroken(
                f"the judge's points could not be drawn: {_why(result)}",
                remedy="run it again; `mlexpert doctor` may help",
            )
        return read_probes(folder)

    async def predict(
        self, label: str, model: ModelFiles, inputs: Mapping[str, Path], variants: Sequence[str], resources: Resources,
        beside: Mapping[str, ModelFiles] | None = None,
    ) -> tuple[Path | None, str]:  # fmt: skip
        """Predictions of a model in a fresh box, by the processor: (their folder, "") or (None, why it failed).

        `beside` are models whose skills the box needs as well.
        """
        folder = self.run.measured / label
        job = Job(
            verb="predict",
            step=f"measure.{label.replace('/', '.')}",
            agent=f"judge.predict.{model.skill.name}",
            destination=folder,
            skill=model.skill,
            inputs=dict(inputs),
            models={**{f"beside_{name}": found for name, found in (beside or {}).items()}, "subject": model},
            variants=tuple(variants),
            seed=self.seed,
            resources=resources.model_copy(update={"gpu": "none"}),
        )
        result = await self.workshop.do(job)
        if not result.done:
            return None, _why(result)
        missing = [name for name in variants if not prediction_file(folder, name, variants[0]).is_file()]
        return (None, f"nothing was predicted with {', '.join(map(repr, missing))}") if missing else (folder, "")

    async def solve(
        self, label: str, solver: Code, spec: dict[str, JsonValue], resources: Resources
    ) -> tuple[ModelFiles | None, str]:
        """A solution of the judge's own, by a skill in a fresh box: (its model, "") or (None, why it failed)."""
        folder = self.run.measured / label / "out"
        job = Job(
            verb="work",
            step=f"measure.{label.replace('/', '.')}",
            agent=f"judge.solve.{solver.name}",
            destination=folder,
            skill=solver,
            spec=spec,
            seed=self.seed,
            resources=resources,
        )
        result = await self.workshop.do(job)
        if not result.done:
            return None, _why(result)
        model = folder / "model"
        return (ModelFiles(skill=solver, folder=model), "") if model.is_dir() else (None, "it delivered no model")

    async def score(self, label: str, scorers: Sequence[Scorer], inputs: Mapping[str, Path]) -> tuple[Score, ...]:
        """Scores of files in a box that holds our scoring code alone; a file that is not there gives no value.

        Raises:
            RunBroken: the scoring code itself failed; without it nothing can be said of the run.
        """
        folder = self.run.measured / label
        there = {name: path for name, path in inputs.items() if path.is_file()}
        lost = tuple(_unmeasured(scorer, inputs, there) for scorer in scorers if not _complete(scorer, there))
        ready = tuple(scorer for scorer in scorers if _complete(scorer, there))
        if not ready:
            return lost
        job = Job(
            verb="score",
            step=f"measure.{label.replace('/', '.')}",
            agent="judge.score",
            destination=folder,
            inputs=there,
            scorers=tuple(scorer.model_dump(mode="json") for scorer in ready),
            seed=self.seed,
            resources=SCORING,
        )
        result = await self.workshop.do(job)
        scores = folder / "scores.json"
        if not result.done or not scores.is_file():
            raise RunBroken(
                f"the scoring box failed: {_why(result)}", remedy="run it again; `mlexpert doctor` may help"
            )
        found = json.loads(scores.read_text(encoding="utf-8"))["scores"]
        return (*(Score.model_validate(entry) for entry in found), *lost)

    def draw_seed(self, what: str) -> int:
        """The seed of the judge's own draws: no worker can tell it, and no two plans of a run are given the same."""
        return judge_seed(judge_key(self.run.state), what, self.seed, attempt_of(self.run))

    def higher_is_better(self, metric: str) -> bool:
        """The orientation of a metric, from the scoring registry's own table."""
        table = json.loads((self.workshop.runtime / "scoring" / "metrics.json").read_text(encoding="utf-8"))
        return bool(table[metric]["higher_is_better"])


async def together(*jobs: Coroutine[object, object, Found]) -> tuple[Found, ...]:
    """Run all at once. Where one fails, the others are cancelled and awaited before its error goes on, as itself.

    A box that failed may be tried again, so the first `BoxFailed` is raised before other errors, which are its notes.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
    except BaseExceptionGroup as failed:
        errors = _flat(failed)
        first = next((error for error in errors if isinstance(error, BoxFailed)), errors[0])
        for other in errors:
            if other is not first:
                first.add_note(f"at the same time: {type(other).__name__}: {other}")
        raise first from None
    return tuple(task.result() for task in tasks)


def _flat(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    parts = (_flat(error) if isinstance(error, BaseExceptionGroup) else [error] for error in group.exceptions)
    return [error for part in parts for error in part]


def _complete(scorer: Scorer, there: Mapping[str, Path]) -> bool:
    return there.keys() >= set(scorer.inputs.values())


def _unmeasured(scorer: Scorer, inputs: Mapping[str, Path], there: Mapping[str, Path]) -> Score:
    missing = sorted(inputs[name].name for name in set(scorer.inputs.values()) - there.keys())
    text = f"not measured: {', '.join(missing)} was not written"
    return Score(name=scorer.name, value=None, subject=str(scorer.params.get("subject", "")), text=text)


def _why(result: JobResult) -> str:
    if result.mistake is not None:
        return result.mistake.message
    lines = [line for line in result.completed.output.splitlines() if line.strip()]
    return f"{result.completed.ended}, exit code {result.completed.exit_code}: {lines[-1] if lines else 'no output'}"
