"""One run of the skill `pinn`, as a box does it, with the box's Python.

`python -m against_deepxde.ours ORDER.json OUT.json`

The clock starts after the imports and ends when the job is done, its data-only baseline and its files included.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

import skills.pinn
from against_deepxde.cases import coefficient_error, relative_l2
from against_deepxde.clock import Clock
from skills.runtime import verbs
from skills.runtime.job import Inputs

MISSING = 1e300  # JSON knows no infinity


def _import_everything() -> None:
    for module in pkgutil.iter_modules(skills.pinn.__path__):
        importlib.import_module(f"skills.pinn.{module.name}")
    for name in ("scipy.linalg", "scipy.stats.qmc", "sympy"):
        importlib.import_module(name)
    torch.optim.Adam([torch.zeros(1, requires_grad=True)])  # the first optimizer imports half of torch


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def _coefficients(out: Path) -> dict[str, float]:
    posterior = _read(out / "posterior.json") or {"names": [], "mean": []}
    return dict(zip(posterior["names"], posterior["mean"], strict=True))


def _observations(truth: Any, problem: dict[str, Any], folder: Path) -> dict[str, str]:
    if "seen" not in truth:
        return {}
    path = folder / "observations.npz"
    names = [axis["name"] for axis in problem["coordinates"]]
    np.savez(
        path, inputs=truth["seen"], input_names=names, outputs=truth["seen_values"], output_names=problem["fields"],
        noise=np.nan,
    )  # fmt: skip
    return {"observations": str(path)}


def run(order: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The CPU and wall seconds, the errors, why it stopped; `failed` says why there are none."""
    truth, problem, out = dict(np.load(order["truth"])), order["problem"], folder / "out"
    torch.set_num_threads(1)
    raw = {
        "skill": "pinn", "spec": {"problem": problem, **order["spec"]}, "models": {}, "out": str(out),
        "inputs": _observations(truth, problem, folder), "seed": order["spec"].get("seed", 0), "threads": 1,
    }  # fmt: skip
    load = os.getloadavg()[0]
    clock = Clock()
    code = verbs.run("work", raw)
    cpu, wall = clock.seconds
    history = _read(out / "history.json") or {}
    found: dict[str, Any] = {
        "cpu_s": cpu, "wall_s": wall, "load": load, "stopped": history.get("stopped"),
        "schedule": history.get("schedule"),
        "claims": {claim["name"]: claim["value"] for claim in _read(out / "claims.json") or []},
    }  # fmt: skip
    if code != 0:
        told = _read(out / "error.json") or {"message": f"exit code {code}; the log says why"}
        return {**found, "failed": told["message"], "error": MISSING}
    names = tuple(axis["name"] for axis in problem["coordinates"])
    main = importlib.import_module("skills.pinn.main")
    outputs = main.predict(out / "model", Inputs(points=truth["points"], names=names), "delivered")
    columns = [list(outputs.names).index(name) for name in problem["fields"]]
    field_error = relative_l2(np.asarray(outputs.values)[:, columns], truth["values"])
    coefficients = _coefficients(out)
    wrong = coefficient_error(coefficients, order.get("unknown", {}))
    error = min(max(field_error, wrong), MISSING)
    return {**found, "error": error, "field_error": min(field_error, MISSING), "coefficients": coefficients}


def main(order: str, out: str) -> None:
    _import_everything()
    target = Path(out)
    target.write_text(json.dumps(run(_read(Path(order)), target.parent)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
