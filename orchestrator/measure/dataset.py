"""Measures a data set of solutions: its error by refinement, and a few samples that the judge has solved again."""

from __future__ import annotations

from pathlib import Path

from pydantic import JsonValue

from orchestrator.core.plan import Step
from orchestrator.measure.again import Solver, solve_again
from orchestrator.measure.bench import Bench, Scorer
from orchestrator.measure.evidence import UNVOUCHED, EvidenceBook
from orchestrator.measure.record import record_hyperparameters
from orchestrator.measure.samples import read_samples

FILE = "dataset.npz"
SUBJECT = "dataset"


async def measure_dataset(bench: Bench, book: EvidenceBook, step: Step, solver: Solver) -> None:
    """Evidence of the step that collected the chunks.

    From its file: `dataset_error`, `dataset_lost`, and `dataset_strays`, samples that were not asked for. From fresh
    solutions of a few samples: `dataset_difference`, `dataset_bar`.
    """
    out = bench.run.out(step.id)
    params: dict[str, JsonValue] = {"subject": SUBJECT, "samples": step.spec.get("samples", 0)}
    scorers = [
        Scorer(name="dataset", inputs={"dataset": "dataset"}, params=params),
        Scorer(name="seed_fingerprint", inputs={"environment": "environment"}, params={"seed": bench.seed}),
    ]
    files = {"dataset": out / FILE, "environment": out / "environment.json"}
    again, more = await _again(bench, book, step, solver, out / FILE)
    scorers += [again] if again is not None else []
    scores = await bench.score("scores", scorers, files | more)
    book.add_scores(scores, bench.run.measured / "scores" / "scores.json", step.id)
    record_hyperparameters(book, out, step.spec, step.id)


async def _again(
    bench: Bench, book: EvidenceBook, step: Step, solver: Solver, path: Path
) -> tuple[Scorer | None, dict[str, Path]]:
    """The scorer of samples that were solved again, with its files; what cannot be measured is booked, and why."""
    if solver.code.trust != "builtin":
        _lost(book, path, step, UNVOUCHED)
        return None, {}
    samples = read_samples(path, step)
    if isinstance(samples, str):
        _lost(book, path, step, samples)
        return None, {}
    count, text = len(samples.values), "samples outside the ranges, or told twice"
    book.add("dataset_strays", float(samples.strays), path, step.id, n=count, subject=SUBJECT, text=text)
    scorer, files, why = await solve_again(bench, step, samples, solver)
    if scorer is None:
        _lost(book, path, step, why, ("dataset_difference", "dataset_bar"))
    return scorer, files


def _lost(
    book: EvidenceBook, path: Path, step: Step, why: str,
    names: tuple[str, ...] = ("dataset_strays", "dataset_difference", "dataset_bar"),
) -> None:  # fmt: skip
    for name in names:
        book.add(name, None, path, step.id, subject=SUBJECT, text=why)
