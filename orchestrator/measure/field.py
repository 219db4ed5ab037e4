"""Measures a trained field, or a reference solution, on inputs that the judge chose after the work was done."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from orchestrator.boxes.job import ModelFiles
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Step
from orchestrator.core.values import Value
from orchestrator.measure.bench import Bench, Scorer, prediction_file, variants_of
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.points import GRID, Floats, draw_points, part, write_points
from orchestrator.measure.record import record_hyperparameters, record_training

Problem = dict[str, JsonValue]
DELIVERED = "delivered"


class Subject(Value):
    """A finished step whose model is measured."""

    step: Step
    outcome: Outcome
    model: ModelFiles


async def measure_network(
    bench: Bench, book: EvidenceBook, network: Subject, reference: Subject | None, problem: Problem
) -> None:
    """Error against the truth, physics on the grid, repeatability, and what the training recorded."""
    drawn = _draw(bench, problem)
    own, again, other = await asyncio.gather(
        _predict(bench, network, drawn), _predict(bench, network, drawn, repeat=True), _predict(bench, reference, drawn)
    )
    if not own:
        book.add("relative_l2", None, drawn.file, network.step.id, subject=DELIVERED, text="the model cannot predict")
        return
    sheet = _Sheet()
    _network_scorers(sheet, bench, network, problem, with_reference=bool(other))
    _repeat_scorers(sheet, bench, network, again)
    if reference is not None and other:
        _reference_scorers(sheet, bench, reference, problem)
    await _score(bench, book, sheet, network)
    record_training(book, bench.run.out(network.step.id), network.step.id)


async def measure_reference(bench: Bench, book: EvidenceBook, last: Subject, problem: Problem) -> None:
    """A reference solution against the exact one where there is one, and against its own next coarser grid."""
    drawn = _draw(bench, problem)
    own, again = await asyncio.gather(_predict(bench, last, drawn), _predict(bench, last, drawn, repeat=True))
    if not own:
        book.add("reference_error", None, drawn.file, last.step.id, subject="reference", text="it cannot predict")
        return
    sheet = _Sheet()
    _reference_scorers(sheet, bench, last, problem)
    sheet.add("physics", {"predictions": "grid-reference"}, problem=problem, grid=list(GRID), subject="reference")
    _repeat_scorers(sheet, bench, last, again)
    await _score(bench, book, sheet, last)


@dataclass(frozen=True)
class _Drawn:
    points: Floats
    file: Path


@dataclass
class _Sheet:
    """A scoring job in the making: its files by name, and its scorers in order."""

    files: dict[str, Path] = field(default_factory=dict)
    scorers: list[Scorer] = field(default_factory=list)

    def add(self, name: str, inputs: dict[str, str], **params: JsonValue) -> None:
        self.scorers.append(Scorer(name=name, inputs=inputs, params=params))


def _draw(bench: Bench, problem: Problem) -> _Drawn:
    points = draw_points(problem, bench.seed)
    return _Drawn(points, write_points(points, bench.run.measured / "points.npz"))


async def _predict(bench: Bench, subject: Subject | None, drawn: _Drawn, *, repeat: bool = False) -> bool:
    """Predict at the judge's points in a fresh box; False where there is nothing to predict with, or it failed."""
    if subject is None:
        return False
    variants = variants_of(subject.model.folder)
    chosen = variants[:1] if repeat else variants
    label = f"raw/{subject.step.id}" + (".repeat" if repeat else "")
    folder, _ = await bench.predict(label, subject.model, {"points": drawn.file}, chosen, subject.step.resources)
    if folder is not None and not repeat:
        part(folder, bench.run.measured, variants, drawn.points)
    return folder is not None


async def _score(bench: Bench, book: EvidenceBook, sheet: _Sheet, subject: Subject) -> None:
    scores = await bench.score("scores", sheet.scorers, sheet.files)
    step = subject.step
    book.add_scores(scores, bench.run.measured / "scores" / "scores.json", step.id)
    record_hyperparameters(book, bench.run.out(step.id), step.spec, step.id)


def _repeat_scorers(sheet: _Sheet, bench: Bench, subject: Subject, again: bool) -> None:
    """Were the generators seeded, and do two fresh boxes predict the same?"""
    raw = bench.run.measured / "raw"
    sheet.files["environment"] = bench.run.out(subject.step.id) / "environment.json"
    sheet.add("seed_fingerprint", {"environment": "environment"}, seed=bench.seed)
    if again:
        sheet.files["first"] = raw / subject.step.id / "predictions.npz"
        sheet.files["again"] = raw / f"{subject.step.id}.repeat" / "predictions.npz"
        sheet.add("prediction_repeat", {"predictions": "first", "again": "again"})


def _network_scorers(sheet: _Sheet, bench: Bench, network: Subject, problem: Problem, *, with_reference: bool) -> None:
    """Errors and physics of every variant, and the range of what enters the network."""
    truth = {"reference": "points-reference"} if with_reference else {}
    for variant in variants_of(network.model.folder):
        sheet.files |= _files(bench, network, variant, variant)
        inputs = {"predictions": f"points-{variant}"} | truth
        sheet.add("field_error", inputs, problem=problem, subject=variant, seed=bench.seed)
        sheet.add("physics", {"predictions": f"grid-{variant}"}, problem=problem, grid=list(GRID), subject=variant)
    features = bench.run.measured / "raw" / network.step.id / "features.npz"
    if features.is_file():
        sheet.files["features"] = features
        sheet.add("scaled_range", {"features": "features"}, subject=DELIVERED)


def _reference_scorers(sheet: _Sheet, bench: Bench, reference: Subject, problem: Problem) -> None:
    """The reference's own error, and the cheap classical solver as a baseline."""
    variants = variants_of(reference.model.folder)
    for variant in variants:
        sheet.files |= _files(bench, reference, variant, "reference" if variant == DELIVERED else variant)
    truth = {"reference": "points-reference"} | ({"half": "points-half"} if "half" in variants else {})
    sheet.add("truth_error", truth, problem=problem, subject="truth")
    sheet.add("reference_error", truth, problem=problem, subject="reference")
    if "coarse" in variants:
        inputs = {"predictions": "points-coarse", "reference": "points-reference"}
        sheet.add("field_error", inputs, problem=problem, subject="coarse", seed=bench.seed)


def _files(bench: Bench, subject: Subject, variant: str, name: str) -> dict[str, Path]:
    return {
        f"{kind}-{name}": prediction_file(bench.run.measured / kind / subject.step.id, variant)
        for kind in ("grid", "points")
    }
