"""Measures a table's run: every candidate on the sealed rows, once; leaks; scaling; what training recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pydantic import JsonValue

from orchestrator.boxes.job import ModelFiles
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import DataStrategy, Step
from orchestrator.data.leaks import find_leaks
from orchestrator.data.split import SplitRecord
from orchestrator.measure.bench import Bench, Score, Scorer, prediction_file, variants_of
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.record import record_hyperparameters, record_training

SET = "test"


async def measure_table(
    bench: Bench,
    book: EvidenceBook,
    step: Step,
    outcome: Outcome,
    model: ModelFiles,
    data: DataStrategy,
    split: SplitRecord,
) -> None:
    """Fill the book for one training step on a table."""
    out = bench.run.out(step.id)
    _leaks(book, split, data, bench.run.split, step.id)
    variants = variants_of(model.folder)
    inputs = {"rows": Path(split.test_inputs)}
    (folder, why), (again, _) = await asyncio.gather(
        bench.predict(f"{SET}/{step.id}", model, inputs, variants, step.resources),
        bench.predict(f"{SET}/{step.id}.repeat", model, inputs, variants[:1], step.resources),
    )
    if folder is None:
        book.add(data.metric, None, bench.run.plan, step.id, subject="delivered", text=f"predict failed: {why}")
        return
    files = {f"p_{name}": prediction_file(folder, name, variants[0]) for name in variants}
    files |= {"labels": Path(split.labels), "environment": out / "environment.json"}
    scorers = _scorers(data, variants, bench.seed)
    if (folder / "features.npz").is_file():
        files["features"] = folder / "features.npz"
        scorers.append(Scorer(name="scaling", inputs={"features": "features"}, params={"subject": "delivered"}))
    if again is not None:
        files["again"] = again / "predictions.npz"
        scorers.append(
            Scorer(name="prediction_repeat", inputs={"predictions": f"p_{variants[0]}", "again": "again"}, params={})
        )
    scorers.append(Scorer(name="seed_fingerprint", inputs={"environment": "environment"}, params={"seed": bench.seed}))
    scores = await bench.score("scores", scorers, files)
    book.add_scores(scores, bench.run.measured / "scores" / "scores.json", step.id)
    _optimism(bench, book, outcome, scores, data)
    record_training(book, out, step.id)
    record_hyperparameters(book, out, step.spec, step.id)


def _scorers(data: DataStrategy, variants: tuple[str, ...], seed: int) -> list[Scorer]:
    kind = "regression" if data.task == "regression" else "classification"
    shared: dict[str, JsonValue] = {"seed": seed}
    scorers = [
        Scorer(name=kind, inputs={"predictions": f"p_{v}", "labels": "labels"}, params={**shared, "subject": v})
        for v in variants
    ]
    first = variants[0]
    scorers += [
        Scorer(
            name="paired_difference",
            inputs={"predictions": f"p_{first}", "other": f"p_{other}", "labels": "labels"},
            params={**shared, "metric": data.metric, "subject": f"{first} vs {other}", "other": other},
        )
        for other in variants[1:]
    ]
    if data.task == "regression":
        inputs = {"predictions": f"p_{first}", "labels": "labels"}
        scorers.append(Scorer(name="coverage", inputs=inputs, params={"subject": first, "nominal": 0.9}))
    return scorers


def _leaks(book: EvidenceBook, split: SplitRecord, data: DataStrategy, source: Path, step: str) -> None:
    """Evidence `leak.KIND` for each measurement, and `leaks` for how many of them are over their limit."""
    found = find_leaks(split, data)
    for leak in found:
        columns = f" ({', '.join(leak.columns)})" if leak.columns else ""
        told = f"{leak.kind}{columns}: {leak.value:.3g}, allowed up to {leak.threshold:.3g}"
        book.add(f"leak.{leak.kind}", leak.value, source, step, n=leak.rows, subject="split", text=told)
    leaks = [leak for leak in found if leak.leaks]
    told = "; ".join(f"{leak.kind} {', '.join(leak.columns)}: {leak.remedy}" for leak in leaks)
    searched = f"{len(found)} kinds of leak looked for ({', '.join(leak.kind for leak in found)}), none found"
    book.add("leaks", float(len(leaks)), source, step, n=len(found), subject="split", text=told or searched)


def _optimism(
    bench: Bench, book: EvidenceBook, outcome: Outcome, scores: tuple[Score, ...], data: DataStrategy
) -> None:
    """Evidence `cv_gap`: by how much the trainer's claimed score is better than the measured one."""
    source, step = bench.run.measured / "scores" / "scores.json", outcome.step
    claimed = next((claim.value for claim in outcome.claims if claim.name == f"cv_{data.metric}"), None)
    found = next((s for s in scores if s.name == data.metric and s.subject == "delivered"), None)
    if claimed is None or found is None or found.value is None or found.low is None or found.high is None:
        book.add("cv_gap", None, source, step, text=f"no claim cv_{data.metric}, or no measured {data.metric}")
        return
    sign = 1.0 if bench.higher_is_better(data.metric) else -1.0
    ends = sorted((sign * (claimed - found.low), sign * (claimed - found.high)))
    told = f"cross-validated {data.metric} {claimed:.4g}, measured {found.value:.4g}"
    gap = sign * (claimed - found.value)
    book.add("cv_gap", gap, source, step, n=found.n, interval=(ends[0], ends[1]), text=told)
