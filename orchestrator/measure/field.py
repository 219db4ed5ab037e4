"""Measures a trained field, or a reference solution, on inputs that the judge chose after the work was done."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import JsonValue

from orchestrator.boxes.job import ModelFiles
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Step
from orchestrator.core.values import Value
from orchestrator.measure.bench import Bench, Scorer, variants_of
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.points import draw_points, part, write_points
from orchestrator.measure.record import record_hyperparameters, record_training

Problem = dict[str, JsonValue]


class Subject(Value):
    """A finished step whose model is measured."""

    step: Step
    outcome: Outcome
    model: ModelFiles


async def measure_network(
    bench: Bench, book: EvidenceBook, network: Subject, reference: Subject | None, problem: Problem
) -> None:
    """Error against the truth, physics on the grid, repeatability, and what the training recorded."""
    points = draw_points(problem, bench.seed)
    file = write_points(points, bench.run.measured / "points.npz")
    step = network.step.id
    jobs = [_predict(bench, network, file), _predict(bench, network, file, repeat=True)]
    if reference is not None:
        jobs.append(_predict(bench, reference, file))
    folders = await asyncio.gather(*jobs)
    for folder, subject in zip(folders[::2], (network, reference), strict=False):
        if folder is not None and subject is not None:
            part(folder, bench.run.measured, variants_of(subject.model.folder), points)
    if folders[0] is None:
        book.add("relative_l2", None, bench.run.plan, step, subject="delivered", text="the model could not predict")
        return
    files, scorers = _network_scorers(bench, network, problem)
    if folders[1] is not None:
        files |= {"first": folders[0] / "predictions.npz", "again": folders[1] / "predictions.npz"}
        scorers.append(Scorer(name="prediction_repeat", inputs={"predictions": "first", "again": "again"}))
    if reference is not None and folders[2] is not None:
        more, extra = _reference_scorers(bench, reference, problem)
        files |= more
        scorers += extra
    scores = await bench.score("scores", scorers, files)
    book.add_scores(scores, bench.run.measured / "scores" / "scores.json", step)
    out = bench.run.out(step)
    record_training(book, out, step)
    record_hyperparameters(book, out, network.step.spec, step)


async def _predict(bench: Bench, subject: Subject, file: Path, *, repeat: bool = False) -> Path | None:
    label = f"raw/{subject.step.id}.repeat" if repeat else f"raw/{subject.step.id}"
    variants = variants_of(subject.model.folder)
    folder, _ = await bench.predict(
        label, subject.model, {"points": file}, variants[:1] if repeat else variants, subject.step.resources
    )
    return folder


async def measure_reference(bench: Bench, book: EvidenceBook, rounds: list[Subject], problem: Problem) -> None:
    """The last round of a refinement against the exact solution where there is one, and against the round before."""
    if not rounds:
        return
    points = draw_points(problem, bench.seed)
    file = write_points(points, bench.run.measured / "points.npz")
    last = rounds[-1]
    chosen = rounds[-2:]
    folders = await asyncio.gather(
        *(_predict(bench, one, file) for one in chosen), _predict(bench, last, file, repeat=True)
    )
    for folder, subject in zip(folders, chosen, strict=False):
        if folder is not None:
            part(folder, bench.run.measured, variants_of(subject.model.folder), points)
    if folders[-2] is None:
        book.add("relative_l2", None, bench.run.plan, last.step.id, subject="delivered", text="it could not predict")
        return
    files, scorers = _reference_scorers(bench, last, problem)
    if folders[-1] is not None:
        files |= {"first": folders[-2] / "predictions.npz", "again": folders[-1] / "predictions.npz"}
        scorers.append(Scorer(name="prediction_repeat", inputs={"predictions": "first", "again": "again"}))
    scores = await bench.score("scores", scorers, files)
    book.add_scores(scores, bench.run.measured / "scores" / "scores.json", last.step.id)
    record_hyperparameters(book, bench.run.out(last.step.id), last.step.spec, last.step.id)


def _network_scorers(bench: Bench, network: Subject, problem: Problem) -> tuple[dict[str, Path], list[Scorer]]:
    return {}, []


def _reference_scorers(bench: Bench, reference: Subject, problem: Problem) -> tuple[dict[str, Path], list[Scorer]]:
    return {}, []
