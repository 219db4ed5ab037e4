"""The modes dataset and collect: solutions over ranges of parameters, part by part, each with its error."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from skills.runtime.job import Job, UserMistake
from skills.runtime.problem import Problem
from skills.simulate.interpolate import Field
from skills.simulate.model import grid_points
from skills.simulate.reference import LARGEST
from skills.simulate.solve import method
from skills.simulate.spec import Spec
from skills.simulate.study import Study, draw_sample, study

Array = NDArray[np.float64]

POINTS = 2000  # where grids are compared
MOST_NUMBERS = 200_000_000
SOLVED = ("parameters", "indices", "outputs", "half", "error_estimate")  # a row a sample
UNSOLVED = ("failed", "reasons")


def draws(spec: Spec) -> Array:
    """(samples, parameters) a scrambled Sobol sequence in the ranges; the same for all parts."""
    low, high = np.array(list(spec.ranges.values())).T
    count = 2 ** int(np.ceil(np.log2(spec.samples)))
    return low + (high - low) * qmc.Sobol(len(low), seed=spec.seed).random(count)[: spec.samples]


def dataset(job: Job) -> None:
    """Solve this part's samples on the finest grid and the next coarser one."""
    spec: Spec = job.spec
    problem, chunk = spec.problem, spec.part[0]
    size = spec.grid ** len(problem.names) * len(problem.fields) * spec.samples
    if size > MOST_NUMBERS:
        raise UserMistake(
            f"the data set would hold {size} numbers, at most {MOST_NUMBERS}", "lower `grid` or `samples`"
        )
    every = draws(spec)
    indices = np.array_split(np.arange(spec.samples), spec.part[1])[chunk]
    rows: list[tuple[Array, Array, float]] = []
    solved, failed = [], []
    for done, index in enumerate(indices):
        job.progress(done=done, total=len(indices), message=f"sample {index}")
        try:
            found = _studied(spec, every[index])
            rows.append((*(_on_grid(spec, one.run.field) for one in found.runs[:-3:-1]), found.error_estimate))
            solved.append(index)
        except UserMistake as mistake:
            failed.append((int(index), mistake.message))
    if not rows:
        raise UserMistake(f"no sample of part {chunk} could be solved: {dict(failed)}", "narrow the ranges")
    arrays = {
        "parameters": every[solved],
        "indices": np.array(solved, dtype=np.int64),
        "outputs": np.stack([row[0] for row in rows]),
        "half": np.stack([row[1] for row in rows]),
        "error_estimate": np.array([row[2] for row in rows]),
        "failed": np.array([index for index, _ in failed], dtype=np.int64),
        "reasons": np.array([reason for _, reason in failed], dtype=np.str_),
    }
    _save(job, f"dataset-{chunk}.npz", {**arrays, **_labels(spec)})


def collect(job: Job) -> None:
    """Merge the parts of all inputs. Raises UserMistake where a sample is missing or told twice."""
    spec: Spec = job.spec
    paths = sorted(path for folder in job.inputs.values() for path in Path(folder).glob("dataset-*.npz"))
    if not paths:
        raise UserMistake("no input holds a part of the data set", "collect after steps of mode `dataset`")
    parts: list[dict[str, Array]] = []
    for path in paths:
        with np.load(path, allow_pickle=False) as held:
            parts.append({name: held[name] for name in held.files})
    merged = {name: np.concatenate([part[name] for part in parts]) for name in (*SOLVED, *UNSOLVED)}
    told = np.sort(np.concatenate([merged["indices"], merged["failed"]]))
    if not np.array_equal(told, np.arange(spec.samples)):
        raise UserMistake(
            f"the parts hold {len(told)} samples of {spec.samples}, each once is wanted", "run every part"
        )
    if not np.array_equal(merged["parameters"], draws(spec)[merged["indices"]]):
        raise UserMistake("the parts were drawn from other ranges or seeds", "use one spec for all parts")
    order = np.argsort(merged["indices"])
    arrays = {name: merged[name][order] for name in SOLVED}
    again = np.argsort(merged["failed"])
    arrays |= {name: merged[name][again] for name in UNSOLVED}
    _save(job, "dataset.npz", {**arrays, **_labels(spec)})


def _studied(spec: Spec, values: Array) -> Study:
    parameters = {**spec.problem.parameters, **dict(zip(spec.ranges, map(float, values), strict=True))}
    problem = Problem.model_validate({**spec.problem.model_dump(), "parameters": parameters})
    chosen = method(problem, spec.resolution, max(LARGEST, 4 * spec.resolution))
    sample = draw_sample(problem, spec.seed, POINTS)
    return study(chosen, sample, tolerance=spec.tolerance, steps=spec.time_steps, tell=lambda message: None)


def _on_grid(spec: Spec, field: Field) -> Array:
    """(grid of each coordinate…, fields)."""
    names = spec.problem.names
    points = grid_points(spec.problem, (spec.grid,) * len(names))
    flat = field(dict(zip(names, points.T, strict=True)))
    shape = (spec.grid,) * len(names)  # the last coordinate first, as the points run
    return np.moveaxis(flat.reshape(*shape, -1), range(len(names)), range(len(names))[::-1])


def _labels(spec: Spec) -> dict[str, Any]:
    axes = {f"axis_{axis.name}": np.linspace(axis.low, axis.high, spec.grid) for axis in spec.problem.coordinates}
    return {
        "parameter_names": np.array(list(spec.ranges)),
        "input_names": np.array(spec.problem.names),
        "output_names": np.array(spec.problem.fields),
        **axes,
    }


def _save(job: Job, name: str, arrays: dict[str, Any]) -> None:
    np.savez(job.out / name, **arrays)
    job.artifact(name, "table")
    job.claim("samples", len(arrays["indices"]), file=name)
    job.claim("failed", len(arrays["failed"]), file=name)
    job.claim("error_estimate", float(arrays["error_estimate"].max()), file=name)
    if len(arrays["failed"]):
        with (job.out / "failed.csv").open("w", newline="", encoding="utf-8") as stream:
            rows = zip(arrays["failed"].tolist(), arrays["reasons"].tolist(), strict=True)
            csv.writer(stream).writerows([("sample", "reason"), *rows])
        job.artifact("failed.csv", "table")
