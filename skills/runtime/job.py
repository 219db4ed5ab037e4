"""One job in a box: what a skill is given, and how it hands things back."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.seeds import settle_torch

KINDS = ("model", "predictions", "reference", "figure", "table", "report", "log", "service")

Array = NDArray[np.float64]
Predictor = Callable[["Inputs", str], "Outputs"]


class UserMistake(Exception):
    """Raised when the user's data or wish must change; the host shows `message` and `remedy`, not a traceback."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


@dataclass(frozen=True)
class Inputs:
    """What to predict at: `points` (n, d) with their `names` for fields, or a Parquet file of `rows` for tables.

    The rows hold the feature columns and `row_id` (int64), in no promised order. `device` is where to compute ("cuda"
    where the box has a GPU); a skill that uses none may overlook it.
    """

    points: Array | None = None
    names: tuple[str, ...] = ()
    rows: Path | None = None
    device: str = "cpu"

    def column(self, name: str) -> Array:
        """One column of `points`, by its name."""
        if self.points is None or name not in self.names:
            raise UserMistake(f"the inputs have no column {name!r}, they have {list(self.names)}")
        return self.points[:, self.names.index(name)]


@dataclass(frozen=True)
class Outputs:
    """Predictions: `values` (n, k) in physical units (class probabilities for classification), one name a column.

    `row_ids` (n,) says which rows they belong to; tables must give it, fields leave it out.
    """

    values: Array
    names: tuple[str, ...]
    row_ids: NDArray[np.int64] | None = None


@dataclass(frozen=True)
class Model:
    """A finished step's model, as this box sees it."""

    skill: str
    path: Path

    def predictor(self) -> Predictor:
        """`predict` of the skill that made the model; that skill's folder must be in the box too."""
        main = importlib.import_module(f"skills.{self.skill}.main")
        settle_torch()
        return lambda inputs, variant="delivered": main.predict(self.path, inputs, variant)


@dataclass
class Job:
    """The spec (parsed), the inputs, and the out folder. Claims and artifacts are written as they come in."""

    skill: str
    spec: Any
    inputs: Mapping[str, Path]
    models: Mapping[str, Model]
    out: Path
    seed: int = 0
    threads: int = 1
    device: str = "cpu"  # "cuda" where a GPU was leased for this box (it is then the only one that can be seen)
    _claims: list[dict[str, Any]] = field(default_factory=list)
    _artifacts: list[dict[str, str]] = field(default_factory=list)

    @property
    def model_folder(self) -> Path:
        """`out/model`, made on first use."""
        folder = self.out / "model"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def claim(self, name: str, value: float, unit: str = "", file: str = "") -> None:
        """State a number; `file` (relative to out) is where it comes from. A claim must be finite."""
        if not np.isfinite(value):
            raise ValueError(f"claim {name!r} is {value}, which is no number to state")
        self._claims.append({"name": name, "value": float(value), "unit": unit, "file": file})
        write_json(self.out / "claims.json", self._claims)

    def artifact(self, path: str | Path, kind: str) -> None:
        """Register a file or folder below out for the answer."""
        if kind not in KINDS:
            raise ValueError(f"artifact kind {kind!r} is none of {', '.join(KINDS)}")
        relative = Path(path)
        if relative.is_absolute():
            relative = relative.relative_to(self.out)
        if not (self.out / relative).exists():
            raise ValueError(f"artifact {relative.as_posix()!r} is not below out")
        self._artifacts.append({"path": relative.as_posix(), "kind": kind})
        write_json(self.out / "artifacts.json", self._artifacts)

    def progress(
        self, *, done: float | None = None, total: float | None = None, loss: float | None = None, message: str = "",
        place: int | None = None, value: float | None = None,
    ) -> None:  # fmt: skip
        """Print one progress line for the host.

        In a trial of a search, `value` is what its objective stands at, and `place` (1, 2, ...) how far it has come: a
        trial that falls behind others at the same place may be stopped.
        """
        told = {"done": done, "total": total, "loss": _finite(loss), "message": message}
        told |= {"place": place, "value": _finite(value)}
        sys.stdout.write(f"::mlexpert:: {json.dumps({k: v for k, v in told.items() if v not in (None, '')})}\n")
        sys.stdout.flush()

    def variants(self, names: Sequence[str]) -> None:
        """Write model/variants.json: what `predict` accepts, "delivered" first, then baselines."""
        if not names or names[0] != "delivered":
            raise ValueError("the first variant must be 'delivered'")
        write_json(self.model_folder / "variants.json", list(names))

    def history(
        self,
        series: Mapping[str, Sequence[Sequence[float]]],
        *,
        reason: str,
        at: int,
        limit: int,
        schedule: str = "",
        x: str = "iteration",
    ) -> None:
        """Write history.json: curves of (x, value) pairs and why training stopped."""
        stopped = {"reason": reason, "at": at, "limit": limit}
        curves = {name: [[float(a), _finite(b)] for a, b in points] for name, points in series.items()}
        write_json(
            self.out / "history.json",
            {"x": x, "series": curves, "stopped": stopped, "schedule": schedule},
        )

    def model(self, name: str) -> Predictor:
        """A callable `(Inputs, variant="delivered") -> Outputs` for a finished step's model."""
        if name not in self.models:
            raise UserMistake(
                f"there is no model {name!r} here, only {sorted(self.models)}", "name a step that this step needs"
            )
        return self.models[name].predictor()


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON; NaN and infinity are refused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def _finite(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(value)
