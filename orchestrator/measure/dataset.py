"""Measures a data set of solutions: its error by refinement, recomputed from the file itself."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.plan import Step
from orchestrator.measure.bench import Bench, Scorer
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.record import record_hyperparameters

FILE = "dataset.npz"


async def measure_dataset(bench: Bench, book: EvidenceBook, step: Step) -> None:
    """Evidence `dataset_error`, `dataset_samples` and `dataset_lost` of the step that collected the chunks."""
    out = bench.run.out(step.id)
    params: dict[str, JsonValue] = {"subject": "dataset", "samples": step.spec.get("samples", 0)}
    scorers = [
        Scorer(name="dataset", inputs={"dataset": "dataset"}, params=params),
        Scorer(name="seed_fingerprint", inputs={"environment": "environment"}, params={"seed": bench.seed}),
    ]
    files = {"dataset": out / FILE, "environment": out / "environment.json"}
    scores = await bench.score("scores", scorers, files)
    book.add_scores(scores, bench.run.measured / "scores" / "scores.json", step.id)
    record_hyperparameters(book, out, step.spec, step.id)
