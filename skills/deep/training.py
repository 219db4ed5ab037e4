"""Trains one network: early stopping, gradients clipped and recorded, a loss that is no number caught."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from skills.deep.augment import augmented
from skills.deep.checkpoint import Checkpoint
from skills.deep.course import Course, Curve, Weights
from skills.deep.networks import build
from skills.deep.optimizers import optimizer_for, rate_of
from skills.deep.schedules import FALL, WAIT, share_of
from skills.deep.spec import Spec

AT_ONCE = 512  # samples in a forward pass without gradients
MOST_RECOVERIES = 5
LOOK = {"cpu": 1, "cuda": 32}  # steps between two looks at their losses, for which a GPU has to be waited for
FALLS = 1e-4  # a lower held-out loss by this share counts
LEAST_EPOCHS = 8  # fewer show no plateau
SETTLED = 0.01  # share of its whole fall that a loss on its plateau falls in the last quarter, at most

Report = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Part:
    """Scaled samples (n, *shape) and targets: float32 for regression, places of classes else."""

    samples: Tensor
    target: Tensor

    @classmethod
    def of(cls, samples: NDArray[np.float32], target: NDArray[Any], spec: Spec, device: str = "cpu") -> Part:
        kind = np.float32 if spec.task == "regression" else np.int64
        both = torch.from_numpy(np.ascontiguousarray(samples)), torch.from_numpy(target.astype(kind))
        return cls(*(one.to(device) for one in both))


@dataclass(frozen=True)
class Task:
    """One training. `name` is its part of the checkpoint and, with the seed, decides all that is drawn in it.

    Both parts and the weights of the classes lie on `device`.
    """

    family: str
    spec: Spec
    name: str
    seed: int
    outputs: int
    learn: Part
    held: Part
    class_weights: Tensor | None = None
    report: Report = lambda epoch, epochs, loss: None
    device: str = "cpu"


@dataclass(frozen=True)
class Trained:
    """The weights of the lowest held-out loss, the curves over epochs, and why training stopped."""

    family: str
    outputs: int
    weights: Weights
    reason: str
    at: int
    limit: int
    rate: float
    recoveries: int
    curves: dict[str, Curve] = field(default_factory=dict)

    @property
    def parameters(self) -> int:
        return sum(value.numel() for value in self.weights.values())


def train(task: Task, checkpoint: Checkpoint) -> Trained:
    """To the end, from where the checkpoint left it."""
    torch.manual_seed(seed_of(task, "weights"))
    network = build(task.family, task.spec, task.outputs).to(task.device)
    course = Course.begin(network, optimizer_for(task.spec, network))
    if (known := checkpoint.recall(task.name)) is not None:
        course.recall(known)
    reason = _ended(task.spec, course)
    while not reason:
        _epoch(task, course)
        checkpoint.note(task.name, course.arrays())
        task.report(course.epoch, task.spec.epochs, course.curves["validation_loss"][-1][1])
        reason = _ended(task.spec, course)
    checkpoint.forget(task.name)
    best = {name: value.cpu() for name, value in course.best.items()}
    return Trained(
        task.family, task.outputs, best, reason, course.epoch, task.spec.epochs, rate_of(task.spec),
        course.recoveries, course.curves,
    )  # fmt: skip


def forward(network: nn.Module, samples: Tensor) -> Tensor:
    """Outputs (n, k) without gradients, in batches of one size, on the network's device."""
    network.eval()
    device = next(network.parameters()).device
    with torch.no_grad():
        parts = (samples[at : at + AT_ONCE].to(device) for at in range(0, len(samples), AT_ONCE))
        return torch.cat([network(part) for part in parts])


def seed_of(task: Task, what: str) -> int:
    digest = hashlib.sha256(f"{task.seed}|{task.name}|{what}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def loss_of(task: Task, outputs: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy; for numbers the squared error, or the absolute one where that is the metric."""
    if task.spec.task != "regression":
        return functional.cross_entropy(outputs, target, weight=task.class_weights)
    if task.spec.metric in ("mae", "median_ae"):
        return functional.l1_loss(outputs[:, 0], target)
    return functional.mse_loss(outputs[:, 0], target)


def _ended(spec: Spec, course: Course) -> str:
    """Why training ends here; empty where it goes on.

    At the bound of epochs it is `plateau` where the last quarter brought less than 1 % of the whole fall of the lowest
    held-out loss.
    """
    if course.recoveries > MOST_RECOVERIES:
        return "diverged"
    if course.epoch - course.best_epoch >= spec.patience:
        return "early_stopping"
    if course.epoch < spec.epochs:
        return ""
    held = [value for _, value in course.curves["validation_loss"]]
    if len(held) < LEAST_EPOCHS:
        return "limit"
    early = min(held[: 3 * len(held) // 4])
    return "plateau" if early - min(held) <= SETTLED * (held[0] - min(held)) else "limit"


def _epoch(task: Task, course: Course) -> None:
    """One pass over the training part. A loss or gradient that is no number undoes the pass and halves the rate."""
    held = course.snapshot()
    torch.manual_seed(seed_of(task, f"epoch {course.epoch} {course.recoveries}"))
    course.network.train()
    order = torch.randperm(len(task.learn.samples)).to(task.device)
    batches = [part for part in order.split(task.spec.batch) if len(part) > 1]
    look = LOOK[task.device]
    made, waiting, rate = [], [], 0.0
    for place, chosen in enumerate(batches):
        done, steps = course.epoch * len(batches) + place, task.spec.epochs * len(batches)
        rate = rate_of(task.spec) * course.factor * share_of(task.spec, done, steps)
        waiting.append(_step(task, course, chosen, rate))
        if len(waiting) < look and place + 1 < len(batches):
            continue
        made += torch.stack(waiting).tolist()
        waiting = []
        if not np.isfinite(made[-look:]).all():
            course.restore(held)
            course.factor *= FALL
            course.recoveries += 1
            made = []
            break
    course.epoch += 1
    outputs = forward(course.network, task.held.samples)
    reached = float(loss_of(task, outputs, task.held.target))
    found = {"validation_loss": reached, "rate": rate}
    if made:
        losses, norms = zip(*made, strict=True)
        found |= {"loss": float(np.mean(losses)), "gradient_norm": float(np.mean(norms))}
    for name, value in found.items():
        course.curves[name].append([course.epoch, value if math.isfinite(value) else float("nan")])
    _note(task.spec, course, reached)


def _step(task: Task, course: Course, chosen: Tensor, rate: float) -> Tensor:
    """Loss and gradient norm before clipping (2,), still on the device: reading them would wait for it."""
    for group in course.optimizer.param_groups:
        group["lr"] = rate
    samples = augmented(task.learn.samples[chosen], task.spec.augment)
    course.optimizer.zero_grad(set_to_none=True)
    loss = loss_of(task, course.network(samples), task.learn.target[chosen])
    loss.backward()  # type: ignore[no-untyped-call]
    bound = task.spec.clip or float("inf")
    norm = nn.utils.clip_grad_norm_(course.network.parameters(), bound)
    course.optimizer.step()
    return torch.stack((loss.detach(), norm))


def _note(spec: Spec, course: Course, reached: float) -> None:
    """Keep the weights where the held-out loss fell; under the schedule `plateau` halve the rate where it did not."""
    if reached < course.best_loss * (1 - FALLS if course.best_loss > 0 else 1):
        course.best_loss, course.best_epoch, course.waited = reached, course.epoch, 0
        course.best = {name: value.detach().clone() for name, value in course.network.state_dict().items()}
        return
    course.waited += 1
    if spec.schedule == "plateau" and course.waited >= max(1, spec.patience // WAIT):
        course.factor *= FALL
        course.waited = 0
