"""Writes and reads a model's files: networks as plain arrays, linear models and forests as scikit-learn keeps them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import torch

from skills.deep.candidates import Fitted
from skills.deep.scale import Scaler
from skills.deep.spec import Spec
from skills.deep.training import Trained
from skills.runtime.job import UserMistake, write_json


@dataclass(frozen=True)
class Model:
    """What `model.json` tells; `half_width` of a regression's prediction interval, None where there is none."""

    spec: Spec
    delivered: str
    names: tuple[str, ...]
    half_width: float | None


def save(folder: Path, spec: Spec, fitted: dict[str, Fitted], delivered: str, half_width: float | None) -> None:
    """model.json, and NAME.npz or NAME.joblib with NAME.json for every candidate."""
    told = {
        "spec": spec.model_dump(mode="json"),
        "delivered": delivered,
        "names": list(fitted),
        "half_width": half_width,
    }
    write_json(folder / "model.json", told)
    for name, one in fitted.items():
        known: dict[str, Any] = {"classes": list(one.classes), "centre": one.centre, "spread": one.spread}
        arrays = {"scaler/mean": one.scaler.mean, "scaler/deviation": one.scaler.deviation}
        if one.network is not None:
            known |= {"family": one.network.family, "outputs": one.network.outputs}
            arrays |= {f"weights/{key}": value.numpy() for key, value in one.network.weights.items()}
        else:
            joblib.dump(one.model, folder / f"{name}.joblib", compress=3)
        np.savez(folder / f"{name}.npz", **arrays)
        write_json(folder / f"{name}.json", known)


def load_model(folder: Path) -> Model:
    told = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    return Model(Spec.model_validate(told["spec"]), told["delivered"], tuple(told["names"]), told["half_width"])


def load_fitted(folder: Path, model: Model, variant: str) -> Fitted:
    """A candidate by its name, or the delivered one. Raises: UserMistake where there is no such variant."""
    name = model.delivered if variant == "delivered" else variant
    if name not in model.names:
        known = ", ".join(("delivered", *model.names))
        raise UserMistake(f"there is no variant {variant!r}", f"known are {known}")
    known = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    with np.load(folder / f"{name}.npz", allow_pickle=False) as held:
        arrays = {key: held[key] for key in held.files}
    scaler = Scaler(arrays["scaler/mean"], arrays["scaler/deviation"])
    classes = tuple(known["classes"])
    if "family" not in known:
        kept = joblib.load(folder / f"{name}.joblib")
        return Fitted(name, kept, scaler, classes, "", 0, 0, "", known["centre"], known["spread"])
    weights = {
        key.removeprefix("weights/"): torch.from_numpy(value)
        for key, value in arrays.items()
        if key.startswith("weights/")
    }
    trained = Trained(known["family"], known["outputs"], weights, "", 0, 0, 0.0, 0)
    return Fitted(name, trained, scaler, classes, "", 0, 0, "", known["centre"], known["spread"])
