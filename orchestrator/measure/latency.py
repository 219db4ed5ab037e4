"""Measures how fast a model answers: our own clock in a fresh box, and whether its variants say the same."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, JsonValue, ValidationError

from orchestrator.boxes.job import Job
from orchestrator.journal.rundir import write_json
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
ROUNDS = 5  # boxes that each time everything
QUANTILE = 2.776445  # of Student's t with ROUNDS - 1 degrees of freedom, two-sided 95 %
RIVALS = ("torch", "numpy")  # what the delivered variant is compared with, where the model has them


class Timing(BaseModel):
    """One line of times.json: one call with `batch` rows; medians and a 95th percentile over `repeats`."""

    model_config = ConfigDict(frozen=True)

    variant: str
    batch: int = Field(ge=1)
    median_ms: FiniteFloat = Field(gt=0)
    p95_ms: FiniteFloat = Field(ge=0)
    cpu_ms: FiniteFloat = Field(ge=0)
    throughput: FiniteFloat = Field(gt=0)
    first_ms: FiniteFloat = Field(gt=0)
    repeats: int = Field(ge=1)


class Times(BaseModel):
    threads: int
    device: str = "cpu"
    timings: tuple[Timing, ...]

    @property
    def by(self) -> str:
        """What computed."""
        return f"{self.threads} thread(s)" + (" and a GPU" if self.device == "cuda" else "")

    def of(self, variant: str, batch: int) -> Timing:
        return next(one for one in self.timings if (one.variant, one.batch) == (variant, batch))


async def measure_latency(
    bench: Bench, book: EvidenceBook, subject: Subject, inputs: dict[str, Path], batches: tuple[int, ...] = BATCHES,
    chosen: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Evidence `latency_ms`, `throughput`, `first_call_ms` a variant and batch, `speedup` and `prediction_difference`.

    `inputs` are those of a predict job (`points` or `rows`). Every figure is a mean over fresh boxes, one after the
    other, with its interval: calls in one process share its luck. Nothing else of this run should be at work meanwhile:
    a clock sees its neighbours. What is timed shares its process with the clock, hence only our own skills count.
    `chosen` are the variants to time; without it all are, and they must say the same.
    """
    step = subject.step.id
    if not subject.vouched:
        book.add("latency_ms", None, bench.run.out(step), step, subject=DELIVERED, text=UNVOUCHED)
        return
    variants = chosen or load_variants(subject.model.folder).names
    if not chosen:
        await _differences(bench, book, subject, inputs, variants)
    source = bench.run.measured / "times" / step / "times.json"
    rounds: list[Times] = []
    for number in range(ROUNDS):
        times, why = await _timed(bench, subject, inputs, variants, batches, source.parent / str(number))
        if times is None:
            book.add("latency_ms", None, source, step, subject=DELIVERED, text=f"it was not timed: {why}")
            return
        rounds.append(times)
    write_json(source, [times.model_dump(mode="json") for times in rounds])
    for variant in variants:
        for batch in batches:
            _book(book, [times.of(variant, batch) for times in rounds], rounds[0].by, source, step)
    for name in RIVALS:
        if name in variants:
            _speedup(book, rounds, name, batches, source, step)


async def _timed(
    bench: Bench, subject: Subject, inputs: dict[str, Path], variants: tuple[str, ...], batches: tuple[int, ...],
    folder: Path,
) -> tuple[Times | None, str]:  # fmt: skip
    told: dict[str, JsonValue] = {"batches": list[JsonValue](batches), "repeats": REPEATS, "warmups": WARMUPS}
    job = Job(
        verb="time",
        step=f"measure.times.{subject.step.id}.{folder.name}",
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
    if not result.done:
        return None, result.mistake.message if result.mistake else f"exit code {result.completed.exit_code}"
    read = load_json(folder / "times.json")
    try:
        times = Times.model_validate(read.value)
    except ValidationError as error:
        return None, read.why or f"times.json cannot be used: {error.error_count()} mistakes"
    asked = {(variant, batch) for variant in variants for batch in batches}
    missing = asked - {(one.variant, one.batch) for one in times.timings}
    return (None, f"{len(missing)} timings lack") if missing else (times, "")


def _book(book: EvidenceBook, rounds: list[Timing], by: str, source: Path, step: str) -> None:
    """One variant with one batch size, as the boxes timed it."""
    one, calls = rounds[0], sum(timing.repeats for timing in rounds)
    about, slowest = f"{one.variant}, batch {one.batch}", max(timing.p95_ms for timing in rounds)
    more = f"mean of {len(rounds)} boxes' medians after warm-up, 95th percentile up to {slowest:.4g} ms"
    told = f"{more}; {by}, {np.median([timing.cpu_ms for timing in rounds]):.4g} ms of CPU time"
    latency, between = mean_ratio([timing.median_ms for timing in rounds])
    book.add("latency_ms", latency, source, step, unit="ms", interval=between, n=calls, subject=about, text=told)
    throughput, between = mean_ratio([timing.throughput for timing in rounds])
    book.add(
        "throughput", throughput, source, step, unit="1/s", interval=between, n=calls, subject=about,
        text=f"rows a second; {more}",
    )  # fmt: skip
    first, between = mean_ratio([timing.first_ms for timing in rounds])
    text = "the first call in its process, with all that is loaded and compiled"
    book.add("first_call_ms", first, source, step, unit="ms", interval=between, n=len(rounds), subject=about, text=text)


def _speedup(
    book: EvidenceBook, rounds: list[Times], name: str, batches: tuple[int, ...], source: Path, step: str
) -> None:
    """By how much the delivered variant's best throughput beats a rival's best, each with its own best batch size.

    The sizes are chosen over all rounds; the interval is that of the ratio in one box and another.
    """

    def throughput(variant: str, batch: int) -> list[float]:
        return [times.of(variant, batch).throughput for times in rounds]

    best = {
        variant: max(batches, key=lambda batch: mean_ratio(throughput(variant, batch))[0])
        for variant in (DELIVERED, name)
    }
    ours, theirs = (throughput(variant, batch) for variant, batch in best.items())
    value, between = mean_ratio([own / other for own, other in zip(ours, theirs, strict=True)])
    told = f"best throughput, batches of {best[DELIVERED]} against {best[name]} of {name}, in {len(rounds)} boxes"
    subject = f"{DELIVERED} vs {name}"
    book.add("speedup", value, source, step, interval=between, n=len(rounds), subject=subject, text=told)


def mean_ratio(values: list[float]) -> tuple[float, tuple[float, float]]:
    """Geometric mean of ROUNDS positive numbers, and its 95 % interval by Student's t of their logarithms."""
    logs = np.log(values)
    centre, reach = float(logs.mean()), QUANTILE * float(logs.std(ddof=1)) / math.sqrt(len(logs))
    return math.exp(centre), (math.exp(centre - reach), math.exp(centre + reach))


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
