"""The physics skill: laws are written before a model exists, and models are held to them at the skill's own points."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skills.physics import constraints
from skills.physics.main import work
from skills.physics.spec import Spec
from skills.runtime.job import Inputs, Job, Outputs, UserMistake
from skills.runtime.laws import derive
from skills.runtime.problem import Problem
from tests.laws.statements import problem, solution, stated

Box = Callable[..., Any]
Field = Callable[[np.ndarray], np.ndarray]
TOLERANCE = 1e-4


class Held(Job):
    """A job whose every model is the same function of points (n, d)."""

    field: Field
    names: tuple[str, ...]

    def model(self, name: str) -> Callable[[Inputs], Outputs]:
        return lambda inputs: Outputs(self.field(inputs.points), self.names)


def checked(out: Path, told: Problem, field: Field, names: tuple[str, ...] = (), **inputs: Path) -> dict[str, Any]:
    """The lines of checks.csv, by check."""
    spec = Spec(mode="verify", problem=told, tolerance=TOLERANCE)
    job = Held(skill="physics", spec=spec, inputs=inputs, models={}, out=out)
    job.field, job.names = field, names or told.fields
    out.mkdir(exist_ok=True)
    work(job)
    with (out / "checks.csv").open() as stream:
        return {line["check"]: line for line in csv.DictReader(stream)}


def claims(out: Path) -> dict[str, float]:
    return {claim["name"]: claim["value"] for claim in json.loads((out / "claims.json").read_text())}


def broken(lines: dict[str, Any]) -> set[str]:
    return {name for name, line in lines.items() if line["holds"] == "False"}


def derived(folder: Path, told: Problem, change: Callable[[dict[str, Any]], None] = lambda laws: None) -> Path:
    """A constraints.json whose laws, by name, were changed."""
    found = constraints.derived(told, TOLERANCE).model_dump(mode="json")
    change({entry["law"]["name"]: entry for entry in found["laws"]})
    (folder / "constraints.json").write_text(json.dumps(found))
    return folder


@pytest.mark.parametrize("name", ["heat", "wave", "advection", "insulated", "kovasznay", "harmonic_oscillator"])
def test_an_exact_solution_passes_every_check_and_each_is_claimed(tmp_path: Path, name: str) -> None:
    lines = checked(tmp_path / "out", problem(name), lambda points: solution(name, points))
    assert set(lines) == {"residual", "initial_error", "boundary_error", *(law.name for law in derive(problem(name)))}
    assert not broken(lines)
    told = claims(tmp_path / "out")
    assert told == {name: float(line["value"]) for name, line in lines.items() if line["value"]}
    assert all(value < 1e-5 for value in told.values())
    assert told["residual"] >= 0 and lines["residual"]["holds"] == "True"


def test_a_field_that_is_no_solution_is_found_out_by_name(tmp_path: Path) -> None:
    def field(points: np.ndarray) -> np.ndarray:
        return solution("heat", points) * (1 + 0.2 * points[:, 1:])

    lines = checked(tmp_path / "out", problem("heat"), field)
    assert {"residual", "mass", "energy"} <= broken(lines)
    assert lines["initial_error"]["holds"] == lines["symmetry_x"]["holds"] == "True"


def test_outputs_in_another_order_are_the_same_fields(tmp_path: Path) -> None:
    kovasznay = problem("kovasznay")
    lines = checked(tmp_path / "out", kovasznay, lambda points: solution("kovasznay", points)[:, ::-1], ("p", "v", "u"))
    assert not broken(lines) and lines["momentum_u"]["holds"] == "True"


@pytest.mark.parametrize(
    ("field", "names", "why"),
    [
        (lambda points: np.full((len(points), 1), np.nan), ("u",), "predictions are not finite"),
        (lambda points: np.zeros((len(points), 2)), ("u", "v"), "gives shape"),
        (lambda points: np.zeros((len(points), 1)), ("w",), "the names w"),
    ],
)
def test_a_model_that_gives_no_numbers_makes_no_claims(
    tmp_path: Path, field: Field, names: tuple[str, ...], why: str
) -> None:
    lines = checked(tmp_path / "out", problem("heat"), field, names)
    assert not (tmp_path / "out" / "claims.json").exists()
    assert all(line["value"] == "" and line["holds"] == "" for line in lines.values())
    assert why in lines["residual"]["text"] and why in lines["energy"]["text"]
    assert "does not apply" not in lines["energy"]["text"]


def test_what_does_not_apply_or_cannot_be_tested_says_why(tmp_path: Path) -> None:
    lines = checked(tmp_path / "out", problem("lorenz"), lambda points: np.tile([-8.0, 7.0, 27.0], (len(points), 1)))
    assert lines["boundary_error"]["text"] == "does not apply: there are no such conditions"
    assert lines["phase_volume"]["value"] == "" and "volumes" in lines["phase_volume"]["text"]
    assert broken(lines) == {"residual"}


@pytest.mark.parametrize(
    ("law", "numbers"),
    [("maximum_principle", {"lower_bound": 0.0, "upper_bound": 1.5}), ("mass", {"start": 1.1})],
)
def test_a_model_is_held_to_the_laws_that_were_derived_before_it(
    tmp_path: Path, law: str, numbers: dict[str, float]
) -> None:
    told = problem("insulated")
    folder = derived(tmp_path, told, lambda laws: laws[law]["law"].update(numbers=numbers))
    lines = checked(tmp_path / "out", told, lambda points: solution("insulated", points), constraints=folder)
    assert broken(lines) == {law}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found["problem"]["parameters"].update(alpha=0.9), "another problem"),
        (lambda found: found["laws"].pop(), "one of each law"),
        (lambda found: found["laws"][4]["law"].update(reason="it does not please"), "say why not"),
        (lambda found: found.clear(), "cannot be used"),
    ],
)
def test_constraints_that_cannot_be_used_say_why(tmp_path: Path, change: Callable[..., Any], said: str) -> None:
    spec = Spec(mode="verify", problem=problem("heat"))
    found = constraints.derived(spec.problem, spec.tolerance).model_dump(mode="json")
    change(found)
    (tmp_path / "constraints.json").write_text(json.dumps(found))
    with pytest.raises(UserMistake, match=said):
        constraints.read(tmp_path, spec)
    with pytest.raises(UserMistake, match=r"constraints\.json"):
        constraints.read(tmp_path / "nowhere", spec)


def test_laws_with_unknown_coefficients_are_those_that_the_field_itself_implies(tmp_path: Path) -> None:
    box = {"x": (0.0, 1.0), "t": (0.0, 1.0)}
    closed = [({"x": 0.0}, ["u_x"]), ({"x": 1.0}, ["u_x"])]
    told = stated(
        box, "u", ["u_t - k*u_xx + r*u"], [({"t": 0.0}, ["u - 1 - cos(pi*x)"]), *closed],
        unknown={"k": {"low": 0, "high": 1, "guess": 0.1}, "r": {"low": 0, "high": 1, "guess": 0.9}},
    )  # fmt: skip

    def field(points: np.ndarray) -> np.ndarray:
        x, t = points.T
        return (np.exp(-0.3 * t) * (1 + np.exp(-0.4 * np.pi**2 * t) * np.cos(np.pi * x)))[:, None]

    lines = checked(tmp_path / "out", told, field)
    assert not broken(lines)
    assert float(lines["energy"]["value"]) < 1e-5


@pytest.mark.box
def test_constraints_need_no_model_and_name_what_they_predict(box: Box, tmp_path: Path) -> None:
    told = Problem.model_validate({**problem("heat").model_dump(), "units": {"u": "K", "t": "s"}}).model_dump(
        mode="json"
    )
    done = box("work", tmp_path / "work", skill="physics", spec={"mode": "constraints", "problem": told})
    assert done.code == 0, done.output
    laws = {entry["law"]["name"]: entry for entry in done.json("constraints.json")["laws"]}
    assert laws["maximum_principle"]["law"]["numbers"] == {"lower_bound": 0.0, "upper_bound": 1.0}
    assert all(entry["bound"] >= 0 and (entry["law"]["statement"] or entry["law"]["reason"]) for entry in laws.values())
    assert done.claims["mass.start"] == pytest.approx(2 / np.pi)
    assert done.claims["energy.start"] == pytest.approx(0.5)
    units = {claim["name"]: claim["unit"] for claim in done.json("claims.json")}
    assert units["maximum_principle.upper_bound"] == "K"
    assert done.json("artifacts.json") == [{"path": "constraints.json", "kind": "report"}]


@pytest.mark.box
def test_a_solved_problem_is_verified_and_a_model_of_another_one_is_found_out(box: Box, tmp_path: Path) -> None:
    told = problem("heat").model_dump(mode="json")
    solved = box("work", tmp_path / "solve", skill="simulate", spec={"problem": told})
    assert solved.code == 0, solved.output
    model = {"skill": "simulate", "path": str(solved.out / "model")}
    other = {**told, "parameters": {"alpha": 0.3}}
    for number, (asked, faults) in enumerate([(told, set()), (other, {"residual", "energy", "mass"})]):
        spec = {"mode": "verify", "problem": asked, "subject": "reference"}
        done = box("work", tmp_path / f"verify{number}", skill="physics", spec=spec, models={"reference": model})
        assert done.code == 0, done.output
        with (done.out / "checks.csv").open() as stream:
            lines = {line["check"]: line for line in csv.DictReader(stream)}
        assert broken(lines) == faults, lines
        assert done.claims["energy"] == float(lines["energy"]["value"])


@pytest.mark.box
def test_a_step_without_a_model_is_a_mistake_with_a_remedy(box: Box, tmp_path: Path) -> None:
    spec = {"mode": "verify", "problem": problem("heat").model_dump(mode="json"), "subject": "nobody"}
    done = box("work", tmp_path / "work", skill="physics", spec=spec)
    assert done.code == 42
    assert "nobody" in done.json("error.json")["message"]
