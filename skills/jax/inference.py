"""Mode `inference`: a trained field compiled, its batch size chosen by measurement, exported, compared with torch."""

from __future__ import annotations

import csv
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from skills.jax import network as flat
from skills.jax import program
from skills.jax.model import Trained, chain
from skills.jax.points import sobol
from skills.jax.quick_model import SOURCE, VARIANTS, in_numpy, in_torch
from skills.jax.settle import cache_folder, keep_programs
from skills.runtime.job import Job, UserMistake, write_json

Array = NDArray[np.float64]
DTYPES = ("float64", "float32")
CHECKED = 64  # points, at least, with which an exported program is checked


@dataclass(frozen=True)
class Line:
    """One way to predict, measured: seconds are wall time, latency is that of one batch; difference is to numpy."""

    variant: str
    batch: int
    latency_ms: float
    throughput: float  # points a second, over all points
    compile_cold_s: float  # nothing kept from before
    compile_warm_s: float  # the program is in the cache on disk
    difference: float


def work(job: Job) -> None:
    """Measure every type and batch size, keep the quickest that is as exact as asked for, export and check it."""
    networks = chain(_source(job), SOURCE)
    points = _points(networks, job.spec.points, job.seed)
    truth = in_numpy(networks)(points)
    programs = {(dtype, batch): _field(networks, dtype) for dtype in DTYPES for batch in job.spec.batches}
    lines = []
    with_cache = job.out / "programs"
    for place, ((dtype, batch), function) in enumerate(programs.items()):
        run, cold, warm = _compiled(function, (batch, points.shape[1]), with_cache)
        line = _measured(dtype, batch, partial(program.in_batches, run, batch), points, truth, job)
        lines.append(_with_compile(line, cold, warm))
        job.progress(done=place + 1, total=len(programs), message=f"{dtype}, batch {batch}")
    shutil.rmtree(with_cache, ignore_errors=True)
    keep_programs(cache_folder())
    lines += [_measured(name, len(points), made(networks), points, truth, job) for name, made in RIVALS.items()]
    best = _best(lines, job.spec.accuracy)
    changed = _export(job, networks, programs, points)
    _write(job, lines, best, changed)


RIVALS: dict[str, Callable[[tuple[Trained, ...]], Callable[[Array], Array]]] = {"numpy": in_numpy, "torch": in_torch}


def _source(job: Job) -> Path:
    if job.spec.model not in job.models:
        raise UserMistake(f"there is no model {job.spec.model!r} here", "name a finished training that this step needs")
    folder = job.models[job.spec.model].path
    told = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    if "variants" not in told or told.get("activation") != "tanh":
        raise UserMistake("that model is no network of a field", "name the step of a physics-informed training")
    return folder


def _points(networks: tuple[Trained, ...], count: int, seed: int) -> Array:
    """Points all over the box of the whole chain."""
    low = np.array(networks[0].frame.low)
    high = np.array(networks[-1].frame.high)
    return low + (sobol(count, len(low), seed) + 1) / 2 * (high - low)


def _field(networks: tuple[Trained, ...], dtype: str) -> Callable[[jax.Array], jax.Array]:
    """A batch of points to fields, both in float64; the layers work in `dtype`. One point's program, vectorised.

    Of a chain in time every network is asked and one answer is kept: XLA needs fixed shapes.
    """
    ends = jnp.array([one.frame.high[-1] for one in networks[:-1]])
    vectors = [jnp.asarray(one.parameters, dtype=dtype) for one in networks]

    def one(point: jax.Array) -> jax.Array:
        found = []
        for trained, vector in zip(networks, vectors, strict=True):
            scaled = (point - np.array(trained.frame.low)) * trained.frame.slopes - 1
            entering = trained.frame.entering(scaled, jnp).astype(dtype)
            outputs = flat.outputs(trained.widths, vector, entering).astype(jnp.float64)
            found.append(trained.frame.fields(outputs))
        return jnp.stack(found)[jnp.searchsorted(ends, point[-1], side="left")] if len(found) > 1 else found[0]

    return jax.vmap(one)


def _compiled(
    function: Callable[[jax.Array], jax.Array], shape: tuple[int, int], folder: Path
) -> tuple[Any, float, float]:
    """The program for one shape, and the seconds of compiling it with an empty cache on disk and with a filled one."""
    keep_programs(folder)
    told, spent = jax.ShapeDtypeStruct(shape, jnp.float64), []
    for _ in range(2):
        jax.clear_caches()
        started = time.perf_counter()
        run = jax.jit(function).lower(told).compile()
        spent.append(time.perf_counter() - started)
    return run, spent[0], spent[1]


def _measured(
    variant: str, batch: int, answer: Callable[[Array], Array], points: Array, truth: Array, job: Job
) -> Line:
    """Medians over repeats, after one call that does not count."""
    found = answer(points)
    latency = _median(answer, points[:batch], job.spec.repeats)
    whole = latency if batch >= len(points) else _median(answer, points, job.spec.repeats)
    difference = float(np.max(np.abs(found - truth)) / np.max(np.abs(truth)))
    return Line(variant, batch, 1e3 * latency, len(points) / whole, 0.0, 0.0, difference)


def _median(answer: Callable[[Array], Array], points: Array, repeats: int) -> float:
    spent = []
    for _ in range(repeats):
        started = time.perf_counter()
        answer(points)
        spent.append(time.perf_counter() - started)
    return float(np.median(spent))


def _with_compile(line: Line, cold: float, warm: float) -> Line:
    return Line(**{**asdict(line), "compile_cold_s": cold, "compile_warm_s": warm})


def _best(lines: list[Line], accuracy: float) -> Line:
    """The compiled one with the highest throughput among those that are exact enough; else the most exact."""
    compiled = [line for line in lines if line.variant in DTYPES]
    exact = [line for line in compiled if line.difference <= accuracy]
    return max(exact, key=lambda line: line.throughput) if exact else min(compiled, key=lambda line: line.difference)


def _export(job: Job, networks: tuple[Trained, ...], programs: dict[tuple[str, int], Any], points: Array) -> float:
    """Write the programs, read them again; the largest relative change of a number by that."""
    changed = 0.0
    for (dtype, batch), function in programs.items():
        place, some = job.model_folder / f"{dtype}-{batch}.stablehlo", points[: max(batch, CHECKED)]
        program.write(place, function, batch, points.shape[1])
        again = program.read(place, batch, points.shape[1], len(networks[0].fields))
        before, after = (program.in_batches(call, batch, some) for call in (jax.jit(function), again))
        changed = max(changed, float(np.max(np.abs(after - before)) / np.max(np.abs(before))))
    return changed


def _write(job: Job, lines: list[Line], best: Line, changed: float) -> None:
    source = _source(job)
    told = json.loads((source / "network.json").read_text(encoding="utf-8"))
    programs = {}
    for dtype in DTYPES:
        quickest = _best([line for line in lines if line.variant == dtype], np.inf).batch
        programs[dtype] = {"batches": sorted(set(job.spec.batches)), "quickest": quickest}
    shape = {**told, "kind": "quick", "delivered": best.variant, "programs": programs}
    write_json(job.model_folder / "network.json", shape)
    shutil.copyfile(source / "parameters.npz", job.model_folder / "parameters.npz")
    job.variants(VARIANTS)
    job.artifact("model", "model")
    with (job.out / "inference.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([field.name for field in fields(Line)] + ["delivered"])
        writer.writerows([[*asdict(line).values(), line == best] for line in lines])
    job.artifact("inference.csv", "table")
    torch = next(line for line in lines if line.variant == "torch")
    single = min((line for line in lines if line.variant == "float32"), key=lambda line: line.difference)
    for name, value, unit in (
        ("throughput", best.throughput, "1/s"),
        ("latency_ms", best.latency_ms, "ms"),
        ("speedup_over_torch", best.throughput / torch.throughput, ""),
        ("compile_cold_s", best.compile_cold_s, "s"),
        ("compile_warm_s", best.compile_warm_s, "s"),
        ("difference", best.difference, ""),
        ("float32_difference", single.difference, ""),
        ("export_difference", changed, ""),
    ):
        job.claim(name, value, unit, file="inference.csv")
