"""References: as exact as they say, on problems of every kind, and honest where the data are rough."""

from __future__ import annotations

import csv
import json
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skills.runtime.problem import Problem
from tests.simulate.problems import BURGERS, EXACT, HEAT, SERIES, XT, around, problem
from tests.simulate.solving import ROOT, Solved, drawn, solve

pytestmark = pytest.mark.box

HONEST = 3.0  # an error may be this much larger than its estimate
ROUGH = problem(XT, "u", ["u_t - 0.4*u_xx"], [({"t": 0}, ["u - 1 + abs(2*x - 1)"]), *around(XT, "u")])
LORENZ = problem(
    {"t": (0, 10)}, "x1 y1 z1", ["x1_t - 10*(y1 - x1)", "y1_t - x1*(28 - z1) + y1", "z1_t - x1*y1 + 8/3*z1"],
    [({"t": 0}, ["x1 - 1", "y1 - 1", "z1 - 1"])],
)  # fmt: skip
ALLEN_CAHN = problem(
    {"x": (-1, 1), "t": (0, 1)}, "u", ["u_t - 0.001*u_xx - 5*(u - u**3)"],
    [({"t": 0}, ["u - x**2*cos(pi*x)"]), ({"x": -1}, ["u + 1"]), ({"x": 1}, ["u + 1"])],
)  # fmt: skip
BLOWS_UP = problem({"t": (0, 2)}, "q", ["q_t - q**2"], [({"t": 0}, ["q - 1"])])
OTHERS: dict[str, dict[str, Any]] = {
    "rough": {"problem": ROUGH, "resolution": 16},
    "fixed steps": {"problem": HEAT, "time_steps": 2, "resolution": 32},
    "again": {"problem": HEAT},
    "lorenz": {"problem": LORENZ},
    "allen-cahn": {"problem": ALLEN_CAHN},
    "blows up": {"problem": BLOWS_UP},
    "unknown": {"problem": {**BURGERS, "parameters": {}, "unknown": {"nu": {"low": 0.01, "high": 1, "guess": 0.1}}}},
}


@pytest.fixture(scope="module")
def solved(box_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Solved]:
    specs = {name: {"problem": told} for name, told in EXACT.items()}
    specs |= {name: {"problem": told} for name, (told, _) in SERIES.items()}
    return solve(box_python, tmp_path_factory.mktemp("simulate"), specs | OTHERS)


@pytest.mark.parametrize("name", [*EXACT, *SERIES])
def test_the_delivered_fields_are_exact_between_their_points_and_know_their_error(
    solved: dict[str, Solved], name: str
) -> None:
    told, truth = SERIES[name] if name in SERIES else (EXACT[name], Problem.model_validate(EXACT[name]).exact_values)
    found = solved[name]
    assert found.code == 0
    error = found.error(truth)
    assert error < 1e-6
    assert error < HONEST * found.claims["error_estimate"]
    assert found.claims["error_estimate"] < 1e-6
    assert found.error(truth, "half") < 1e-4
    assert found.values().shape == (len(found.points), len(told["fields"]))


def test_the_order_of_the_differences_is_observed(solved: dict[str, Solved]) -> None:
    assert 6 < solved["burgers"].claims["observed_order"] < 10
    with (solved["burgers"].out / "convergence.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert [line["run"] for line in lines[-4:]] == ["half", "delivered", "time error", "error estimate"]
    cells = [int(line["cells"]) for line in lines[:-2]]
    assert len(cells) >= 3
    assert all(fine == 2 * coarse for coarse, fine in pairwise(cells))
    assert float(lines[-1]["change"]) == solved["burgers"].claims["error_estimate"]


def test_the_reference_file_keeps_the_contract_and_is_right(solved: dict[str, Solved]) -> None:
    kinds = {entry["path"]: entry["kind"] for entry in solved["heat"].json("artifacts.json")}
    assert kinds == {"model": "model", "convergence.csv": "table", "reference.npz": "reference"}
    with np.load(solved["heat"].out / "reference.npz") as held:
        assert list(held["input_names"]) == ["x", "t"]
        assert list(held["output_names"]) == ["u"]
        wanted = Problem.model_validate(HEAT).exact_values(held["inputs"])
        assert np.abs(held["outputs"] - wanted).max() < 1e-9


def test_the_same_spec_gives_the_same_bits(solved: dict[str, Solved]) -> None:
    assert np.array_equal(solved["heat"].values(), solved["again"].values())


def test_rough_data_lower_the_order_and_the_estimate_says_so(solved: dict[str, Solved]) -> None:
    assert solved["rough"].claims["observed_order"] < 4
    assert solved["rough"].claims["error_estimate"] > 1e-8


def test_fixed_time_steps_are_kept_and_their_error_is_seen(solved: dict[str, Solved]) -> None:
    found = solved["fixed steps"]
    with (found.out / "convergence.csv").open() as stream:
        assert {line["time_steps"] for line in list(csv.DictReader(stream))[:-2]} == {"2"}
    error = found.error(Problem.model_validate(HEAT).exact_values)
    assert 1e-9 < error < HONEST * found.claims["error_estimate"]


def test_an_independent_solver_agrees_where_no_solution_is_known(solved: dict[str, Solved], box_python: Path) -> None:
    """Lorenz' system by scipy's Runge-Kutta of eighth order."""
    told = (
        "import json, numpy as np; from scipy.integrate import solve_ivp\n"
        "s = solve_ivp(lambda t, y: [10*(y[1]-y[0]), y[0]*(28-y[2])-y[1], y[0]*y[1]-8/3*y[2]], (0, 10), [1, 1, 1],\n"
        "    'DOP853', t_eval=np.linspace(0, 10, 11), rtol=1e-13, atol=1e-13)\n"
        "print(json.dumps(s.y.T.tolist()))"
    )
    done = subprocess.run([str(box_python), "-c", told], capture_output=True, text=True, check=True)
    found = solved["lorenz"]
    with np.load(found.out / "reference.npz") as held:
        values = held["outputs"][:: (len(held["outputs"]) - 1) // 10]
    assert np.abs(values - np.array(json.loads(done.stdout))).max() < 1e-5
    assert 1e-12 < found.claims["error_estimate"] < 1e-6


def test_a_front_without_a_known_solution_converges_by_itself(solved: dict[str, Solved]) -> None:
    found = solved["allen-cahn"]
    assert found.claims["error_estimate"] < 1e-6
    assert found.claims["observed_order"] > 5
    change = np.linalg.norm(found.values() - found.values("half")) / np.linalg.norm(found.values())
    assert change < 1e-6


def test_a_solution_that_grows_beyond_all_numbers_is_the_users_mistake(solved: dict[str, Solved]) -> None:
    assert solved["blows up"].code == 42
    assert "beyond t = " in solved["blows up"].json("error.json")["message"]


def test_unknown_coefficients_are_left_to_the_fit(solved: dict[str, Solved]) -> None:
    assert solved["unknown"].code == 42
    assert "fit" in solved["unknown"].json("error.json")["remedy"]


def test_points_outside_the_box_and_unknown_variants_are_the_users_mistake(
    box: Any, solved: dict[str, Solved], tmp_path: Path
) -> None:
    for name, place, variant in (("outside", 1.5, "delivered"), ("unknown", 0.5, "best")):
        asked = tmp_path / f"{name}.npz"
        np.savez(asked, inputs=np.array([[place, 0.5]]), input_names=["x", "t"])
        done = box("predict", tmp_path / name, inputs={"points": str(asked)}, variants=[variant],
                   models={"subject": {"skill": "simulate", "path": str(solved["heat"].out / "model")}})  # fmt: skip
        assert done.code == 42
        assert done.json("error.json")["remedy"]


def test_predictions_are_smooth_enough_for_differences_of_them(
    box: Any, solved: dict[str, Solved], tmp_path: Path
) -> None:
    """Second differences over a thousandth of the box, as a judge takes them, give the second derivative."""
    problem_ = Problem.model_validate(HEAT)
    points, step = drawn(problem_)[4:1004] * 0.98 + 0.01, 1e-3
    asked = np.vstack([points + np.array([shift * step, 0]) for shift in (-2, -1, 0, 1, 2)])
    np.savez(tmp_path / "near.npz", inputs=asked, input_names=["x", "t"])
    done = box("predict", tmp_path / "near", inputs={"points": str(tmp_path / "near.npz")}, variants=["delivered"],
               models={"subject": {"skill": "simulate", "path": str(solved["heat"].out / "model")}})  # fmt: skip
    with np.load(done.out / "predictions.npz") as held:
        values = held["outputs"].reshape(5, -1)
    curvature = np.array([-1, 16, -30, 16, -1]) @ values / (12 * step**2)
    assert np.abs(curvature + np.pi**2 * values[2]).max() < 1e-6


@pytest.mark.parametrize("skill", ["simulate"])
def test_the_schema_that_the_host_reads_is_current(box_python: Path, skill: str) -> None:
    done = subprocess.run(
        [str(box_python), "-m", "skills.runtime", "schema", skill], cwd=ROOT, capture_output=True, text=True, check=True
    )
    held = (ROOT / "skills" / skill / "spec.schema.json").read_text()
    assert json.loads(done.stdout) == json.loads(held)
