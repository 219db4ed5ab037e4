"""The physics skill: what it derives is true, and what it measures is what the judge measures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import cos, exp, pi, sin

from skills.physics import constraints
from skills.physics.laws import bounds_check, energy_check, energy_law, integral, mass_check, mass_law, maximum_law
from skills.physics.main import work
from skills.physics.spec import Spec
from skills.runtime.fields import grid_points
from skills.runtime.job import Inputs, Job, Outputs, UserMistake
from skills.runtime.parabolic import Parabolic as Problem

Box = Callable[..., Any]
NEUMANN, PERIODIC = {"kind": "neumann"}, {"kind": "periodic"}
INSULATED = {"left": NEUMANN, "right": NEUMANN, "initial": "1 + cos(2*pi*x)"}
CARRIED = {"left": PERIODIC, "right": PERIODIC, "advection": "-1", "reaction": "-0.5", "initial": "2 + sin(2*pi*x)"}
GRID = (101, 101)


def heat(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return exp(-0.4 * pi**2 * t) * sin(pi * x)


def insulated(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return 1 + exp(-1.6 * pi**2 * t) * cos(2 * pi * x)


def carried(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return exp(-0.5 * t) * (2 + exp(-1.6 * pi**2 * t) * sin(2 * pi * (x - t)))


def on_grid(told: dict[str, Any], known: Callable[..., np.ndarray]) -> tuple[Problem, np.ndarray]:
    problem = Problem.model_validate(told)
    return problem, known(*grid_points(problem, GRID).T).reshape(GRID)


@pytest.mark.parametrize(("told", "known"), [(INSULATED, insulated), (CARRIED, carried)])
def test_mass_is_kept_by_true_solutions_and_its_loss_is_seen(
    told: dict[str, Any], known: Callable[..., np.ndarray]
) -> None:
    problem, values = on_grid(told, known)
    law = mass_law(problem)
    kept, lost = (mass_check(problem, law, values * np.linspace(1, end, 101)[:, None]) for end in (1, 0.97))
    assert kept.value is not None and kept.value < 1e-6
    assert lost.value == pytest.approx(0.03, rel=1e-3)


@pytest.mark.parametrize(("told", "known"), [({}, heat), (INSULATED, insulated), (CARRIED, carried)])
def test_energy_falls_in_true_solutions_and_its_rise_is_seen(
    told: dict[str, Any], known: Callable[..., np.ndarray]
) -> None:
    problem, values = on_grid(told, known)
    law = energy_law(problem)
    late = np.arange(101)[:, None] >= 50
    fallen, risen = (energy_check(problem, law, np.where(late, factor, 1) * values) for factor in (1, 1.2))
    assert fallen.value is not None and fallen.value < 1e-6
    assert risen.value is not None and risen.value > 1e-3


@pytest.mark.parametrize(
    ("told", "mass", "energy"),
    [
        ({}, "something may pass", ""),
        ({"source": "1"}, "there is a source", "there is a source"),
        ({"diffusion": "1 + x"}, "diffusion vary", "diffusion vary"),
        ({"reaction": "2", **INSULATED}, "", "grow"),
        ({"advection": "1", **INSULATED}, "advection carries", "advection may carry"),
        ({"left": {"value": "t"}}, "something may pass", "the ends may feed"),
        ({"left": {"kind": "robin", "coefficient": "-1"}}, "something may pass", "the ends may feed"),
    ],
)
def test_a_law_that_does_not_apply_says_why(told: dict[str, Any], mass: str, energy: str) -> None:
    problem = Problem.model_validate(told)
    for law, reason in ((mass_law(problem), mass), (energy_law(problem), energy)):
        assert law.applies == (not reason)
        assert reason in law.reason


def test_integrals_are_of_fourth_order() -> None:
    errors = []
    for count in (21, 41):
        x = np.linspace(0, 2, count)
        errors.append(abs(float(integral(exp(x), x)) - (exp(2) - 1)))
    assert errors[0] / errors[1] > 12


@pytest.mark.box
def test_constraints_need_no_model_and_name_bounds_scales_and_reasons(box: Box, tmp_path: Path) -> None:
    told = {**INSULATED, "units": {"u": "K", "t": "s"}}
    done = box("work", tmp_path / "work", skill="physics", spec={"mode": "constraints", "problem": told})
    assert done.code == 0, done.output
    laws = {law["name"]: law for law in done.json("constraints.json")["laws"]}
    assert laws["maximum_principle"]["numbers"] == {"lower_bound": pytest.approx(0, abs=1e-9), "upper_bound": 2.0}
    assert laws["mass"]["numbers"]["initial_mass"] == pytest.approx(1.0)
    assert all(law["tolerance"] > 0 and (law["applies"] or law["reason"]) for law in laws.values())
    assert done.claims["upper_bound"] == 2.0
    assert done.claims["scale_u"] == 2.0
    assert {claim["unit"] for claim in done.json("claims.json") if claim["name"] == "upper_bound"} == {"K"}
    assert done.json("artifacts.json") == [{"path": "constraints.json", "kind": "report"}]


@pytest.mark.box
def test_what_is_verified_equals_what_the_judge_measures_on_the_same_grid(box: Box, tmp_path: Path) -> None:
    solved = box("work", tmp_path / "solve", skill="simulate", spec={"problem": INSULATED, "resolution": 8})
    assert solved.code == 0, solved.output
    model = {"skill": "simulate", "path": str(solved.out / "model")}
    spec = {"mode": "verify", "problem": INSULATED, "subject": "reference", "grid": [51, 61]}
    derived = box("work", tmp_path / "laws", skill="physics", spec={"mode": "constraints", "problem": INSULATED})
    told = {"constraints": str(derived.out)}
    done = box("work", tmp_path / "work", skill="physics", spec=spec, models={"reference": model}, inputs=told)
    assert done.code == 0, done.output
    points = tmp_path / "points.npz"
    np.savez(points, inputs=grid_points(Problem.model_validate(INSULATED), (51, 61)), input_names=["x", "t"])
    box("predict", tmp_path / "predict", inputs={"points": str(points)}, models={"subject": model})
    judged = box("score", tmp_path / "score", scorers=[{
        "name": "physics", "inputs": {"predictions": str(tmp_path / "predict" / "predictions.npz")},
        "params": {"problem": INSULATED, "grid": [51, 61], "subject": "m"},
    }])  # fmt: skip
    scores = {score["name"]: score["value"] for score in judged.json("scores.json")["scores"]}
    assert len(scores) == 4 and scores["residual"] > 0
    assert {name: done.claims[name] for name in scores} == scores
    with (done.out / "checks.csv").open() as stream:
        lines = {line["check"]: line for line in csv.DictReader(stream)}
    assert set(lines) == {*scores, "bounds", "mass", "energy"}
    assert all(line["holds"] == "True" for line in lines.values())


@pytest.mark.box
def test_a_model_of_another_problem_is_found_out_and_an_idle_law_makes_no_claim(box: Box, tmp_path: Path) -> None:
    solved = box("work", tmp_path / "solve", skill="simulate", spec={"problem": {}, "resolution": 8})
    model = {"skill": "simulate", "path": str(solved.out / "model")}
    spec = {"mode": "verify", "problem": {"diffusion": "0.5", "source": "0.01*x", "right": {"value": "0.1"}}}
    done = box("work", tmp_path / "work", skill="physics", spec=spec, models={"train": model})
    assert done.code == 0, done.output
    assert done.claims["residual"] > 0.05
    assert done.claims["boundary_error"] > 0.05
    assert not {"maximum_principle", "bounds"} & done.claims.keys() and "mass" not in done.claims
    with (done.out / "checks.csv").open() as stream:
        lines = {line["check"]: line for line in csv.DictReader(stream)}
    assert lines["boundary_error"]["holds"] == "False"
    assert (lines["maximum_principle"]["value"], lines["maximum_principle"]["text"]) == (
        "", "does not apply: there is a source",
    )  # fmt: skip


class Held(Job):
    """A job whose every model gives the same values."""

    values: np.ndarray

    def model(self, name: str) -> Callable[[Inputs], Outputs]:
        return lambda inputs: Outputs(self.values, ("u",) * self.values.shape[1])


@pytest.mark.parametrize(
    ("values", "why"),
    [(np.full((81, 1), np.nan), "81 of 81 predictions are not finite"), (np.zeros((81, 2)), "gives shape (81, 2)")],
)
def test_a_model_that_gives_no_numbers_makes_no_claims(tmp_path: Path, values: np.ndarray, why: str) -> None:
    spec = Spec(mode="verify", problem=Problem(), grid=(9, 9))
    job = Held(skill="physics", spec=spec, inputs={}, models={}, out=tmp_path)
    job.values = values
    work(job)
    assert not (tmp_path / "claims.json").exists()
    with (tmp_path / "checks.csv").open() as stream:
        lines = list(csv.DictReader(stream))
    assert len(lines) == 7
    assert all(line["value"] == "" and line["holds"] == "" and why in line["text"] for line in lines)


def held_laws(tmp_path: Path, told: dict[str, Any], values: np.ndarray, **changes: Any) -> dict[str, dict[str, str]]:
    """The lines of checks.csv of a model with these values, held to a constraints.json whose laws were changed."""
    spec = Spec(mode="verify", problem=Problem.model_validate(told), grid=GRID)
    found = constraints.derived(spec).model_dump(mode="json")
    for law in found["laws"]:
        for key, value in changes.get(law["name"], {}).items():
            (law if key == "tolerance" else law["numbers"])[key] = value
    (tmp_path / "constraints.json").write_text(json.dumps(found))
    job = Held(skill="physics", spec=spec, inputs={"constraints": tmp_path}, models={}, out=tmp_path / "out")
    job.out.mkdir()
    job.values = values.reshape(-1, 1)
    work(job)
    with (job.out / "checks.csv").open() as stream:
        return {line["check"]: line for line in csv.DictReader(stream)}


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, set()),
        ({"maximum_principle": {"upper_bound": 1.5}}, {"bounds"}),
        ({"mass": {"initial_mass": 1.1}}, {"mass"}),
        ({"mass": {"mass_rate": 0.2}}, {"mass"}),
        ({"energy": {"energy_rate": 20.0}}, {"energy"}),
        ({"initial_error": {"tolerance": 1e-300}}, {"initial_error"}),
    ],
)
def test_a_model_is_held_to_the_laws_that_were_derived_before_it(
    tmp_path: Path, changes: dict[str, Any], broken: set[str]
) -> None:
    _, values = on_grid(INSULATED, insulated)
    values[0, 3] *= 1 + 1e-14
    lines = held_laws(tmp_path, INSULATED, values, **changes)
    assert {name for name, line in lines.items() if line["holds"] == "False"} == broken


def test_bounds_are_met_by_a_true_solution_and_an_excess_is_seen() -> None:
    problem, values = on_grid(INSULATED, insulated)
    law = maximum_law(problem)
    assert bounds_check(problem, law, values).value == pytest.approx(0, abs=1e-12)
    assert bounds_check(problem, law, values * 1.05).value == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found["problem"].update(diffusion="0.9"), "another problem"),
        (lambda found: found["laws"].pop(), "one of each law"),
        (lambda found: found["laws"][4]["numbers"].clear(), "initial_mass"),
        (lambda found: found["laws"][3].update(applies=False), "say why not"),
        (lambda found: found.clear(), "cannot be used"),
    ],
)
def test_constraints_that_cannot_be_used_say_why(tmp_path: Path, change: Callable[..., Any], said: str) -> None:
    problem = Problem.model_validate(INSULATED)
    found = constraints.derived(Spec(mode="constraints", problem=problem)).model_dump(mode="json")
    change(found)
    (tmp_path / "constraints.json").write_text(json.dumps(found))
    with pytest.raises(UserMistake, match=said):
        constraints.read(tmp_path, problem)
    with pytest.raises(UserMistake, match=r"constraints\.json"):
        constraints.read(tmp_path / "nowhere", problem)


@pytest.mark.box
def test_a_step_without_a_model_is_a_mistake_with_a_remedy(box: Box, tmp_path: Path) -> None:
    done = box("work", tmp_path / "work", skill="physics", spec={"mode": "verify", "problem": {}, "subject": "nobody"})
    assert done.code == 42
    assert "nobody" in done.json("error.json")["message"]
