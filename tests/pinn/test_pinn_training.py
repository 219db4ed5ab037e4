"""Training through the job contract: accuracy on closed forms, the baseline, same seed same bits, honest refusals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.core.values import sha256_file

from . import problems
from .conftest import ROOT, Box, Field, grid, relative_l2

pytestmark = pytest.mark.box


@pytest.fixture(scope="module")
def trained(box: Box, tmp_path_factory: pytest.TempPathFactory):  # type: ignore[no-untyped-def]
    done = box("work", tmp_path_factory.mktemp("heat") / "out", seed=1)
    assert done.code == 0, done.output
    return done


def test_the_heat_equation_is_solved_to_one_in_a_hundred_thousand(trained: Any, field: Field) -> None:
    points = grid()
    assert relative_l2(field(trained.out / "model", points), problems.heat(points)) < 1e-5


def test_the_same_network_without_the_equation_is_far_off(trained: Any, field: Field) -> None:
    points = grid()
    assert relative_l2(field(trained.out / "model", points, "data_only"), problems.heat(points)) > 1e-2


def test_the_history_says_how_the_loss_fell_and_why_training_stopped(trained: Any) -> None:
    history = trained.json("history.json")
    loss = [value for _, value in history["series"]["loss"]]
    assert len(loss) >= 2 and loss[-1] < 1e-6 * loss[0]
    assert history["stopped"]["reason"] == "tolerance" and history["stopped"]["at"] < history["stopped"]["limit"]
    assert history["schedule"]
    assert not (trained.out / "checkpoint.npz").exists()


def test_the_same_seed_trains_the_same_bits_and_another_seed_other_ones(trained: Any, box: Box, tmp_path: Path) -> None:
    again, other = (box("work", tmp_path / str(seed), seed=seed).out for seed in (1, 2))
    first, second, third = (sha256_file(out / "model" / "parameters.npz") for out in (trained.out, again, other))
    assert first == second != third


@pytest.mark.parametrize(
    ("problem", "truth", "bound"),
    [
        (problems.INSULATED, problems.insulated, 1e-5),
        (problems.DRIFTING, problems.drifting, 1e-5),
        (problems.WAVE, problems.wave, 1e-5),
        (problems.CORNERED, problems.cornered, 5e-4),
    ],
    ids=["neumann", "periodic with drift", "wave", "contradicting corners"],
)
def test_other_equations_ends_and_data_are_solved_too(
    box: Box, field: Field, tmp_path: Path, problem: dict[str, Any], truth: Any, bound: float
) -> None:
    done = box("work", tmp_path / "out", spec={"problem": problem, "tolerance": bound}, seed=3)
    assert done.code == 0, done.output
    points = grid()
    assert relative_l2(field(done.out / "model", points), truth(points)) < bound


def test_gauss_newton_solves_a_nonlinear_equation_in_chained_windows(box: Box, field: Field, tmp_path: Path) -> None:
    spec = {"problem": problems.BURGERS, "optimizer": "gauss_newton", "windows": 2, "hidden": [12, 12],
            "interior": 400, "iterations": 40, "tolerance": 1e-3}  # fmt: skip
    done = box("work", tmp_path / "out", spec=spec)
    assert done.code == 0, done.output
    points = grid(low=(-1.0, 0.01))
    assert relative_l2(field(done.out / "model", points), problems.burgers(points)) < 2e-3
    assert {"loss", "held_out_loss", "damping"} <= set(done.json("history.json")["series"])
    assert len(done.json("model/network.json")["variants"]["delivered"]) == 2


def test_a_system_of_ordinary_equations_is_marched_through_in_windows(box: Box, field: Field, tmp_path: Path) -> None:
    done = box("work", tmp_path / "out", spec={"problem": problems.LOTKA_VOLTERRA, "tolerance": 1e-6})
    assert done.code == 0, done.output
    times = np.linspace(0, 3, 301)
    found = field(done.out / "model", times[:, None], names=("t",))
    assert found.shape == (301, 2)
    assert relative_l2(found, problems.lotka_volterra(times)) < 1e-5


@pytest.mark.parametrize(
    ("spec", "fall"),
    [
        ({"hidden": [10, 10], "iterations": 40, "interior": 256}, 1e-5),
        ({"hidden": [10], "optimizer": "adam", "iterations": 400, "learning_rate": 0.02, "interior": 256}, 0.3),
        ({"hidden": [10], "optimizer": "soap", "iterations": 400, "learning_rate": 0.02, "interior": 256}, 0.1),
        (
            {"hidden": [10], "optimizer": "quasi_newton", "iterations": 300, "interior": 256, "learning_rate": 0.02},
            1e-2,
        ),
        ({"hidden": [80, 80], "iterations": 6, "interior": 64, "edge": 16}, 0.5),
    ],
    ids=["gauss_newton", "adam", "soap", "quasi_newton", "iterative"],
)
def test_the_other_optimizers_lower_the_loss_too(box: Box, tmp_path: Path, spec: dict[str, Any], fall: float) -> None:
    done = box("work", tmp_path / "out", spec=spec)
    assert done.code == 0, done.output
    loss = [value for _, value in done.json("history.json")["series"]["loss"]]
    assert loss[-1] < fall * loss[0]
    assert done.json("model/network.json")["variants"]["delivered"][0]["widths"] == [2, *spec["hidden"], 1]


def observations(path: Path, *, noise: float, told: float, seed: int = 0) -> Path:
    """80 noisy values of the heat equation's solution, one of them missing."""
    generator = np.random.default_rng(seed)
    points = generator.random((80, 2))
    values = problems.heat(points) + noise * generator.normal(size=80)
    values[3] = np.nan
    np.savez(path, inputs=points[:, ::-1], input_names=np.array(["t", "x"]), outputs=values[:, None],
             output_names=np.array(["u"]), noise=told)  # fmt: skip
    return path


def test_an_unknown_coefficient_is_found_from_noisy_data_with_its_uncertainty(box: Box, tmp_path: Path) -> None:
    data = observations(tmp_path / "observations.npz", noise=0.01, told=float("nan"))
    problem = {**problems.HEAT, "equations": ["u_t - D*u_xx"], "unknown": {"D": {"low": 0.05, "high": 2, "guess": 1}}}
    done = box("work", tmp_path / "out", spec={"problem": problem}, inputs={"observations": str(data)})
    assert done.code == 0, done.output
    posterior = done.json("posterior.json")
    spread = posterior["covariance"][0][0] ** 0.5
    assert posterior["names"] == ["D"] and posterior["level"] == 0.95
    assert 1e-4 < spread < 0.02
    assert abs(posterior["mean"][0] - 0.4) < 4 * spread
    assert posterior["noise"] == pytest.approx(0.01, rel=0.3)
    claims = {one["name"]: one["value"] for one in done.json("claims.json")}
    assert claims["D"] == posterior["mean"][0] and claims["D.std"] == pytest.approx(spread)


RESUMED = {"problem": problems.BURGERS, "optimizer": "gauss_newton", "windows": 2, "interior": 600, "iterations": 40,
            "tolerance": 1e-9, "checkpoint_s": 0.0}  # fmt: skip


def test_a_training_that_was_cut_off_goes_on_to_the_same_bits(box: Box, box_python: Path, tmp_path: Path) -> None:
    whole = box("work", tmp_path / "whole", spec=RESUMED)
    assert whole.code == 0, whole.output
    out, job = tmp_path / "cut", tmp_path / "cut-job.json"
    job.write_text(
        json.dumps({"skill": "pinn", "out": str(out), "inputs": {}, "seed": 0, "threads": 1, "spec": RESUMED})
    )
    running = subprocess.Popen(
        [str(box_python), "-m", "skills.runtime", "work", str(job)], cwd=ROOT, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while not (out / "checkpoint.npz").exists() and time.monotonic() < end:
        time.sleep(0.01)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    assert (out / "checkpoint.npz").exists() and not (out / "model").exists()
    done = box("work", tmp_path / "resumed", spec=RESUMED, inputs={"checkpoint": str(out)})
    assert done.code == 0, done.output
    assert "race" in whole.output and "race: careful" not in done.output  # the first window's race is not run again
    widths = [one["widths"] for one in done.json("model/network.json")["variants"]["delivered"]]
    assert all(width[:2] == [2, 20] and width[2] > 20 for width in widths)  # their last hidden layers were widened
    names = ("model/parameters.npz", "history.json")
    assert [sha256_file(done.out / name) for name in names] == [sha256_file(whole.out / name) for name in names]


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
        ({"problem": {**problems.HEAT, "equations": ["u_t - u_xx - sqrt(x-0.00001)"]}}, "not finite"),
        ({"problem": problems.KOVASZNAY, "windows": 3}, "windows of time"),
        ({"problem": {**problems.HEAT, "equations": ["u_t - D*u_xx"],
                      "unknown": {"D": {"low": 0, "high": 1, "guess": 0.5}}}}, "without observations"),
        ({"epochs": 3}, "epochs"),
    ],
)  # fmt: skip
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
