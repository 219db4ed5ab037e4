"""A model as a service asks it: one object for every kind of file, opened from the folder that is delivered."""

from __future__ import annotations

import importlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.deploy.spec import Column, Spec
from skills.runtime.job import Inputs, Outputs, UserMistake

TOLD, FILES = "service.json", "files"
Answers = tuple[NDArray[np.float64], tuple[str, ...]]


@dataclass(frozen=True)
class Question:
    """What a user's model of a table is asked."""

    target: str
    task: str
    features: list[str]


class Served:
    """A model that is open. `ask` takes samples in the spec's form and gives values (n, k) with the outputs' names."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.spec = Spec.model_validate(json.loads((folder / TOLD).read_text(encoding="utf-8")))
        self._model = _opened(folder / FILES, self.spec)

    def ask_rows(self, rows: Sequence[Mapping[str, Any]]) -> Answers:
        """Rows or points by their columns' names; a missing key is a missing value."""
        if self.spec.form == "points":
            names = [column.name for column in self.spec.columns]
            return self._points(np.asarray([[row[name] for name in names] for row in rows], dtype=np.float64), names)
        return self._frame(frame_of(rows, self.spec.columns))

    def ask_arrays(self, samples: NDArray[Any]) -> Answers:
        """Samples (n, *shape)."""
        if self.spec.subject.kind != "run":
            return self._named(self._model.ask(samples, self.spec.dtype))
        name = importlib.import_module(f"skills.{self.spec.subject.skill}.rows").INPUTS
        cells = [np.ascontiguousarray(one, dtype=self.spec.dtype).tobytes() for one in samples]
        return self._of_run(pd.DataFrame({name: pd.Series(cells, dtype=object)}))

    def ask(self, inputs: Inputs) -> Answers:
        """What the host asks of the same model outside a service: rows of a file, points, or flat arrays."""
        if inputs.points is not None and self.spec.form == "array":
            return self.ask_arrays(inputs.points.reshape(len(inputs.points), *self.spec.shape))
        if inputs.points is not None:
            return self._points(inputs.points, list(inputs.names))
        assert inputs.rows is not None
        return self._frame(pd.read_parquet(inputs.rows))

    def _frame(self, frame: pd.DataFrame) -> Answers:
        kind = self.spec.subject.kind
        names = [column.name for column in self.spec.columns]
        if kind == "run":
            return self._of_run(frame)
        if kind == "torch":
            return self._named(self._model.ask(frame[names].to_numpy(dtype=np.float64), self.spec.dtype))
        opened = importlib.import_module("skills.runtime.opened")
        found = opened.ask(self._model, frame, Question(self.spec.target, self.spec.task, names), self.spec.subject)
        return found.values, found.names

    def _of_run(self, frame: pd.DataFrame) -> Answers:
        """A skill reads its rows from a file; their order is its own, so that the ids bring them back."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "rows.parquet"
            frame.assign(row_id=np.arange(len(frame), dtype=np.int64)).to_parquet(path)
            found: Outputs = self._model(self.folder / FILES, Inputs(rows=path), "delivered")
        assert found.row_ids is not None
        return found.values[np.argsort(found.row_ids, kind="stable")], tuple(found.names)

    def _points(self, points: NDArray[np.float64], names: list[str]) -> Answers:
        found: Outputs = self._model(self.folder / FILES, Inputs(points=points, names=tuple(names)), "delivered")
        return found.values, tuple(found.names)

    def _named(self, values: NDArray[np.float64]) -> Answers:
        target = self.spec.target or "output"
        one = values.shape[1] == 1
        return values, (target,) if one else tuple(f"{target}_{place}" for place in range(values.shape[1]))


def frame_of(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column]) -> pd.DataFrame:
    """The rows as a table, typed as the data was: numbers float64 with NaN where missing, times as datetime64."""
    made: dict[str, Any] = {}
    for column in columns:
        cells = [row.get(column.name) for row in rows]
        if column.type == "time":
            made[column.name] = pd.to_datetime(pd.Series(cells, dtype=object), format="ISO8601")
        elif column.type == "integer":
            whole = all(cell is not None for cell in cells)
            made[column.name] = pd.Series(cells, dtype="int64" if whole else "float64")
        elif column.type == "boolean" and all(cell is not None for cell in cells):
            made[column.name] = pd.Series(cells, dtype="bool")
        else:
            made[column.name] = pd.Series(cells, dtype="float64" if column.type == "number" else object)
    return pd.DataFrame(made)


def file_of(folder: Path, spec: Spec) -> Path:
    return folder / f"model{Path(spec.subject.name).suffix.lower()}"


def _opened(folder: Path, spec: Spec) -> Any:
    subject = spec.subject
    if subject.kind == "run":
        return importlib.import_module(f"skills.{subject.skill}.main").predict
    path = file_of(folder, spec)
    if subject.kind == "torch":
        module = folder / "module.py"
        opener = importlib.import_module("skills.runtime.torch_files").open_torch
        return opener(path, module if module.is_file() else None, subject.name)
    return importlib.import_module("skills.runtime.opened").open_model(path, subject)


def check_outputs(values: NDArray[np.float64]) -> None:
    """Raises: UserMistake where the model gives no number: JSON has no word for NaN."""
    bad = int((~np.isfinite(values)).any(axis=1).sum())
    if bad:
        raise UserMistake(f"the model gives NaN or infinity for {bad} of {len(values)} samples", "give other inputs")
