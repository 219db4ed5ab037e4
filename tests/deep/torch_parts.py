"""Run by the box's Python: measures parts of the deep skill that need torch, and prints what it found as one object."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import torch

from skills.deep.augment import augmented
from skills.deep.candidates import fit, outputs
from skills.deep.checkpoint import Checkpoint
from skills.deep.compare import choose
from skills.deep.folds import cut, held_out
from skills.deep.networks import build
from skills.deep.optimizers import Lion
from skills.deep.rows import Rows
from skills.deep.scale import Scaler, flattened
from skills.deep.schedules import share_of
from skills.deep.spec import Augment, Spec
from skills.deep.training import Part, Task, Trained, forward, loss_of, train
from skills.runtime.scoring.table_metrics import classified

SHAPES = ([3, 9, 7], [2, 150], [13])
SMALL: dict[str, Any] = {
    "target": "y", "task": "binary", "metric": "log_loss", "hidden": [8], "channels": [4], "width": 8, "heads": 2,
    "layers": 1, "batch": 16,
}  # fmt: skip


def spec(shape: list[int], **changes: Any) -> Spec:
    return Spec.model_validate({**SMALL, "shape": shape, **changes})


def halves(count: int = 64, *, noise: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Images whose brighter half, left or right, is their class."""
    generator = np.random.default_rng(0)
    target = np.arange(count) % 2
    images = noise * generator.normal(size=(count, 1, 6, 6))
    images[target == 0, :, :, :3] += 1
    images[target == 1, :, :, 3:] += 1
    return images.astype(np.float32), target


def task(told: Spec, family: str, images: np.ndarray, target: np.ndarray, name: str = "part") -> Task:
    parts = (Part.of(images[part], target[part], told) for part in (slice(0, 48), slice(48, None)))
    return Task(family, told, name, 0, 1 if told.task == "regression" else 2, *parts)


def lion() -> dict[str, float]:
    """Three steps against the paper's program in numpy."""
    weight = torch.nn.Parameter(torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64))
    optimizer = Lion([weight], lr=0.1, weight_decay=0.2)
    ours, momentum = weight.detach().numpy().copy(), np.zeros(3)
    for step in range(3):
        gradient = np.array([1.0, -2.0, 0.01]) * (-0.7) ** step
        weight.grad = torch.from_numpy(gradient.copy())
        optimizer.step()
        update = np.sign(0.9 * momentum + 0.1 * gradient)
        ours = ours * (1 - 0.1 * 0.2) - 0.1 * update
        momentum = 0.99 * momentum + 0.01 * gradient
    return {"difference": float(np.abs(weight.detach().numpy() - ours).max()), "moved": float(np.abs(ours).max())}


def schedules() -> dict[str, list[float]]:
    return {
        name: [share_of(spec([4], schedule=name, warmup=0.1), step, 101) for step in range(101)]
        for name in ("cosine", "one_cycle", "plateau", "constant")
    }


def networks() -> dict[str, Any]:
    """Of every family on every kind of sample: the outputs' shape, and weights that no gradient reaches."""
    found = {}
    for shape in SHAPES:
        for family in ("mlp", "cnn", "lstm", "transformer"):
            torch.manual_seed(0)
            network = build(family, spec(shape, channels=[4, 6, 8]), 3)
            told = network(torch.randn(5, *shape))
            told.square().sum().backward()
            dead = [name for name, one in network.named_parameters() if one.grad is None or not one.grad.any()]
            found[f"{family} {len(shape)}"] = {"shape": list(told.shape), "dead": [n for n in dead if "bias" not in n]}
    return found


def changes() -> dict[str, Any]:
    ramp = torch.arange(6.0).repeat(2000, 1, 6, 1)
    torch.manual_seed(0)
    shifted, flipped = augmented(ramp, Augment(shift=2)), augmented(ramp, Augment(flip=True))
    noisy = augmented(ramp, Augment(noise=0.5)) - ramp
    moves = (ramp - shifted)[:, 0, 3, 2]
    return {
        "moves": sorted(set(moves.tolist())),
        "edges": [float(shifted.min()), float(shifted.max())],
        "flipped": float((flipped[:, 0, 0, 0] == 5).float().mean()),
        "noise": float(noisy.std()),
        "untouched": bool(torch.equal(augmented(ramp, Augment()), ramp)),
        "source kept": bool(torch.equal(ramp, torch.arange(6.0).repeat(2000, 1, 6, 1))),
    }


def learns() -> dict[str, Any]:
    """Every family tells the halves apart; the kept weights are those of the lowest held-out loss."""
    images, target = halves()
    found = {}
    for family in ("mlp", "cnn", "lstm", "transformer"):
        told = spec([1, 6, 6], epochs=25, learning_rate=0.01)
        own = task(told, family, images, target, family)
        trained = train(own, Checkpoint())
        held = [value for _, value in trained.curves["validation_loss"]]
        network = build(family, told, 2)
        network.load_state_dict(trained.weights)
        kept = float(loss_of(own, forward(network, own.held.samples), own.held.target))
        found[family] = {
            "losses": [held[0], min(held), kept], "norms": [n for _, n in trained.curves["gradient_norm"]],
        }  # fmt: skip
    return found


def stopping() -> dict[str, Any]:
    """Labels that nothing tells: training stops early, long before its bound."""
    images, _ = halves()
    noise = np.random.default_rng(1).integers(0, 2, size=len(images))
    trained = train(task(spec([1, 6, 6], epochs=200, patience=5), "mlp", images, noise), Checkpoint())
    short = train(task(spec([1, 6, 6], epochs=2, learning_rate=1e-4), "mlp", *halves()), Checkpoint())
    return {"reason": trained.reason, "at": trained.at, "short": short.reason}


def numbers() -> dict[str, Any]:
    """A loss that overflows: the weights stay finite, the rate falls, and what happened is told."""
    images, target = halves()
    told = spec([1, 6, 6], task="regression", metric="rmse", epochs=30, clip=0.0)
    wild = train(task(told, "mlp", images, np.where(target, 1e30, -1e30)), Checkpoint())
    return {
        "finite": all(bool(torch.isfinite(value).all()) for value in wild.weights.values()),
        "recoveries": wild.recoveries,
        "reason": wild.reason,
    }


class Cut(Exception):
    """Raised where the job is cut off."""


def resumed() -> dict[str, bool]:
    """A training cut off after three epochs and gone on with ends with the same bits, whatever its optimizer."""
    images, target = halves(noise=2.0)
    found = {}
    for optimizer, schedule in (("adamw", "cosine"), ("sgd", "plateau"), ("lion", "one_cycle")):
        augment = {"shift": 1, "flip": True, "noise": 0.1}
        told = spec([1, 6, 6], epochs=7, optimizer=optimizer, schedule=schedule, patience=3, augment=augment)
        whole = train(task(told, "cnn", images, target), Checkpoint())
        held = Checkpoint()

        def cut_off(epoch: int, epochs: int, loss: float) -> None:
            if epoch == 3:
                raise Cut

        own = task(told, "cnn", images, target)
        try:
            train(Task(own.family, told, own.name, 0, 2, own.learn, own.held, None, cut_off), held)
        except Cut:
            again = train(own, held)
            found[optimizer] = equal(whole, again) and not held.parts
    return found


def equal(one: Trained, other: Trained) -> bool:
    same = all(torch.equal(one.weights[name], other.weights[name]) for name in one.weights)
    return same and one.curves == other.curves and one.reason == other.reason


def scaling() -> dict[str, Any]:
    generator = np.random.default_rng(2)
    samples = (5 + 3 * generator.normal(size=(50, 2, 8, 8))).astype(np.float32)
    samples[:, 1] = 7
    scaled = Scaler.fitted(samples)(samples)
    large = generator.normal(size=(3, 3, 64, 48)).astype(np.float32)
    return {
        "mean": float(abs(scaled[:, 0].mean())), "deviation": float(scaled[:, 0].std()),
        "flat": float(np.abs(scaled[:, 1]).max()), "cells": flattened(large).shape[1],
        "kept": bool(np.array_equal(flattened(scaled), scaled.reshape(50, -1))),
    }  # fmt: skip


def parts_of_rows() -> dict[str, Any]:
    """Folds and rows to stop on: groups stay together, classes are on both sides, time goes forward."""
    target = np.array([0] * 50 + [1] * 10)
    rows = Rows(np.zeros((60, 4), dtype=np.float32), target, ("a", "b"), np.arange(60) // 5)
    found: dict[str, Any] = {}
    for kind in ("kfold", "stratified", "group", "time"):
        column = {"column": "g"} if kind == "group" else {}
        told = spec([4], cv={"kind": kind, "folds": 3, **column})
        shuffled = Rows(rows.samples, target[np.random.default_rng(0).permutation(60)], rows.classes, rows.groups)
        own = shuffled if kind == "time" else rows
        folds = cut(told, own, 0)
        groups = own.groups if own.groups is not None else target
        found[kind] = {
            "tested": sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(60)),
            "apart": all(not set(fold.train) & set(fold.test) for fold in folds),
            "groups apart": all(not set(groups[fold.train]) & set(groups[fold.test]) for fold in folds),
            "rare": [int((own.target[fold.test] == 1).sum()) for fold in folds],
            "forward": all(fold.train.max() < fold.test.min() for fold in folds),
        }
        learn, held = held_out(told, own, folds[0].train, 0)
        found[kind] |= {
            "stop rows": sorted([*learn, *held]) == sorted(folds[0].train.tolist()) and len(held) > 0,
            "stop groups apart": not set(groups[learn]) & set(groups[held]),
        }
    single = cut(spec([4], cv={"kind": "stratified", "single_above": 30}), rows, 0)
    found["single"] = [len(single), len(single[0].test)]
    return found


def choices() -> dict[str, Any]:
    """A little better by chance is no reason for the complex model; clearly better is."""
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 2, size=300)
    told = [str(one) for one in truth]

    def guess(errors: int) -> Any:
        wrong = truth.copy()
        wrong[:errors] = 1 - wrong[:errors]
        probability = np.stack([1 - wrong, wrong], axis=1) * 0.8 + 0.1
        return classified(told, probability, ("0", "1"))

    found = {}
    for name, errors in (("chance", (150, 40, 38)), ("clear", (150, 60, 12)), ("worse", (150, 20, 90))):
        subjects = dict(zip(("dummy", "linear", "cnn"), map(guess, errors), strict=True))
        choice = choose(subjects, np.arange(300), metric="accuracy", higher=True, seed=0)
        found[name] = [choice.delivered, choice.best, choice.reason, [line.chosen for line in choice.lines]]
    return found


def uneven() -> dict[str, float]:
    """With balanced weights a rare class is found more often."""
    generator = np.random.default_rng(4)
    target = (np.arange(200) % 10 == 0).astype(int)
    samples = (generator.normal(size=(200, 6)) + 1.0 * target[:, None]).astype(np.float32)
    rows, found = Rows(samples, target, ("0", "1"), None), {}
    for weights in ("none", "balanced"):
        told = spec([6], class_weights=weights, epochs=15, learning_rate=0.01)
        fitted = fit("mlp", told, rows, np.arange(200), "mlp", 0, Checkpoint(), lambda a, b, c: None)
        found[weights] = float((outputs(fitted, told, samples)[target == 1, 1] > 0.5).mean())
    return found


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    measured = {
        one.__name__: one()
        for one in (
            lion, schedules, networks, changes, learns, stopping, numbers, resumed, scaling, parts_of_rows, choices,
            uneven,
        )
    }  # fmt: skip
    print(json.dumps(measured, default=lambda value: value.item() if hasattr(value, "item") else math.nan))
