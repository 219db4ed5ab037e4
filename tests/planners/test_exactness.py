"""The error that a request allows a field is read in words and percent; noise and other shares are not taken for it."""

from __future__ import annotations

import pytest

from orchestrator.core.errors import BadInput
from orchestrator.planners.rules.exactness import exactness
from orchestrator.planners.rules.language import detect
from orchestrator.planners.rules.text import read
from tests.planners.stated import planned

HEAT = "Solve the heat equation with a PINN"


def asked(text: str) -> list[float]:
    reading = read(text)
    return [one.value for one in exactness(reading.plain, detect(reading.plain, reading.raw))]


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("within 5 %", 0.05),
        ("to within 5 percent", 0.05),
        ("accurate to within five percent", 0.05),
        ("within 5% of the exact solution", 0.05),
        ("5% error", 0.05),
        ("error of 5 %", 0.05),
        ("error < 5%", 0.05),
        ("error below 0.05. Seed 3", 0.05),
        ("test error below 1e-3, hold out 20%", 1e-3),
        ("at most 5% off", 0.05),
        ("to two percent", 0.02),
        ("half a percent error", 0.005),
        ("tolerance 1%", 0.01),
        ("1e-8 tolerance", 1e-8),
        ("tol = 1e-3", 1e-3),
        ("relative L2 error at most 2e-4", 2e-4),
        ("to within 1e-3", 1e-3),
        ("accurate to 1e-3", 1e-3),
        ("accurate to three significant digits", 1e-3),
        ("at least 4 correct digits", 1e-4),
        ("accuracy one part in a thousand", 1e-3),
        ("with 95% accuracy", 0.05),
        ("with an accuracy of at least 99.9 %", 0.001),
        ("to 0.1% accuracy", 0.001),
    ],
)
def test_the_allowed_error_is_read(words: str, error: float) -> None:
    assert asked(f"{HEAT}, {words}") == [pytest.approx(error)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Löse die Wärmeleitungsgleichung mit einem PINN auf 0,5 % genau", 0.005),
        ("Löse die Wärmeleitungsgleichung mit einem PINN, Fehler unter 5 Prozent", 0.05),
        ("Résoudre l'équation de Burgers avec un PINN à 5 % près", 0.05),
        ("Resolver la ecuación del calor con un PINN con un error menor del 5 %", 0.05),
        ("PINN 求解热方程，误差小于5%", 0.05),
    ],
)
def test_the_allowed_error_is_read_in_other_languages(text: str, error: float) -> None:
    assert asked(text) == [pytest.approx(error)]


@pytest.mark.parametrize(
    "words",
    [
        "within 10 minutes",
        "hold out 20%",
        "the measurements have 5% error",
        "noise of standard deviation 0.05",
        "with float64 precision",
        "energy conserved to within 1% of the initial value",
        "u(0,t)=0 on [0, 1]",
        "nu from 2 to 5",
        "one part of the rod is warm, accuracy matters",
    ],
)
def test_other_numbers_are_no_allowed_error(words: str) -> None:
    assert asked(f"{HEAT}, {words}") == []


def test_the_plan_is_held_to_the_percentage_and_leaves_no_number_over() -> None:
    _, plan = planned("Train a PINN for Burgers' equation, nu = 0.02, 5% error")
    assert plan.tolerance == 0.05 and plan.steps[0].spec["tolerance"] == 0.025
    assert not any("nothing uses" in note for note in plan.notes)
    _, simulated = planned("Simulate the wave equation to within 0.1 percent")
    assert simulated.tolerance == 0.001


@pytest.mark.parametrize("words", ["within 50 %", "within 0 %"])
def test_an_error_out_of_range_is_refused_with_its_value(words: str) -> None:
    with pytest.raises(BadInput, match="tolerance of 0"):
        planned(f"{HEAT}, {words}")


def test_two_different_errors_contradict_each_other() -> None:
    with pytest.raises(BadInput, match="contradicts itself: 'within 5%' and 'tolerance 1e-3'"):
        planned(f"{HEAT}, within 5% and tolerance 1e-3")
