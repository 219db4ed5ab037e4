"""The classical solver: as exact as it says, on problems of every kind, and honest where the data are rough."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import cos, exp, pi, sin

from skills.runtime.fields import grid_points
from skills.runtime.parabolic import Parabolic as Problem
from skills.runtime.scoring.exact import exact_solution

pytestmark = pytest.mark.box
ROOT = Path(__file__).resolve().parents[2]
Box = Callable[..., Any]
NEUMANN, PERIODIC = {"kind": "neumann"}, {"kind": "periodic"}
MIXED = {  # u = exp(-t) cos(x) + x t
    "x": [0, 2], "diffusion": "0.1*(1+x*t)", "advection": "x-0.5", "reaction": "-t", "initial": "cos(x)",
    "source": "-exp(-t)*cos(x)+x+0.1*(1+x*t)*exp(-t)*cos(x)-(x-0.5)*(-exp(-t)*sin(x)+t)+t*(exp(-t)*cos(x)+x*t)",
    "left": {"kind": "robin", "coefficient": "2", "value": "t+2*exp(-t)"}, "right": {"value": "exp(-t)*cos(2)+2*t"},
}  # fmt: skip
FLUX = {"diffusion": "0.3", "initial": "x**2", "left": NEUMANN, "right": {"kind": "neumann", "value": "2"}}
PROBLEMS: dict[str, tuple[dict[str, Any], Callable[..., np.ndarray] | None, float]] = {
    "heat": ({}, None, 1e-10),
    "insulated": ({"left": NEUMANN, "right": NEUMANN, "initial": "1 + cos(2*pi*x)"}, None, 1e-9),
    "periodic": ({"left": PERIODIC, "right": PERIODIC, "diffusion": "0.05", "advection": "-1",
                  "initial": "exp(sin(2*pi*x))"}, None, 1e-9),
    "carried and decaying": ({"advection": "1", "reaction": "-2", "initial": "sin(pi*x)**3"}, None, 1e-8),
    "growing": ({"reaction": "4", "initial": "sin(2*pi*x)"}, None, 1e-9),
    "narrow": ({"x": [-1, 1], "diffusion": "0.05", "initial": "exp(-x**2/(2*0.1**2))"}, None, 1e-8),
    "variable, robin and moving end": (MIXED, lambda x, t: exp(-t) * cos(x) + x * t, 1e-10),
    "flux": (FLUX, lambda x, t: x**2 + 0.6 * t, 1e-10),
    "driven": ({"source": "sin(pi*x)*(cos(t) + 0.4*pi**2*sin(t))", "initial": "0"},
               lambda x, t: sin(pi * x) * sin(t), 1e-9),
}  # fmt: skip


def truth(told: dict[str, Any], known: Callable[..., np.ndarray] | None, points: np.ndarray) -> np.ndarray:
    if known is not None:
        return known(*points.T)
    series, why = exact_solution(Problem.model_validate(told))
    assert series is not None, why
    return series(*points.T)


def drawn(told: dict[str, Any]) -> np.ndarray:
    problem = Problem.model_validate(told)
    generator = np.random.default_rng(11)
    low, high = (problem.x[0], problem.t[0]), (problem.x[1], problem.t[1])
    return np.vstack([grid_points(problem, (21, 21)), generator.uniform(low, high, size=(3000, 2))])


def predict(box: Box, solved: Any, points: np.ndarray, out: Path) -> dict[str, np.ndarray]:
    asked = out.parent / f"{out.name}-points.npz"
    np.savez(asked, inputs=points, input_names=["x", "t"])
    variants = solved.json("model/variants.json")
    assert variants == ["delivered", "half", "coarse"]
    done = box(
        "predict", out, inputs={"points": str(asked)}, variants=variants,
        models={"subject": {"skill": "simulate", "path": str(solved.out / "model")}},
    )  # fmt: skip
    assert done.code == 0, done.output
    files = {name: out / f"predictions{'' if name == 'delivered' else f'-{name}'}.npz" for name in variants}
    return {name: np.load(path)["outputs"][:, 0] for name, path in files.items()}


def relative(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.linalg.norm(found - wanted) / np.linalg.norm(wanted))


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_delivered_field_is_exact_between_its_points_and_knows_its_error(
    box: Box, tmp_path: Path, name: str
) -> None:
    told, known, limit = PROBLEMS[name]
    solved = box("work", tmp_path / "work", skill="simulate", spec={"problem": told})
    assert solved.code == 0, solved.output
    points = drawn(told)
    wanted = truth(told, known, points)
    found = predict(box, solved, points, tmp_path / "predict")
    errors = {variant: relative(values, wanted) for variant, values in found.items()}
    assert errors["delivered"] < limit
    assert errors["delivered"] < solved.claims["error_estimate"] < 1e-6
    assert errors["coarse"] < 0.05
    if errors["coarse"] > 1e-10:  # else the differences are exact for this solution
        assert errors["delivered"] < errors["coarse"]
    assert solved.claims["coarse_wall_s"] > 0


@pytest.fixture(scope="module")
def heat(box: Box, tmp_path_factory: pytest.TempPathFactory) -> Any:
    solved = box("work", tmp_path_factory.mktemp("heat") / "work", skill="simulate", spec={"problem": {}})
    assert solved.code == 0, solved.output
    return solved


def test_the_order_of_the_scheme_is_observed(heat: Any) -> None:
    assert 5.5 < heat.claims["observed_order"] < 7.5
    with (heat.out / "convergence.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert [line["cells"] for line in lines[:4]] == ["32", "64", "128", "256"]
    assert [line["run"] for line in lines[2:]] == ["half", "delivered", "coarse", "time error", "error estimate"]
    assert float(lines[-1]["change"]) == heat.claims["error_estimate"]


def test_the_reference_file_keeps_the_contract_and_is_right(heat: Any) -> None:
    kinds = {entry["path"]: entry["kind"] for entry in heat.json("artifacts.json")}
    assert kinds == {"model": "model", "convergence.csv": "table", "reference.npz": "reference"}
    with np.load(heat.out / "reference.npz") as held:
        assert held["outputs"].shape == (101 * 101, 1)
        assert list(held["input_names"]) == ["x", "t"]
        assert np.array_equal(held["inputs"], grid_points(Problem(), (101, 101)))
        assert relative(held["outputs"][:, 0], truth({}, None, held["inputs"])) < 1e-10


def test_the_same_spec_gives_the_same_field(box: Box, heat: Any, tmp_path: Path) -> None:
    again = box("work", tmp_path / "work", skill="simulate", spec={"problem": {}})
    with np.load(heat.out / "reference.npz") as first, np.load(again.out / "reference.npz") as second:
        assert np.array_equal(first["outputs"], second["outputs"])


def test_the_scorers_accept_the_reference_and_expose_a_spoilt_one(box: Box, heat: Any, tmp_path: Path) -> None:
    good = heat.out / "reference.npz"
    with np.load(good) as held:
        spoilt = {**held, "outputs": held["outputs"] + 0.01 * held["inputs"][:, [1]]}
    np.savez(tmp_path / "spoilt.npz", **spoilt)
    wanted = [
        {"name": "physics", "inputs": {"predictions": str(path)},
         "params": {"problem": {}, "grid": [101, 101], "subject": subject}}
        for subject, path in (("good", good), ("spoilt", tmp_path / "spoilt.npz"))
    ]  # fmt: skip
    wanted.append(
        {"name": "reference_error", "inputs": {"reference": str(good)}, "params": {"problem": {}, "subject": "r"}}
    )
    done = box("score", tmp_path / "score", scorers=wanted)
    assert done.code == 0, done.output
    found = {(score["subject"], score["name"]): score["value"] for score in done.json("scores.json")["scores"]}
    for law in ("residual", "boundary_error"):
        assert found["good", law] < 1e-9 < 1e-3 < found["spoilt", law]
    assert found["r", "reference_error"] < 1e-10


def test_rough_data_lower_the_order_and_the_estimate_says_so(box: Box, tmp_path: Path) -> None:
    told = {"initial": "1 - abs(2*x - 1)"}
    solved = box("work", tmp_path / "work", skill="simulate", spec={"problem": told, "resolution": 16})
    assert solved.code == 0, solved.output
    points = drawn(told)
    error = relative(predict(box, solved, points, tmp_path / "predict")["delivered"], truth(told, None, points))
    assert 1e-6 < error < solved.claims["error_estimate"] < 1e-2
    assert solved.claims["observed_order"] < 3


def test_a_corner_that_contradicts_itself_is_not_called_exact(box: Box, tmp_path: Path) -> None:
    solved = box("work", tmp_path / "work", skill="simulate", spec={"problem": {"initial": "1"}})
    assert solved.code == 0, solved.output
    assert solved.claims["error_estimate"] > 1e-5


def test_fixed_time_steps_are_kept_and_their_error_is_seen(box: Box, tmp_path: Path) -> None:
    spec = {"problem": {}, "time_steps": 2, "resolution": 16}
    solved = box("work", tmp_path / "work", skill="simulate", spec=spec)
    assert solved.code == 0, solved.output
    with (solved.out / "convergence.csv").open() as stream:
        assert [line["time_steps"] for line in csv.DictReader(stream)][:4] == ["2", "2", "2", "2"]
    points = drawn({})
    error = relative(predict(box, solved, points, tmp_path / "predict")["delivered"], truth({}, None, points))
    assert 1e-9 < error < solved.claims["error_estimate"]


def test_points_outside_the_box_and_unknown_variants_are_the_users_mistake(box: Box, heat: Any, tmp_path: Path) -> None:
    for name, place, variant in (("outside", 1.5, "delivered"), ("unknown", 0.5, "best")):
        asked = tmp_path / f"{name}.npz"
        np.savez(asked, inputs=np.array([[place, 0.5]]), input_names=["x", "t"])
        done = box("predict", tmp_path / name, inputs={"points": str(asked)}, variants=[variant],
                   models={"subject": {"skill": "simulate", "path": str(heat.out / "model")}})  # fmt: skip
        assert done.code == 42
        assert done.json("error.json")["remedy"]


def test_an_ill_posed_problem_is_refused_before_any_work(box: Box, tmp_path: Path) -> None:
    done = box("work", tmp_path / "work", skill="simulate", spec={"problem": {"diffusion": "-0.1"}})
    assert done.code == 42
    assert "ill-posed" in done.json("error.json")["message"]


@pytest.mark.parametrize("skill", ["simulate", "physics"])
def test_the_schema_that_the_host_reads_is_current(box_python: Path, skill: str) -> None:
    done = subprocess.run(
        [str(box_python), "-m", "skills.runtime", "schema", skill], cwd=ROOT, capture_output=True, text=True, check=True
    )
    held = (ROOT / "skills" / skill / "spec.schema.json").read_text()
    assert json.loads(done.stdout) == json.loads(held)
