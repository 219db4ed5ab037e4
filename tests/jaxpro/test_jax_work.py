"""The three modes through the job contract, on problems and tables that compile and train in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.values import sha256_file
from tests.boxed import Box, Boxed, runner

pytestmark = pytest.mark.box

HEAT: dict[str, Any] = {
    "coordinates": [{"name": "x", "low": 0, "high": 1}, {"name": "t", "low": 0, "high": 1}],
    "fields": ["u"],
    "equations": ["u_t - a*u_xx"],
    "parameters": {"a": 0.4},
    "conditions": [
        {"at": {"t": 0}, "equations": ["u - sin(pi*x)"]},
        {"at": {"x": 0}, "equations": ["u"]},
        {"at": {"x": 1}, "equations": ["u"]},
    ],
}
SMALL = {"hidden": [8, 8], "interior": 128, "condition_points": 32, "iterations": 60}


@pytest.fixture(scope="module")
def box(box_python: Path) -> Box:
    return runner(box_python)


@pytest.fixture(scope="module")
def trained(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Boxed:
    return field(box, tmp_path_factory.mktemp("heat") / "out", HEAT, 1)


def field(box: Box, out: Path, problem: dict[str, Any], seed: int, **more: Any) -> Boxed:
    done = box("work", out, skill="jax", spec={"mode": "pinn", "problem": problem, "seed": seed, **SMALL}, **more)
    assert done.code == 0, done.output
    return done


def asked(box: Box, folder: Path, model: Path, *variants: str) -> dict[str, np.ndarray]:
    points = np.random.default_rng(0).uniform(size=(500, 2))
    np.savez(folder / "points.npz", inputs=points[:, ::-1], input_names=np.array(["t", "x"]))
    models = {"subject": {"skill": "jax", "path": str(model)}}
    inputs = {"points": str(folder / "points.npz")}
    done = box("predict", folder / "predicted", inputs=inputs, models=models, variants=list(variants))
    assert done.code == 0, done.output
    files = {name: done.out / f"predictions-{name}.npz" for name in variants[1:]}
    files[variants[0]] = done.out / "predictions.npz"
    found = {}
    for name, path in files.items():
        with np.load(path) as held:
            found[name] = held["outputs"][:, 0]
    return {"truth": np.sin(np.pi * points[:, 0]) * np.exp(-0.4 * np.pi**2 * points[:, 1]), **found}


def error(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.linalg.norm(found - truth) / np.linalg.norm(truth))


def test_the_heat_equation_is_solved_and_the_network_without_it_is_far_off(
    trained: Boxed, box: Box, tmp_path: Path
) -> None:
    found = asked(box, tmp_path, trained.out / "model", "delivered", "data_only")
    assert error(found["delivered"], found["truth"]) < 2e-3
    assert error(found["data_only"], found["truth"]) > 1e-1
    told = trained.json("history.json")
    assert {"loss", "held_out_loss", "damping"} <= set(told["series"]) and told["schedule"]
    assert {"loss", "held_out_loss", "parameters", "training_cpu_s", "compile_s"} <= set(trained.claims)


def test_the_same_seed_trains_the_same_bits(trained: Boxed, box: Box, tmp_path: Path) -> None:
    again = field(box, tmp_path / "again", HEAT, 1)
    first, second = (sha256_file(done.out / "model" / "parameters.npz") for done in (trained, again))
    assert first == second


def test_a_trained_network_is_exported_and_says_the_same_from_its_program(
    trained: Boxed, box: Box, tmp_path: Path
) -> None:
    models = {"train": {"skill": "jax", "path": str(trained.out / "model")}}
    spec = {"mode": "inference", "batches": [200], "points": 400, "repeats": 3}
    quick = box("work", tmp_path / "quick", skill="jax", spec=spec, models=models)
    assert quick.code == 0, quick.output
    table = pd.read_csv(quick.out / "inference.csv")
    assert set(table["variant"]) == {"float64", "float32", "numpy", "torch"} and table["delivered"].sum() == 1
    assert quick.claims["export_difference"] < 1e-14 and 1e-9 < quick.claims["float32_difference"] < 1e-4
    found = asked(box, tmp_path, quick.out / "model", "delivered", "numpy", "torch", "float32")
    for name, bound in (("numpy", 1e-13), ("torch", 1e-13), ("float32", 1e-4)):
        assert error(found[name], found["delivered"]) < bound
    assert error(found["delivered"], found["truth"]) < 2e-3


def test_an_unknown_coefficient_is_found_within_its_uncertainty(box: Box, tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    times = draw.uniform(0, 2, size=(100, 1))
    np.savez(
        tmp_path / "observations.npz", inputs=times, input_names=np.array(["t"]), noise=0.02,
        outputs=np.exp(-0.8 * times) + 0.02 * draw.normal(size=(100, 1)), output_names=np.array(["u"]),
    )  # fmt: skip
    problem = {
        "coordinates": [{"name": "t", "low": 0, "high": 2}], "fields": ["u"], "equations": ["u_t + k*u"],
        "conditions": [{"at": {"t": 0}, "equations": ["u - 1"]}], "unknown": {"k": {"low": 0.1, "high": 5, "guess": 2}},
    }  # fmt: skip
    done = field(box, tmp_path / "out", problem, 0, inputs={"observations": str(tmp_path / "observations.npz")})
    share = (times * np.exp(-0.8 * times)) ** 2
    expected = 0.02 / np.sqrt(share.sum())  # of the least-squares fit of the exact solution
    assert done.claims["k.std"] == pytest.approx(expected, rel=0.2)
    assert abs(done.claims["k"] - 0.8) < 3 * expected
    assert done.json("posterior.json")["names"] == ["k"]


def test_a_small_flax_network_learns_a_table_and_its_interval_holds(box: Box, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"x": draw.uniform(-2, 2, size=240), "k": draw.choice(["a", "b"], size=240)})
    frame["y"] = 3 + np.abs(frame["x"]) * np.where(frame["k"] == "a", 2, -2) + 0.05 * draw.normal(size=240)
    frame["row_id"] = range(240)
    frame[:200].to_parquet(tmp_path / "train.parquet")
    frame[200:].drop(columns="y").to_parquet(tmp_path / "test.parquet")
    spec = {"mode": "table", "target": "y", "numeric": ["x"], "categorical": ["k"], "hidden": [16]}
    spec |= {"dropout": 0, "batch": 16, "learning_rate": 0.01, "iterations": 300}
    done = box("work", tmp_path / "out", skill="jax", spec=spec, inputs={"train": str(tmp_path / "train.parquet")})
    assert done.code == 0, done.output
    model = {"subject": {"skill": "jax", "path": str(done.out / "model")}}
    made = box("predict", tmp_path / "p", models=model, inputs={"rows": str(tmp_path / "test.parquet")})
    with np.load(made.out / "predictions.npz") as held:
        found, names = held["outputs"], list(held["output_names"])
    truth = frame["y"][200:].to_numpy()
    assert names == ["y", "y.low", "y.high"] and error(found[:, 0], truth) < 0.1
    assert np.mean((found[:, 1] <= truth) & (truth <= found[:, 2])) > 0.7
    assert 0 < done.claims["cv_rmse"] < 0.6 * truth.std()
