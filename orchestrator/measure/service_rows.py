"""What the host asks a service: sealed rows of a run, rows of a file, or draws from the schema; and bad requests."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import JsonValue

from orchestrator.core.plan import Plan
from orchestrator.core.values import Value
from orchestrator.data.fields import rows_of
from orchestrator.data.readers import read_table
from orchestrator.data.split import SplitRecord

MOST_ROWS, MOST_ARRAYS = 500, 64
WRONG = "no such value"
Told = dict[str, Any]


class Asked(Value):
    """The same samples twice: as JSON for the service, and as the file that the model outside it is given."""

    samples: tuple[dict[str, JsonValue], ...]
    inputs: dict[str, Path]
    whence: str


def asked_of(plan: Plan, told: Told, split: SplitRecord | None, folder: Path, seed: int) -> Asked:
    """`told` is the service's own description of its requests."""
    folder.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(seed)
    if told["form"] == "array":
        return _arrays(told, split, folder, draw)
    if told["form"] == "points":
        return _points(told["columns"], folder, draw)
    names = [column["name"] for column in told["columns"]]
    if split is not None:
        frame, whence = pd.read_parquet(split.test_inputs).head(MOST_ROWS), "the run's sealed rows"
    elif plan.evaluated is not None and plan.evaluated.trained_on:
        path = Path(plan.evaluated.trained_on)
        frame, whence = _spelt(read_table(path).frame, names).head(MOST_ROWS), f"rows of {path.name}"
    else:
        frame, whence = _drawn(told["columns"], draw), "rows that the host drew from the schema"
    frame = frame[names].reset_index(drop=True).assign(row_id=np.arange(len(frame), dtype=np.int64))
    frame.to_parquet(folder / "rows.parquet")
    samples = rows_of(frame, told["columns"])
    return Asked(samples=tuple(samples), inputs={"rows": folder / "rows.parquet"}, whence=whence)


def bad_requests(told: Told, sample: dict[str, JsonValue]) -> list[dict[str, str]]:
    """Requests that must be refused with a status of 4xx, and what the refusal must name."""
    key = "inputs" if told["form"] == "array" else next(
        (column["name"] for column in told["columns"] if not column["optional"]), told["columns"][0]["name"]
    )  # fmt: skip
    wrong: JsonValue = 0.5 if _type_of(told, key) in ("text", "time") else WRONG
    cases: list[tuple[str, str, Any, str]] = [
        ("a wrong type", "/predict", {**sample, key: wrong}, key),
        ("an unknown field", "/predict", {**sample, "no_such_field": 1}, "no_such_field"),
        ("an empty batch", "/predict/batch", {"samples": []}, "samples"),
        ("a batch too large", "/predict/batch", {"samples": [sample] * (told["batch"] + 1)}, "samples"),
        ("a list in place of an object", "/predict", [1], "body"),
    ]
    if told["form"] == "array" or not all(column["optional"] for column in told["columns"]):
        cases.append(("a missing field", "/predict", {k: v for k, v in sample.items() if k != key}, key))
    if told["form"] == "array":
        longer = copy.deepcopy(sample["inputs"])
        assert isinstance(longer, list), "a sample has at least one axis"
        cases.append(("a wrong shape", "/predict", {"inputs": [*longer, longer[0]]}, "inputs"))
    made = [{"what": w, "path": path, "body": json.dumps(body), "field": field} for w, path, body, field in cases]
    return [*made, {"what": "no JSON", "path": "/predict", "body": "{", "field": "body"}]


def _type_of(told: Told, key: str) -> str:
    return next((str(column["type"]) for column in told["columns"] if column["name"] == key), "number")


def _arrays(told: Told, split: SplitRecord | None, folder: Path, draw: np.random.Generator) -> Asked:
    shape, dtype = tuple(told["shape"]), np.dtype(told["dtype"])
    if split is not None:
        frame = pd.read_parquet(split.test_inputs).head(MOST_ARRAYS)
        cells = frame.drop(columns="row_id").iloc[:, 0]
        values = np.stack([np.frombuffer(cell, dtype=dtype).reshape(shape) for cell in cells])
        frame.assign(row_id=np.arange(len(frame), dtype=np.int64)).to_parquet(folder / "rows.parquet")
        inputs, whence = {"rows": folder / "rows.parquet"}, "the run's sealed samples"
    else:
        size = (MOST_ARRAYS, *shape)
        values = draw.integers(0, 256, size) if dtype == np.uint8 else draw.normal(size=size).astype(np.float32)
        flat = values.reshape(len(values), -1).astype(np.float64)
        inputs = {"points": _write_points(folder, flat, [f"x{place}" for place in range(flat.shape[1])])}
        whence = "samples that the host drew"
    samples = tuple({"inputs": one.tolist()} for one in values)
    return Asked(samples=samples, inputs=inputs, whence=whence)


def _points(columns: list[Told], folder: Path, draw: np.random.Generator) -> Asked:
    names = [str(column["name"]) for column in columns]
    low, high = (np.asarray([column[end] for column in columns], dtype=float) for end in ("low", "high"))
    points = draw.uniform(low, high, (MOST_ROWS, len(names)))
    samples: list[dict[str, JsonValue]] = [dict(zip(names, map(float, point), strict=True)) for point in points]
    return Asked(
        samples=tuple(samples), inputs={"points": _write_points(folder, points, names)}, whence="points of the domain"
    )


def _write_points(folder: Path, points: NDArray[np.float64], names: list[str]) -> Path:
    path = folder / "points.npz"
    np.savez(path, inputs=points, input_names=np.asarray(names, dtype=np.str_))
    return path


def _spelt(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """LightGBM writes blanks in names as underscores."""
    return frame.rename(columns={str(c): str(c).replace(" ", "_") for c in frame.columns if c not in names})


def _drawn(columns: list[Told], draw: np.random.Generator) -> pd.DataFrame:
    """Numbers within the range that is known, else standard normal; words and times are the example's."""
    made: dict[str, Any] = {}
    for column in columns:
        low, high = column.get("low"), column.get("high")
        if column["type"] in ("number", "integer"):
            found = draw.normal(size=MOST_ROWS) if low is None or high is None else draw.uniform(low, high, MOST_ROWS)
            made[column["name"]] = np.floor(found).astype(np.int64) if column["type"] == "integer" else found
        elif column["type"] == "boolean":
            made[column["name"]] = draw.integers(0, 2, MOST_ROWS).astype(bool)
        else:
            made[column["name"]] = [column.get("example") or "a"] * MOST_ROWS
    return pd.DataFrame(made)
