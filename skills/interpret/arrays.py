"""Explains a network on arrays: which cells of a sample move its output, and where a transformer looks."""

from __future__ import annotations

import importlib
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.interpret.spec import Spec
from skills.runtime.job import Job

Array = NDArray[np.float64]


def gradients(job: Job) -> dict[str, object]:
    """gradients.npz. The baseline is the mean of the training samples."""
    from skills.interpret.gradients import integrated  # captum takes seconds to load

    started = time.process_time()
    network, shown, ids, baseline = _chosen(job, "")
    found = integrated(network, shown, baseline)
    np.savez(
        job.out / "gradients.npz",
        values=found.values,
        base=found.base,
        outputs=found.outputs,
        classes=found.classes,
        baseline=found.baseline,
        samples=shown,
        row_ids=ids,
        variant=np.array([network.name], dtype=np.str_),
        output_names=np.array(network.classes or (job.spec.target,), dtype=np.str_),
    )
    job.artifact("gradients.npz", "table")
    job.claim("gradients_cpu_s", time.process_time() - started, "s")
    told = {"network": network.name, "delivered": network.delivered, "rows": len(ids), "steps": found.steps}
    return {**told, "baseline": "mean training sample", "where": "training rows"}


def attention(job: Job) -> dict[str, object]:
    """attention.npz, of the transformer; the mean of the heads, layer by layer.

    Where attention goes is not yet what the output rests on: Jain & Wallace (2019), arXiv:1902.10186.
    """
    import torch  # a table's explanation has no need of it

    network, shown, ids, _ = _chosen(job, "transformer")
    maps, received = network.attention(torch.from_numpy(shown))
    np.savez(
        job.out / "attention.npz", maps=maps.numpy(), received=received.numpy(), samples=shown, row_ids=ids
    )  # fmt: skip
    job.artifact("attention.npz", "table")
    told = {"network": network.name, "delivered": network.delivered, "rows": len(ids), "where": "training rows"}
    return {**told, "layers": int(maps.shape[1]), "tokens": int(maps.shape[2])}


def _chosen(job: Job, family: str) -> tuple[Any, Array, NDArray[np.int64], Array]:
    """(network, explained samples, their ids, baseline). Raises: UserMistake where there is no such network."""
    spec: Spec = job.spec
    model = job.models[spec.model]
    inside = importlib.import_module(f"skills.{model.skill}.opened")
    network = inside.opened(model.path, family)
    samples, ids = inside.samples_of(job.inputs["train"], network.spec)
    places = np.sort(np.random.default_rng([spec.seed, 1]).permutation(len(samples))[: spec.rows])
    baseline = samples.mean(axis=0).astype(np.float32).astype(np.float64)  # as `predict` is given it
    return network, samples[places], ids[places], baseline
