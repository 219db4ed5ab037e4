"""JAX in the box: a physics-informed network, a network for a table, or a trained network made quick."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.job import Inputs, Job, Outputs

__all__ = ["features", "predict", "work"]


def work(job: Job) -> None:
    """Do what the spec's mode names; JAX is imported here, predicting a field needs numpy alone.

    Programs for quick inference are exported for the processor, where they are measured and served.
    """
    device = "cpu" if job.spec.mode == "inference" else job.device
    importlib.import_module("skills.jax.settle").settle(device)
    importlib.import_module(WORKERS[job.spec.mode]).work(job)


def predict(model: Path, inputs: Inputs, variant: str) -> Outputs:
    return _reader(model).predict(model, inputs, variant)


def features(model: Path, inputs: Inputs) -> NDArray[np.float64]:
    return np.asarray(_reader(model).features(model, inputs))


WORKERS = {"pinn": "skills.jax.field", "table": "skills.jax.table", "inference": "skills.jax.inference"}
READERS = {"field": "skills.jax.model", "table": "skills.jax.table_model", "quick": "skills.jax.quick_model"}


def _reader(model: Path) -> Any:
    kind = json.loads((model / "network.json").read_text(encoding="utf-8"))["kind"]
    return importlib.import_module(READERS[kind])
