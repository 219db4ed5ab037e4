"""A skill that exists for the runtime's tests: draws numbers, or fails in the way it is told."""

import random
from pathlib import Path

import numpy as np

from skills.runtime.job import Inputs, Job, Outputs, UserMistake


def work(job: Job) -> None:
    if job.spec.do == "mistake":
        raise UserMistake("column 'y' is empty", "fill it")
    if job.spec.do == "crash":
        raise ZeroDivisionError("the skill is broken")
    if job.spec.do == "ask":
        predicted = job.model("train")(Inputs(np.array([[2.0]]), ("x",)), "delivered")
        job.claim("asked", float(predicted.values[0, 0]))
        return
    drawn = [random.random(), *np.random.random_sample(job.spec.size)]
    np.save(job.model_folder / "drawn.npy", drawn)
    job.variants(["delivered", "zero"])
    job.artifact("model", "model")
    job.progress(done=1, total=2, loss=float("nan"), message="half way")
    job.history({"loss": [(0, 1.0), (1, float("nan"))]}, reason="tolerance", at=1, limit=5)
    job.claim("first", drawn[0], "m", "model/drawn.npy")


def predict(model: Path, inputs: Inputs, variant: str) -> Outputs:
    slope = np.load(model / "drawn.npy")[0] if variant == "delivered" else 0.0
    if variant == "ragged":
        return Outputs(np.zeros((1, 1)), ("u",))
    return Outputs(slope * inputs.column("x")[:, None], ("u",))


def features(model: Path, inputs: Inputs) -> np.ndarray:
    return inputs.column("x")[:, None] / 10
