"""The parts that need torch: derivatives, Jacobians, rows, and that numpy predicts what torch trained."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skills.pinn.scaling import Scaling
from skills.runtime.parabolic import Boundary
from skills.runtime.parabolic import Parabolic as Problem

from .conftest import ROOT


@pytest.fixture(scope="module")
def measured(box_python: Path) -> dict[str, Any]:
    done = subprocess.run(
        [str(box_python), str(Path(__file__).parent / "torch_parts.py")], cwd=ROOT, capture_output=True, text=True,
        check=True, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, timeout=120,
    )  # fmt: skip
    return json.loads(done.stdout)


@pytest.mark.box
def test_jacobian_and_gradient_agree_with_central_differences_for_every_kind_of_end(measured: dict[str, Any]) -> None:
    assert len(measured["derivatives"]) == 6
    assert max(measured["derivatives"].values()) < 1e-6


@pytest.mark.box
def test_the_taylor_channels_are_the_derivatives_of_the_network(measured: dict[str, Any]) -> None:
    assert max(measured["taylor"].values()) < 1e-8


@pytest.mark.box
def test_a_network_that_is_the_solution_leaves_no_residual(measured: dict[str, Any]) -> None:
    assert measured["exact_residual"] < 1e-5


@pytest.mark.box
def test_numpy_predicts_what_torch_trained(measured: dict[str, Any]) -> None:
    assert measured["numpy_difference"] < 1e-13


@pytest.mark.box
def test_held_out_points_are_no_training_points(measured: dict[str, Any]) -> None:
    assert measured["held_out_overlap"] == 0


def test_inputs_are_scaled_to_minus_one_to_one() -> None:
    scaling = Scaling.of(Problem(x=(2.0, 5.0), t=(-1.0, 0.0)))
    corners = scaling.points(np.array([2.0, 5.0]), np.array([-1.0, 0.0]))
    assert corners.tolist() == [[-1.0, -1.0], [1.0, 1.0]]


@pytest.mark.parametrize(
    ("problem", "centre", "spread"),
    [
        (Problem(initial="300+20*sin(2*pi*x)", left=Boundary(value="300"), right=Boundary(value="300")), 300, 20),
        (Problem(initial="0", right=Boundary(value="5*t")), 0, 5),
        (Problem(initial="0", source="40"), 0, 4),
    ],
)
def test_the_output_is_scaled_by_the_data_that_drive_it(problem: Problem, centre: float, spread: float) -> None:
    scaling = Scaling.of(problem)
    assert scaling.centre == pytest.approx(centre, abs=1e-3) and scaling.spread == pytest.approx(spread, rel=1e-3)


def test_scaling_survives_its_json() -> None:
    scaling = Scaling.of(Problem())
    assert Scaling.from_json(json.loads(json.dumps(scaling.as_json()))) == scaling
