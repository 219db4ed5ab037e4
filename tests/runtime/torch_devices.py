"""Run by the box's Python: what can be seen of computing on a GPU where there is none, as one JSON object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

from skills.deep import main as deep
from skills.deep import training
from skills.deep.checkpoint import Checkpoint
from skills.pinn.network import Network
from skills.pinn.normal import Normal, NormalOnCard
from skills.pinn.rows import Rows
from skills.pinn.setting import Setting
from skills.runtime import devices
from skills.runtime.job import Job, UserMistake
from skills.runtime.problem import Problem
from skills.runtime.seeds import settle_torch
from tests.deep.torch_parts import halves, spec, task
from tests.pinn.problems import HEAT

FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
LIBRARY = RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`")


def settings() -> dict[str, Any]:
    torch.backends.cudnn.allow_tf32 = True
    torch.set_float32_matmul_precision("high")
    settle_torch()
    return {
        "tf32": [torch.backends.cudnn.allow_tf32, torch.get_float32_matmul_precision()],
        "deterministic": torch.are_deterministic_algorithms_enabled(),
    }


def told(device: str, error: Exception) -> str:
    """What comes of an error while computing on a device."""
    try:
        with devices.memory(device, "take less"):
            raise error
    except UserMistake as mistake:
        return f"{mistake.message} | {mistake.remedy}"
    except Exception as other:  # noqa: BLE001 (any is told)
        return type(other).__name__


def looks() -> dict[str, Any]:
    """Trainings that look at their losses at every step, and seldom: the same weights, and the same recoveries."""
    images, target = halves()
    wild = spec([1, 6, 6], task="regression", metric="rmse", epochs=12, clip=0.0)
    found, usual = [], training.LOOK
    for often in (1, 3):
        training.LOOK = {"cpu": often}
        calm = training.train(task(spec([1, 6, 6], epochs=6), "cnn", images, target), Checkpoint())
        lost = training.train(task(wild, "mlp", images, np.where(target, 1e30, -1e30)), Checkpoint())
        found.append((calm, lost))
    training.LOOK = usual
    once, seldom = found
    return {
        "same": [
            json.dumps(one.curves["loss"]) == json.dumps(other.curves["loss"])
            and all(torch.equal(one.weights[key], other.weights[key]) for key in one.weights)
            for one, other in zip(once, seldom, strict=True)
        ],
        "recoveries": [once[1].recoveries, seldom[1].recoveries],
    }


def places() -> dict[str, Any]:
    """Where tensors are made: the parts of a training, and all rows of a problem."""
    images, target = halves()
    part = training.Part.of(images, target, spec([1, 6, 6]), "meta")
    setting = Setting.of(Problem.model_validate(HEAT), 10.0)
    rows = setting.rows(setting.points(0, 1, 32), 8)
    moved = rows.on("meta")
    return {
        "part": [part.samples.device.type, part.target.device.type],
        "rows": sorted({tensor.device.type for tensor in tensors(moved)}),
        "count": [len(tensors(one)) for one in (rows, moved)],
        "untouched": sorted({tensor.device.type for tensor in tensors(rows)}), "same": rows.on("cpu") is rows,
    }  # fmt: skip


def tensors(rows: Rows) -> list[torch.Tensor]:
    found: list[Any] = []
    for block in rows.blocks:
        found += [block.inputs, block.factors]
        for one in (segment for layer in block.layers for segment in layer):
            found += [one.weights, *one.columns.values(), *one.fixed.values()]
    return [one for one in found if isinstance(one, torch.Tensor)]


def solvers() -> list[float]:
    """The two ways to a damped step, for more and for fewer rows than parameters; and where no damping helps."""
    found = []
    setting = Setting.of(Problem.model_validate(HEAT), 10.0)
    rows = setting.rows(setting.points(0, 1, 64), 8)
    for width in (4, 40):
        network = Network((setting.frame.width, width, 1))
        residuals, jacobian = rows.jacobian(network, network.initial(0))
        both = [one.of(jacobian).factored(1e-6)[0](residuals) for one in (Normal, NormalOnCard)]
        found.append(float((both[0] - both[1]).norm() / both[0].norm()))
    lost = NormalOnCard.of(torch.full((3, 2), torch.nan, dtype=torch.float64)).factored(1.0)[0](torch.zeros(3))
    return [*found, float(torch.isnan(lost).all())]


def without(folder: Path) -> str:
    """The deep skill in a box that was leased a GPU which torch cannot use."""
    job = Job("deep", spec([1, 6, 6]), {"train": folder / "none.parquet"}, {}, folder, device="cuda")
    try:
        deep.work(job)
    except UserMistake as mistake:
        return f"{mistake.message} | {mistake.remedy}"
    return "it went on"


if __name__ == "__main__":
    measured = {
        "settings": settings(), "looks": looks(), "places": places(), "solvers": solvers(),
        "full": told("cuda", FULL), "library": told("cuda", LIBRARY), "another": told("cuda", ValueError("no")),
        "processor": told("cpu", FULL), "card": devices.card(), "cpu": devices.checked("cpu"),
        "without": "" if torch.cuda.is_available() else without(Path("/nowhere")),
    }  # fmt: skip
    print(json.dumps(measured))
