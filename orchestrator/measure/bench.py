"""The measuring bench: predict in a fresh box without labels, score in a second one without models."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, JsonValue

from orchestrator.boxes.job import Job, JobResult, ModelFiles
from orchestrator.boxes.workshop import Workshop
from orchestrator.core.errors import RunBroken
from orchestrator.core.plan import Resources
from orchestrator.core.values import Value, sha256_text, sha256_tree
from orchestrator.journal.rundir import RunDirectory

PREDICT_FILE = "predictions.npz"
SCORING = Resources(cpus=1, memory_mb=2048, disk_mb=256, timeout_s=300.0)
Floats = NDArray[np.float64]


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
    text: str = ""


class Bench:
    """Measures for one run. Files land in `measured/<set>/…` of the run directory."""

    def __init__(self, workshop: Workshop, run: RunDirectory, seed: int) -> None:
        self.workshop = workshop
        self.run = run
        self.seed = seed
        self.code_sha256 = sha256_tree(workshop.runtime)

    async def predict(
        self, label: str, model: ModelFiles, inputs: Mapping[str, Path], variants: Sequence[str], resources: Resources
    ) -> tuple[Path | None, str]:
        """Predictions of a model in a fresh box: (their folder, "") or (None, why it failed)."""
        folder = self.run.measured / label
        job = Job(
            verb="predict",
            step=f"measure.{label.replace('/', '.')}",
            destination=folder,
            skill=model.skill,
            inputs=dict(inputs),
            models={"subject": model},
            variants=tuple(variants),
            seed=self.seed,
            resources=resources,
        )
        result = await self.workshop.do(job)
        if not result.done or not (folder / PREDICT_FILE).is_file():
            return None, _why(result)
        return folder, ""

    async def score(self, label: str, scorers: Sequence[Scorer], inputs: Mapping[str, Path]) -> tuple[Score, ...]:
        """Scores of files in a box that holds our scoring code alone.

        Raises:
            RunBroken: the scoring code itself failed; without it nothing can be said of the run.
        """
        folder = self.run.measured / label
        job = Job(
            verb="score",
            step=f"measure.{label.replace('/', '.')}",
            destination=folder,
            inputs=dict(inputs),
            scorers=tuple(scorer.model_dump(mode="json") for scorer in scorers),
            seed=self.seed,
            resources=SCORING,
        )
        result = await self.workshop.do(job)
        scores = folder / "scores.json"
        if not result.done or not scores.is_file():
            raise RunBroken(
                f"the scoring box failed: {_why(result)}", remedy="run it again; `mlexpert doctor` may help"
            )
        return tuple(Score.model_validate(entry) for entry in json.loads(scores.read_text(encoding="utf-8"))["scores"])

    def higher_is_better(self, metric: str) -> bool:
        """The orientation of a metric, from the scoring registry's own table."""
        table = json.loads((self.workshop.runtime / "scoring" / "metrics.json").read_text(encoding="utf-8"))
        return bool(table[metric]["higher_is_better"])


def variants_of(model: Path) -> tuple[str, ...]:
    """The names that the model's `predict` accepts, the delivered one first."""
    listed = model / "variants.json"
    names = json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else ["delivered"]
    return tuple(str(name) for name in names)


def prediction_file(folder: Path, variant: str, first: str = "delivered") -> Path:
    return folder / (PREDICT_FILE if variant == first else f"predictions-{variant}.npz")


def judge_seed(run_seed: int, what: str) -> int:
    """A seed for the judge's own choices: fixed by the run's seed, unknown to every worker's generator."""
    return int(sha256_text(f"judge:{what}:{run_seed}")[:8], 16)


def _why(result: JobResult) -> str:
    if result.mistake is not None:
        return result.mistake.message
    lines = [line for line in result.completed.output.splitlines() if line.strip()]
    return f"{result.completed.ended}, exit code {result.completed.exit_code}: {lines[-1] if lines else 'no output'}"
