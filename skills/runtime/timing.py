"""How long a model's `predict` takes: our own clock around the skill's code, in a fresh box."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import Inputs, UserMistake, write_json

Seconds = NDArray[np.float64]
LONGEST_S = 20.0  # of one batch size of one variant; repeats end there, but not before LEAST of them
LEAST = 3


@dataclass(frozen=True)
class Timing:
    """Wall time of one call with `batch` rows: median and 95th percentile over `repeats`, and what follows from it.

    `first_ms` is the first call of that variant and batch in this process, with all that it loads and compiles;
    `cpu_ms` the median CPU time of a call, all threads; `throughput` is rows a second at the median.
    """

    variant: str
    batch: int
    median_ms: float
    p95_ms: float
    cpu_ms: float
    throughput: float
    first_ms: float
    repeats: int


def time_job(raw: dict[str, Any], out: Path) -> None:
    """Write times.json: one timing for every variant and batch size of the job's spec.

    The spec holds `batches`, `repeats` and `warmups`; the inputs are those of a predict job. A batch is the first rows
    of the inputs, again from the start where they are too few.
    """
    told, entry = raw.get("spec", {}), raw["models"]["subject"]
    main = importlib.import_module(f"skills.{entry['skill']}.main")
    inputs = {name: Path(path) for name, path in raw["inputs"].items()}
    repeats, warmups = int(told.get("repeats", 30)), int(told.get("warmups", 3))
    found = []
    for batch in told.get("batches", [1, 1024]):
        some = batch_of(inputs, int(batch), out, str(raw.get("device", "cpu")))
        for variant in raw.get("variants") or ["delivered"]:
            call = _call(main, Path(entry["path"]), some, variant)
            found.append(asdict(measured(call, variant, int(batch), repeats, warmups)))
    told = {"threads": int(raw.get("threads", 1)), "device": str(raw.get("device", "cpu")), "timings": found}
    write_json(out / "times.json", told)


def measured(call: Callable[[], object], variant: str, batch: int, repeats: int, warmups: int) -> Timing:
    """Time a call `repeats` times after the first one and some that do not count."""
    first, _ = _clocked(call)
    for _ in range(warmups):
        call()
    spent: list[tuple[float, float]] = []
    started = time.perf_counter()
    while len(spent) < repeats and (len(spent) < LEAST or time.perf_counter() - started < LONGEST_S):
        spent.append(_clocked(call))
    wall, cpu = np.array(spent).T
    median = float(np.median(wall))
    return Timing(
        variant, batch, 1e3 * median, 1e3 * float(np.quantile(wall, 0.95)), 1e3 * float(np.median(cpu)),
        batch / max(median, 1e-9), 1e3 * first, len(spent),
    )  # fmt: skip


def batch_of(inputs: dict[str, Path], batch: int, out: Path, device: str = "cpu") -> Inputs:
    """The first `batch` rows of a predict job's inputs. Raises UserMistake where there is none."""
    if "rows" in inputs:
        pandas: Any = importlib.import_module("pandas")
        frame = pandas.read_parquet(inputs["rows"])
        if not len(frame):
            raise UserMistake("there are no rows to time a prediction with")
        frame = frame.iloc[np.arange(batch) % len(frame)].reset_index(drop=True)
        frame["row_id"] = np.arange(batch)
        path = out / f"rows-{batch}.parquet"
        frame.to_parquet(path)
        return Inputs(rows=path, device=device)
    with np.load(inputs["points"], allow_pickle=False) as held:
        points, names = np.asarray(held["inputs"], dtype=np.float64), held["input_names"]
        if not len(points):
            raise UserMistake("there are no points to time a prediction with")
        some = points[np.arange(batch) % len(points)]
        return Inputs(points=some, names=tuple(str(name) for name in names), device=device)


def _clocked(call: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.perf_counter() - wall, time.process_time() - cpu


def _call(main: Any, model: Path, inputs: Inputs, variant: str) -> Callable[[], object]:
    return lambda: main.predict(model, inputs, variant)
