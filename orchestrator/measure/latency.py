"""Measures how fast a model answers: our own clock in a fresh box, and whether its variants say the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, ValidationError

from orchestrator.boxes.job import Job
from orchestrator.measure.bench import Bench
from orchestrator.measure.edge import (
    DELIVERED,
    load_arrays,
    load_json,
    load_predictions,
    load_variants,
    prediction_file,
)
from orchestrator.measure.evidence import UNVOUCHED, EvidenceBook
from orchestrator.measure.subjects import Subject

BATCHES: tuple[int, ...] = (1, 64, 1024, 8192)
REPEATS, WARMUPS = 30, 3
RIVALS = ("torch", "numpy")  # what the delivered variant is compared with, where the model has them


class Timing(BaseModel):
    """One line of times.json: one call with `batch` rows; medians and a 95th percentile over `repeats`."""

    model_config = ConfigDict(frozen=True)

    variant: str
    batch: int = Field(ge=1)
    median_ms: FiniteFloat = Field(ge=0)
    p95_ms: FiniteFloat = Field(ge=0)
    cpu_ms: FiniteFloat = Field(ge=0)
    throughput: FiniteFloat = Field(ge=0)
    first_ms: FiniteFloat = Field(ge=0)
    repeats: int = Field(ge=1)


class Times(BaseModel):
    threads: int
    timings: tuple[Timing, ...]


async def measure_latency(
    bench: Bench, book: EvidenceBook, subject: Subject, inputs: dict[str, Path], batches: tuple[int, ...] = BATCHES
) -> None:
    """Evidence `latency_ms`, `throughput`, `first_call_ms` a variant and batch, `speedup` and `prediction_difference`.

    `inputs` are those of a predict job (`points` or `rows`). Nothing else of this run should be at work meanwhile: a
    clock sees its neighbours. What is timed shares its process with the clock, hence only our own skills count.
    """
    step = subject.step.id
    if not subject.vouched:
        book.add("latency_ms", None, bench.run.out(step), step, subject=DELIVERED, text=UNVOUCHED)
        return
    variants = load_variants(subject.model.folder).names
    await _differences(bench, book, subject, inputs, variants)
    times, source, why = await _timed(bench, subject, inputs, variants, batches)
    if times is None:
        book.add("latency_ms", None, source, step, subject=DELIVERED, text=f"it was not timed: {why}")
        return
    for one in times.timings:
        _book(book, one, times.threads, source, step)
    _speedups(book, times, source, step)


async def _timed(
    bench: Bench, subject: Subject, inputs: dict[str, Path], variants: tuple[str, ...], batches: tuple[int, ...]
) -> tuple[Times | None, Path, str]:
    folder = bench.run.measured / "times" / subject.step.id
    told: dict[str, JsonValue] = {"batches": list[JsonValue](batches), "repeats": REPEATS, "warmups": WARMUPS}
    job = Job(
        verb="time",
        step=f"measure.times.{subject.step.id}",
        agent=f"judge.time.{subject.model.skill.name}",
        destination=folder,
        skill=subject.model.skill,
        spec=told,
        inputs=inputs,
        models={"subject": subject.model},
        variants=variants,
        seed=bench.seed,
        resources=subject.step.resources,
    )
    result = await bench.workshop.do(job)
    path = folder / "times.json"
    if not result.done:
        return None, path, result.mistake.message if result.mistake else f"exit code {result.completed.exit_code}"
    read = load_json(path)
    try:
        times = Times.model_validate(read.value)
    except ValidationError as error:
        return None, path, read.why or f"times.json cannot be used: {error.error_count()} mistakes"
    asked = {(variant, batch) for variant in variants for batch in batches}
    missing = asked - {(one.variant, one.batch) for one in times.timings}
    return (None, path, f"{len(missing)} timings lack") if missing else (times, path, "")


def _book(book: EvidenceBook, one: Timing, threads: int, source: Path, step: str) -> None:
    about = f"{one.variant}, batch {one.batch}"
    more = f"median of {one.repeats} calls after warm-up, 95th percentile {one.p95_ms:.4g} ms; {threads} thread(s)"
    told = f"{more}, {one.cpu_ms:.4g} ms of CPU time"
    book.add("latency_ms", one.median_ms, source, step, unit="ms", n=one.repeats, subject=about, text=told)
    book.add(
        "throughput", one.throughput, source, step, unit="1/s", n=one.repeats, subject=about,
        text=f"rows a second at the median; {more}",
    )  # fmt: skip
    text = "the first call in its process, with all that is loaded and compiled"
    book.add("first_call_ms", one.first_ms, source, step, unit="ms", n=1, subject=about, text=text)


def _speedups(book: EvidenceBook, times: Times, source: Path, step: str) -> None:
    """By how much the delivered variant's best throughput beats a rival's best, each with its own best batch size."""
    best = {name: max((t.throughput for t in times.timings if t.variant == name), default=0.0) for name in RIVALS}
    ours = max(t.throughput for t in times.timings if t.variant == DELIVERED)
    for name, throughput in best.items():
        if throughput > 0:
            told = f"best throughput {ours:.4g}/s against {throughput:.4g}/s of {name}, batch sizes as each likes them"
            subject = f"{DELIVERED} vs {name}"
            book.add("speedup", ours / throughput, source, step, n=len(times.timings), subject=subject, text=told)


async def _differences(
    bench: Bench, book: EvidenceBook, subject: Subject, inputs: dict[str, Path], variants: tuple[str, ...]
) -> None:
    """The largest difference of each other variant to the delivered one, relative to the largest value."""
    label, step = f"variants/{subject.step.id}", subject.step.id
    folder, why = await bench.predict(label, subject.model, inputs, variants, subject.step.resources)
    if folder is None:
        book.add("prediction_difference", None, bench.run.measured / label, step, subject=DELIVERED, text=why)
        return
    ours = _outputs(prediction_file(folder, DELIVERED))
    for name in variants[1:]:
        path = prediction_file(folder, name)
        other, about = _outputs(path), f"{DELIVERED} vs {name}"
        if ours is None or other is None or ours.shape != other.shape:
            text = "predictions that cannot be compared"
            book.add("prediction_difference", None, path, step, subject=about, text=text)
            continue
        largest = float(np.max(np.abs(ours), initial=0.0)) or 1.0
        value = float(np.max(np.abs(ours - other), initial=0.0)) / largest
        told = "largest difference over the largest value of the delivered variant"
        book.add("prediction_difference", value, path, step, n=len(ours), subject=about, text=told)


def _outputs(path: Path) -> np.ndarray | None:
    """A worker's outputs, None where they are no finite numbers."""
    held = load_arrays(path, ("outputs",))
    if held.why or held.held["outputs"].ndim != 2:
        return None
    rows = len(held.held["outputs"])
    found = load_predictions(path, rows)
    if found.why or not np.isfinite(found.held["outputs"]).all():
        return None
    return np.asarray(found.held["outputs"])
