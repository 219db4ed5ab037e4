"""Baselines: the textbook's solver, refined as far as the budget goes and no farther."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from skills.runtime.problem import Problem
from tests.simulate.problems import BURGERS, EXACT, HEAT, KOVASZNAY, cole_hopf
from tests.simulate.solving import Solved, solve

pytestmark = pytest.mark.box

BUDGET_S = 0.5
SLACK = 3.0  # a busy machine, and the least grid
NAMES = ("heat", "wave", "advection with an inflow", "oscillator", "heat in a plane", "helmholtz")


def written(folder: Path, claims: list[dict[str, Any]]) -> str:
    folder.mkdir()
    (folder / "claims.json").write_text(json.dumps(claims))
    return str(folder)


@pytest.fixture(scope="module")
def solved(box_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Solved]:
    place = tmp_path_factory.mktemp("baseline")
    inputs = {
        "train": written(place / "train", [{"name": "training_cpu_s", "value": BUDGET_S, "unit": "s", "file": ""}]),
        "longer": written(
            place / "longer", [{"name": "training_cpu_s", "value": 4 * BUDGET_S, "unit": "s", "file": ""}]
        ),
        "silent": written(place / "silent", [{"name": "loss", "value": 1.0, "unit": "", "file": ""}]),
    }
    specs = {name: {"mode": "baseline", "equal_to": "train", "problem": EXACT[name]} for name in NAMES}
    specs["burgers"] = {"mode": "baseline", "equal_to": "train", "problem": BURGERS}
    specs["kovasznay"] = {"mode": "baseline", "equal_to": "train", "problem": KOVASZNAY}
    specs["longer"] = {"mode": "baseline", "equal_to": "longer", "problem": HEAT}
    specs["silent"] = {"mode": "baseline", "equal_to": "silent", "problem": HEAT}
    fitted = {"names": ["a"], "mean": [0.4], "covariance": [[1e-4]]}
    inputs["reference"] = str(place / "reference")
    (place / "reference").mkdir()
    (place / "reference" / "posterior.json").write_text(json.dumps(fitted))
    sought = {**HEAT, "equations": ["u_t - a*u_xx"], "unknown": {"a": {"low": 0.1, "high": 1.0, "guess": 0.9}}}
    sought.pop("exact", None)
    specs["sought"] = {"mode": "baseline", "equal_to": "train", "fitted_by": "reference", "problem": sought}
    specs["nowhere"] = {**specs["sought"], "fitted_by": "elsewhere"}
    specs["missing"] = {"mode": "baseline", "equal_to": "elsewhere", "problem": HEAT}
    return solve(box_python, place / "work", specs, dict.fromkeys(specs, inputs))


@pytest.mark.parametrize("name", [*NAMES, "burgers", "kovasznay"])
def test_the_budget_is_kept_and_used(solved: dict[str, Solved], name: str) -> None:
    found = solved[name]
    assert found.code == 0
    assert found.claims["budget_s"] == BUDGET_S
    assert 0 < found.claims["cpu_s"] < SLACK * BUDGET_S
    assert found.json("told.json")["cpu_s"] < SLACK * BUDGET_S + 1
    assert found.json("model/variants.json") == ["delivered"]
    truth = cole_hopf if name == "burgers" else Problem.model_validate(EXACT[name]).exact_values
    assert found.error(truth) < (1.0 if name == "kovasznay" else 0.03)  # three fields make coarse grids


def test_more_seconds_buy_a_finer_grid_and_a_smaller_error(solved: dict[str, Solved]) -> None:
    truth = Problem.model_validate(HEAT).exact_values
    assert solved["longer"].claims["cells"] > solved["heat"].claims["cells"]
    assert solved["longer"].error(truth) < solved["heat"].error(truth) / 2


@pytest.mark.parametrize(("name", "said"), [("silent", "training_cpu_s"), ("missing", "elsewhere")])
def test_claims_that_are_missing_are_the_users_mistake(solved: dict[str, Solved], name: str, said: str) -> None:
    assert solved[name].code == 42
    assert said in solved[name].json("error.json")["message"]


def test_unknown_coefficients_are_those_that_the_fit_found(solved: dict[str, Solved]) -> None:
    assert solved["sought"].json("model/model.json")["problem"]["parameters"]["a"] == 0.4
    assert solved["nowhere"].code == 42
    assert "elsewhere" in solved["nowhere"].json("error.json")["message"]
