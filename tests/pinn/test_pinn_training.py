"""Training through the job contract: accuracy on closed forms, the baseline, same seed same bits, honest refusals."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.core.values import sha256_file

from .conftest import ROOT, Box, Field, grid, relative_l2

pytestmark = pytest.mark.box

NEUMANN = {"kind": "neumann"}
PERIODIC = {"kind": "periodic"}


def heat(points: np.ndarray) -> np.ndarray:
    x, t = points.T
    return np.sin(np.pi * x) * np.exp(-0.4 * np.pi**2 * t)


def parabola(points: np.ndarray) -> np.ndarray:
    """u(x, 0) = x (1 - x): its sine series, 400 terms."""
    x, t = points.T
    terms = (
        8 / (np.pi * n) ** 3 * np.sin(n * np.pi * x) * np.exp(-0.4 * (n * np.pi) ** 2 * t) for n in range(1, 800, 2)
    )
    return sum(terms, np.zeros(len(points)))


def drifting(points: np.ndarray) -> np.ndarray:
    x, t = points.T
    return np.exp(-0.1 * (2 * np.pi) ** 2 * t) * np.sin(2 * np.pi * (x + t))


def insulated(points: np.ndarray) -> np.ndarray:
    x, t = points.T
    return 0.5 + np.cos(np.pi * x) * np.exp(-0.4 * np.pi**2 * t)


@pytest.fixture(scope="module")
def trained(box: Box, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    done = box("work", tmp_path_factory.mktemp("heat") / "out", seed=1)
    assert done.code == 0, done.output
    return done


def test_the_heat_equation_is_solved_to_one_in_a_hundred_thousand(trained: Any, field: Field) -> None:
    points = grid()
    assert relative_l2(field(trained.out / "model", points), heat(points)) < 1e-5


def test_the_same_network_without_the_equation_is_far_off(trained: Any, field: Field) -> None:
    points = grid()
    assert relative_l2(field(trained.out / "model", points, "data_only"), heat(points)) > 1e-2


def test_the_history_says_how_the_loss_fell_and_why_training_stopped(trained: Any) -> None:
    history = trained.json("history.json")
    loss = [value for _, value in history["series"]["loss"]]
    assert len(loss) >= 2 and loss[-1] < 1e-6 * loss[0]
    assert history["stopped"]["reason"] == "tolerance" and history["stopped"]["at"] < history["stopped"]["limit"]
    assert history["schedule"]


def test_the_same_seed_trains_the_same_bits_and_another_seed_other_ones(trained: Any, box: Box, tmp_path: Path) -> None:
    again, other = (box("work", tmp_path / str(seed), seed=seed).out for seed in (1, 2))
    first, second, third = (sha256_file(out / "model" / "parameters.npz") for out in (trained.out, again, other))
    assert first == second != third


@pytest.mark.parametrize(
    ("problem", "truth", "bound"),
    [
        ({"left": NEUMANN, "right": NEUMANN, "initial": "0.5+cos(pi*x)"}, insulated, 1e-5),
        ({"left": PERIODIC, "right": PERIODIC, "initial": "sin(2*pi*x)", "diffusion": "0.1", "advection": "1"},
         drifting, 1e-5),
        ({"initial": "x*(1-x)"}, parabola, 1e-4),
    ],
    ids=["neumann", "periodic with drift", "contradicting corners"],
)  # fmt: skip
def test_other_ends_and_data_are_solved_too(
    box: Box, field: Field, tmp_path: Path, problem: dict[str, Any], truth: Any, bound: float
) -> None:
    done = box("work", tmp_path / "out", spec={"problem": problem}, seed=3)
    assert done.code == 0, done.output
    points = grid()
    assert relative_l2(field(done.out / "model", points), truth(points)) < bound


@pytest.mark.parametrize(
    ("spec", "fall"),
    [
        ({"hidden": [10, 10], "iterations": 40, "interior": 256}, 1e-5),
        ({"hidden": [10], "optimizer": "adam", "iterations": 400, "learning_rate": 0.02, "interior": 256}, 0.3),
    ],
)
def test_the_other_optimizers_lower_the_loss_too(box: Box, tmp_path: Path, spec: dict[str, Any], fall: float) -> None:
    done = box("work", tmp_path / "out", spec=spec)
    assert done.code == 0, done.output
    loss = [value for _, value in done.json("history.json")["series"]["loss"]]
    assert loss[-1] < fall * loss[0]
    assert done.json("model/network.json")["widths"] == [2, *spec["hidden"], 1]


def test_predicting_needs_no_torch(trained: Any, box: Box, tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('torch was loaded')")
    np.savez(tmp_path / "points.npz", inputs=grid(count=5), input_names=np.array(["x", "t"]))
    done = box(
        "predict", tmp_path / "out", tmp_path, inputs={"points": str(tmp_path / "points.npz")},
        models={"subject": {"skill": "pinn", "path": str(trained.out / "model")}},
    )  # fmt: skip
    assert done.code == 0, done.output
    with np.load(done.out / "features.npz") as held:
        assert np.abs(held["features"]).max() == 1.0


def test_columns_are_found_by_their_names(trained: Any, box: Box, tmp_path: Path) -> None:
    points = grid(count=7)
    model = {"subject": {"skill": "pinn", "path": str(trained.out / "model")}}
    outputs = []
    for name, order in (("xt", [0, 1]), ("tx", [1, 0])):
        np.savez(tmp_path / f"{name}.npz", inputs=points[:, order], input_names=np.array(list(name)))
        done = box("predict", tmp_path / name, inputs={"points": str(tmp_path / f"{name}.npz")}, models=model)
        with np.load(done.out / "predictions.npz") as held:
            outputs.append(held["outputs"])
    assert np.array_equal(*outputs)


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"hidden": [8, 8], "optimizer": "least_squares"}, "least_squares trains one hidden layer"),
        ({"hidden": [1]}, "hidden"),
        ({"problem": {"diffusion": "-0.4"}}, "not positive"),
        ({"problem": {"source": "sqrt(x-0.00001)"}}, "not finite"),
        ({"epochs": 3}, "epochs"),
    ],
)
def test_what_cannot_be_trained_is_told_to_the_user(box: Box, tmp_path: Path, spec: dict[str, Any], told: str) -> None:
    done = box("work", tmp_path / "out", spec=spec)
    assert done.code == 42, done.output
    assert told in done.json("error.json")["message"]


def test_a_variant_that_is_not_there_is_told(trained: Any, box: Box, tmp_path: Path) -> None:
    np.savez(tmp_path / "points.npz", inputs=grid(count=3), input_names=np.array(["x", "t"]))
    done = box(
        "predict", tmp_path / "out", inputs={"points": str(tmp_path / "points.npz")}, variants=["best"],
        models={"subject": {"skill": "pinn", "path": str(trained.out / "model")}},
    )  # fmt: skip
    assert done.code == 42 and "no variant 'best'" in done.json("error.json")["message"]


def test_the_schema_is_the_specs(box_python: Path) -> None:
    made = subprocess.run(
        [str(box_python), "-m", "skills.runtime", "schema", "pinn"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == (ROOT / "skills/pinn/spec.schema.json").read_text()
