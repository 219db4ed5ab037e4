"""Scores of fields: exact fields pass, wrong ones are exposed by what they break, unusable ones are unmeasured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy import exp, pi, sin

from skills.runtime.fields import bounds
from skills.runtime.parabolic import Parabolic
from skills.runtime.scoring.registry import scorers

from .fieldcases import CASES, HEAT, WAVE, Solution, Told, asked, value


@pytest.mark.parametrize("name", CASES)
def test_an_exact_field_obeys_its_physics_and_its_laws(tmp_path: Path, name: str) -> None:
    told, solution = CASES[name]
    found = asked(told, tmp_path).model("physics", solution)
    assert value(found, "residual") < 1e-8
    for kind in ("initial_error", "boundary_error"):
        assert found[kind].value is None or value(found, kind) < (1e-5 if name == "front" else 1e-9)
    measured = asked(told, tmp_path).model("laws", solution)
    assert value(measured, "laws.derived") == len(measured) - 1
    for law in measured.values():
        assert law.name == "laws.derived" or (
            law.bound is not None and law.value is not None and law.value <= 1e-2 * law.bound
        )


@pytest.mark.parametrize(
    ("name", "change", "broken", "least"),
    [
        ("heat", lambda u, x, t: u * exp(-0.1 * t), "residual", 0.005),
        ("heat", lambda u, x, t: u + 0.01 * sin(pi * x), "initial_error", 0.009),
        ("heat", lambda u, x, t: u + 0.01 * t, "boundary_error", 0.009),
        ("heat", lambda u, x, t: u + 0.1 * t * (1 - x), "boundary_error", 0.09),
        ("heat", lambda u, x, t: u - 0.2 * t * sin(pi * x), "maximum_principle", 0.15),
        ("heat", lambda u, x, t: 0 * u, "initial_error", 0.9),
        ("robin", lambda u, x, t: u + 0.05 * t * sin(x), "boundary_error", 0.01),
        ("robin", lambda u, x, t: u + 0.05 * t * x**2 * (1 - x) ** 2, "residual", 0.003),
        ("front", lambda u, x, t: u + 0.1 * t * (x - 0.5), "boundary_error", 0.05),
        ("front", lambda u, x, t: u + 0.1 * t * x * (1 - x) * (x - 0.5), "boundary_error", 0.01),
        ("wave", lambda u, x, t: u + 0.05 * t * sin(pi * x), "initial_error", 0.01),
    ],
)
def test_a_wrong_field_is_exposed_by_what_it_breaks(
    tmp_path: Path, name: str, change: Solution, broken: str, least: float
) -> None:
    told, solution = CASES[name]
    found = asked(told, tmp_path).model("physics", lambda x, t: change(solution(x, t), x, t))
    assert value(found, broken) > least


def test_a_wrong_system_is_exposed_by_its_worst_equation_and_its_lost_energy(tmp_path: Path) -> None:
    told, _ = CASES["ode"]
    judge = asked(told, tmp_path)
    found = judge.model("physics", lambda t: (sin(t), np.cos(t) * exp(-0.01 * t)))
    assert value(found, "residual") > 2e-3 and found["residual"].text.startswith("worst of 2 equations: ")
    laws = judge.model("laws", lambda t: (exp(-0.05 * t) * sin(t), exp(-0.05 * t) * np.cos(t)))
    assert any(law.bound and law.value is not None and law.value > law.bound for law in laws.values())


def test_the_error_of_measuring_a_rounded_model_shows_in_the_interval(tmp_path: Path) -> None:
    told, solution = CASES["heat"]
    coarse = asked(told, tmp_path).model("physics", lambda x, t: solution(x, t).astype(np.float32).astype(float))
    residual = coarse["residual"]
    assert residual.low is not None and residual.high is not None and value(coarse, "residual") > 1e-3
    assert residual.low < 0.6 * value(coarse, "residual") < residual.high


def test_the_map_of_the_residual_shows_where_a_field_is_wrong(tmp_path: Path) -> None:
    told, solution = CASES["heat"]
    judge = asked(told, tmp_path)
    model = judge.write("p", lambda x, t: solution(x, t) + 1e-2 * np.where(x > 0.5, (x - 0.5) ** 5, 0.0))
    held = judge.scored("physics", {"predictions": model}, map=True).arrays["residual"]
    left = held["inputs"][:, 0] < 0.49
    assert held["outputs"].shape == (len(left), 1) and held["output_names"].tolist() == HEAT["equations"]
    assert np.abs(held["outputs"][left]).max() < 1e-6 < 1e-3 < np.abs(held["outputs"][~left]).max()


def test_a_steady_field_is_not_blamed_for_its_rounding(tmp_path: Path) -> None:
    told = {
        **HEAT,
        "conditions": [{"at": {a: b}, "equations": ["u - 1"]} for a, b in (("t", 0.0), ("x", 0.0), ("x", 1.0))],
    }
    judge = asked(told, tmp_path)
    assert value(judge.model("physics", lambda x, t: 1 + 1e-9 * sin(pi * x)), "residual") < 1e-7
    assert value(judge.model("physics", lambda x, t: 1 + 0.1 * sin(pi * x)), "residual") > 0.1


@pytest.mark.parametrize(
    ("told", "low", "high"),
    [
        ({}, 0, 1),
        (
            {"reaction": "-1", "initial": "2 + cos(pi*x)", "left": {"kind": "neumann"}, "right": {"kind": "neumann"}},
            0, 3,
        ),
        ({"right": {"value": "-t"}}, -1, 1),
        (
            {"initial": "1", "left": {"kind": "robin", "coefficient": "-2", "value": "-8"}, "right": {"value": "1"}},
            1, 4,
        ),
        ({"source": "x"}, None, "source"),
        ({"reaction": "0.5"}, None, "grow"),
        ({"left": {"kind": "neumann", "value": "1"}}, None, "flux"),
        ({"left": {"kind": "robin", "coefficient": "1"}}, None, "feeds"),
    ],
)  # fmt: skip
def test_the_maximum_principle_bounds_what_it_can(told: Told, low: float | None, high: Any) -> None:
    found = bounds(Parabolic.model_validate(told))
    if low is None:
        assert high in found.reason
    else:
        assert (found.low, found.high, found.reason) == (pytest.approx(low), pytest.approx(high, rel=1e-5), "")


def test_the_error_of_a_disturbed_field_is_measured_against_the_exact_solution(tmp_path: Path) -> None:
    told, solution = CASES["heat"]
    noise = np.random.default_rng(2).normal(size=200_000) * 1e-3
    judge = asked(told, tmp_path)
    found = judge.model("field_error", lambda x, t: solution(x, t) + noise[: len(x)])
    with np.load(tmp_path / "points.npz") as held:
        cut = slice(10_201, 14_201)
        points, size = held["inputs"][cut], noise[cut]
    relative = found["relative_l2"]
    assert relative.value == pytest.approx(np.linalg.norm(size) / np.linalg.norm(solution(*points.T)), rel=1e-9)
    assert relative.low is not None and relative.high is not None
    assert 0.9 * relative.value < relative.low < relative.value < relative.high < 1.1 * relative.value
    assert value(found, "max_error") == pytest.approx(np.abs(size).max(), rel=1e-9)
    assert "exact eigenfunction series, 1 mode" in relative.text and found["max_error"].unit == "K"


def test_the_interval_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    told, solution = CASES["heat"]
    judge = asked(told, tmp_path)
    files = {"predictions": judge.write("p", lambda x, t: solution(x, t) + 0.01 * x)}
    first, again, other = (judge.scores("field_error", files, seed=seed)["relative_l2"] for seed in (3, 3, 4))
    assert (first.low, first.high) == (again.low, again.high) != (other.low, other.high)


def test_the_worst_field_of_a_system_counts_and_each_is_named(tmp_path: Path) -> None:
    told, _ = CASES["ode"]
    exact = {**told, "exact": {"u": "sin(t)", "v": "cos(t)"}}
    found = asked(exact, tmp_path).model("field_error", lambda t: (1.001 * sin(t), 1.02 * np.cos(t)))
    assert value(found, "relative_l2") == pytest.approx(0.02, rel=1e-6)
    assert "u 0.001, v 0.02" in found["relative_l2"].text and "closed form" in found["relative_l2"].text


def test_without_a_closed_form_the_reference_is_the_truth(tmp_path: Path) -> None:
    told, solution = CASES["robin"]
    judge = asked(told, tmp_path)
    scaled = {name: judge.write(name, lambda x, t, by=by: by * solution(x, t))
              for name, by in (("reference", 1.0), ("half", 1.001), ("predictions", 1.01))}  # fmt: skip
    found = judge.scores("field_error", scaled)
    assert value(found, "relative_l2") == pytest.approx(0.01) and found["relative_l2"].text == "against the reference"
    for name in ("truth_error", "reference_error"):
        assert value(judge.scores(name, scaled), name) == pytest.approx(0.001)
        assert judge.scores(name, {})[name].value is None
    lost = judge.scores("field_error", {"predictions": scaled["predictions"]})["relative_l2"]
    assert lost.value is None and "no reference" in lost.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"u": "sin(pi*x)*cos(pi*t) + 0.000001*x*t"},  # misses the boundary
        {"u": "sin(pi*x)*cos(3.1415*t)"},  # misses the equation
        {"u": "sin(pi*x)*cos(pi*t)/x*x**0.5"},  # has no value everywhere
    ],
)
def test_a_wrong_exact_solution_is_told_and_not_used(tmp_path: Path, wrong: dict[str, str]) -> None:
    _, solution = CASES["wave"]
    right = asked(WAVE, tmp_path).model("field_error", solution)
    assert value(right, "relative_l2") < 1e-15 and "closed form" in right["relative_l2"].text
    judge = asked({**WAVE, "exact": wrong}, tmp_path)
    files = {name: judge.write(name, solution) for name in ("predictions", "reference", "half")}
    found = judge.scores("truth_error", files)["truth_error"]
    assert found.value == 0 and "is not used" in found.text and "reference" in found.text
    assert judge.scores("field_error", files)["relative_l2"].text == "against the reference"


def test_with_a_closed_form_the_reference_is_measured_and_the_truth_needs_none(tmp_path: Path) -> None:
    told, solution = CASES["heat"]
    judge = asked(told, tmp_path)
    reference = judge.write("r", lambda x, t: solution(x, t) * (1 + 1e-6))
    assert value(judge.scores("reference_error", {"reference": reference}), "reference_error") == pytest.approx(1e-6)
    found = judge.scores("truth_error", {}, subject="truth")["truth_error"]
    assert found.value is not None and found.value < 1e-14
    assert (found.text, found.subject) == ("exact eigenfunction series, 1 mode", "truth")


@pytest.mark.parametrize("what", ["nan", "two columns", "too few", "other inputs", "other outputs"])
def test_unusable_predictions_are_unmeasured_and_told(tmp_path: Path, what: str) -> None:
    told, solution = CASES["heat"]
    judge = asked(told, tmp_path)
    with np.load(tmp_path / "points.npz") as held:
        values = solution(*held["inputs"].T)[:, None]
    changes: dict[str, Any] = {
        "nan": {"outputs": np.full_like(values, np.nan)},
        "two columns": {"outputs": np.hstack([values, values]), "output_names": ["u", "v"]},
        "too few": {"outputs": values[1:]},
        "other inputs": {"input_names": ["x", "y"]},
        "other outputs": {"output_names": ["w"]},
    }[what]
    files = {"predictions": judge.write("p", solution, **changes)}
    found = judge.scores("physics", files) | judge.scores("field_error", files) | judge.scores("laws", files)
    assert len(found) == 7
    assert all(one.value is None and one.text for one in found.values())


def test_columns_in_another_order_are_the_same_field(tmp_path: Path) -> None:
    told, solution = CASES["ode"]
    judge = asked({**told, "exact": {"u": "sin(t)", "v": "cos(t)"}}, tmp_path)
    turned = judge.write("p", lambda t: solution(t)[::-1], output_names=["v", "u"])
    assert value(judge.scores("field_error", {"predictions": turned}), "relative_l2") < 1e-15


def test_repeats_and_ranges_are_measured(tmp_path: Path) -> None:
    def repeat(again: np.ndarray) -> float | None:
        np.savez(tmp_path / "a.npz", outputs=np.arange(5.0)[:, None])
        np.savez(tmp_path / "b.npz", outputs=again[:, None])
        files = {"predictions": tmp_path / "a.npz", "again": tmp_path / "b.npz"}
        (found,) = scorers()["prediction_repeat"](files, {}).scores
        return found.value

    others = (np.arange(5.0), np.array([0, 1, 1.5, 3, 4]), np.arange(4.0), np.full(5, np.nan))
    assert [repeat(again) for again in others] == [0.0, 0.5, None, None]
    np.savez(tmp_path / "f.npz", features=np.array([[0.5, -3.0]]))
    (found,) = scorers()["scaled_range"]({"features": tmp_path / "f.npz"}, {"subject": "m"}).scores
    assert found.value == 3.0
