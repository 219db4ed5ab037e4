"""Attributions of cells are held to the model's own predictions: what was shuffled, scaled or moved is found out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.core.evidence import Verdict
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import DataStrategy, Plan, SplitPlan, Step
from orchestrator.core.request import Route
from orchestrator.gates.interpret import REPEAT, faithful
from orchestrator.gates.known import Known
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.bench import Bench
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.gradients import measure_attention, measure_gradients
from orchestrator.measure.projections import questions
from orchestrator.measure.subjects import Subject

Floats = NDArray[np.float64]
SHAPE = (1, 4, 5)
DRAW = np.random.default_rng(3)
WEIGHTS = DRAW.normal(size=(2, 20)) / 4
SAMPLES = DRAW.integers(0, 16, size=(6, *SHAPE)).astype(np.uint8)
TRAINING = {"dtype": "uint8", "shape": list(SHAPE)}
PLAN = Plan(
    route=Route.DEEP, planner="rules", thoughts=(),
    steps=(Step(id="interpret", worker="interpret", kind="skill",
                spec={"methods": ["integrated_gradients"], "training": TRAINING}),),
    data=DataStrategy(file="x.npz", sha256="", target="y", task="binary", features=("inputs",), metric="accuracy",
                      split=SplitPlan(kind="random")),
)  # fmt: skip


def said(samples: Floats) -> Floats:
    """A network of two hidden units: (n, 2) probabilities of (n, *shape)."""
    hidden = np.tanh(samples.reshape(len(samples), -1) @ WEIGHTS.T / 4)
    odds = 1 / (1 + np.exp(-2 * hidden[:, 0] * hidden[:, 1] - hidden[:, 0]))
    return np.stack([1 - odds, odds], axis=1)


def gradients(nodes: int = 400) -> dict[str, Any]:
    """Integrated gradients by central differences, cell by cell, of the likelier class."""
    baseline = SAMPLES.mean(axis=0).astype(np.float32).astype(np.float64)
    way = SAMPLES - baseline
    classes = said(SAMPLES.astype(np.float64)).argmax(axis=1)
    values, middle, tiny = np.zeros((len(SAMPLES), 20)), (np.arange(nodes) + 0.5) / nodes, 1e-4
    for row, place in np.ndindex(len(SAMPLES), 20):
        points = baseline + middle[:, None, None, None] * way[row]
        move = np.zeros(20)
        move[place] = tiny
        sides = [said(points + side * move.reshape(SHAPE))[:, classes[row]] for side in (1, -1)]
        values[row, place] = (sides[0] - sides[1]).mean() / (2 * tiny) * way[row].ravel()[place]
    rows = np.arange(len(SAMPLES))
    return {
        "values": values.reshape(len(SAMPLES), *SHAPE), "base": said(baseline[None])[0][classes],
        "outputs": said(SAMPLES.astype(np.float64))[rows, classes], "classes": classes, "baseline": baseline,
        "row_ids": rows, "variant": np.array(["cnn"]),
    }  # fmt: skip


RIGHT = gradients()


class Predicting:
    """A bench whose model is `said`, which computes in single precision as networks do."""

    def __init__(self, run: RunDirectory) -> None:
        self.run, self.seed, self.asked = run, 0, list[tuple[str, ...]]()

    def draw_seed(self, what: str) -> int:
        return 11

    async def predict(self, label: str, model: Any, inputs: Any, variants: Any, resources: Any) -> tuple[Path, str]:
        self.asked.append(variants)
        frame = pd.read_parquet(inputs["rows"])
        samples = np.frombuffer(b"".join(frame["inputs"]), dtype=np.float32).reshape(len(frame), *SHAPE)
        folder = self.run.measured / label
        folder.mkdir(parents=True)
        outputs = said(samples.astype(np.float64)).astype(np.float32)
        names = np.array(["no", "yes"])
        np.savez(folder / "predictions.npz", outputs=outputs, output_names=names, row_ids=frame["row_id"].to_numpy())
        return folder, ""


async def ruled(tmp_path: Path, **changed: Any) -> Verdict:
    """The verdict on these gradients, by way of the judge's own measurements."""
    run = RunDirectory(tmp_path, "run")
    run.data.mkdir(parents=True)
    rows = pd.DataFrame({"row_id": np.arange(len(SAMPLES)), "inputs": [sample.tobytes() for sample in SAMPLES]})
    rows.to_parquet(run.data / "train.parquet")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "variants.json").write_text('["delivered", "cnn"]')
    path = run.measured / "gradients.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, **{**RIGHT, **changed})
    step = PLAN.steps[0]
    code = Code(name="deep", folder=tmp_path, trust="builtin")
    outcome = Outcome(step="train", status="done", spec_sha256="")
    subject = Subject(step=step, outcome=outcome, model=ModelFiles(skill=code, folder=tmp_path / "model"))
    book, bench = EvidenceBook(run, "", "", 0), Predicting(run)
    book.add(REPEAT, 0.0, path, step.id, n=1, subject="interpret", bound=0.0)
    await measure_gradients(cast(Bench, bench), book, step, subject, path)
    return faithful(Known(plan=PLAN, evidence=book.entries))


def shuffled(values: Floats) -> Floats:
    flat = np.random.default_rng(0).permuted(values.reshape(len(values), -1), axis=1)
    return flat.reshape(values.shape)


async def test_right_attributions_pass(tmp_path: Path) -> None:
    verdict = await ruled(tmp_path)
    assert verdict.verdict == "passed", verdict.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda told: {"values": shuffled(told["values"])}, "attribution_difference"),
        (lambda told: {"values": np.roll(told["values"], 1, axis=-1)}, "attribution_difference"),
        (lambda told: {"values": np.abs(told["values"])}, "additivity"),
        (lambda told: {"values": 1.1 * told["values"]}, "additivity"),
        (lambda told: {"values": told["values"][::-1]}, "additivity"),
        (lambda told: {"classes": 1 - told["classes"]}, "additivity"),
        (lambda told: {"base": told["base"] + 0.1}, "additivity"),
    ],
    ids=["shuffled", "moved", "absolute", "scaled", "of other samples", "of the other class", "another base"],
)
async def test_attributions_that_are_not_the_model_s_fail(
    tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], reason: str
) -> None:
    verdict = await ruled(tmp_path, **change(RIGHT))
    assert verdict.verdict == "failed" and verdict.remedy
    assert verdict.reason.startswith(reason)


@pytest.mark.parametrize(
    "changed",
    [
        {"values": np.full((6, *SHAPE), np.nan)},
        {"row_ids": np.arange(6) + 100},
        {"variant": np.array(["../cnn"])},
        {"baseline": np.zeros(3)},
        {"classes": np.full(6, 7)},
        {"classes": np.full(6, -1)},
    ],
    ids=["no numbers", "other rows", "no variant", "another shape", "no such output", "before the first output"],
)
async def test_files_that_cannot_be_held_to_the_model_are_unknown(tmp_path: Path, changed: dict[str, Any]) -> None:
    assert (await ruled(tmp_path, **changed)).verdict == "unknown"


def test_large_samples_are_looked_at_in_fewer_points() -> None:
    large = np.zeros((5, 1, 150, 150), dtype=np.float32)
    asked = questions(large, large[0], np.random.default_rng(0))
    assert asked.points.size <= 8_000_000 and len(asked.rows) == 1


@pytest.mark.parametrize(
    ("change", "value"), [(lambda maps: maps, 0.0), (lambda maps: 1.01 * maps, 0.01), (lambda maps: -maps, None)]
)
def test_lines_of_attention_are_shares(tmp_path: Path, change: Callable[[Floats], Floats], value: float | None) -> None:
    run = RunDirectory(tmp_path, "run")
    maps = np.random.default_rng(0).dirichlet(np.ones(4), size=(3, 2, 4))
    path = run.measured / "attention.npz"
    path.parent.mkdir(parents=True)
    np.savez(path, maps=change(maps))
    book = EvidenceBook(run, "", "", 0)
    measure_attention(book, PLAN.steps[0], path)
    (found,) = book.entries
    assert found.value == pytest.approx(value, abs=1e-9) and (value is None or found.bound == 1e-5)
