"""A domain without an end is refused as such, with a finite one to take; a finite range beside the words counts."""

from __future__ import annotations

import pytest

from orchestrator.core.errors import IllPosed
from orchestrator.planners.rules.text import read
from orchestrator.planners.rules.unbounded import unbounded
from tests.planners.stated import planned

HEAT = "Solve the heat equation with a PINN"


@pytest.mark.parametrize(
    ("text", "words", "proposal"),
    [
        (f"{HEAT} on [0, infinity]", "[0, infinity]", "x in [0, 10]"),
        (f"{HEAT} on [0, inf), t in [0, 1]", "[0, inf)", "x in [0, 10]"),
        (f"{HEAT}, x in [2, ∞), t in [0, 1]", "x in [2, ∞)", "x in [2, 12]"),
        (f"{HEAT}, x from 0 to infinity", "x from 0 to infinity", "x in [0, 10]"),
        (f"{HEAT}, x between 0 and 1e400", "x between 0 and 1e400", "x in [0, 10]"),
        (f"{HEAT} for -oo < x < oo", "-oo < x < oo", "x in [-10, 10]"),
        (f"{HEAT}, x in (-inf, 0]", "x in (-inf, 0]", "x in [-10, 0]"),
        (f"{HEAT} on the whole real line", "whole real line", "x in [-10, 10]"),
        (f"{HEAT} on the half-line", "half-line", "x in [0, 10]"),
        (f"{HEAT} in a semi-infinite rod, u(0,t) = 1", "semi-infinite rod", "x in [0, 10]"),
        (f"{HEAT}, u(∞,t) = 0", "u(∞,t)", "x in [-10, 10]"),
        (f"{HEAT} until t = infinity", "until t = infinity", "t in [0, 10]"),
        ("Löse die Wärmeleitungsgleichung mit einem PINN auf [0, unendlich]", "[0, unendlich]", "x in [0, 10]"),
        ("Train a PINN for the pendulum on [0, infinity)", "[0, infinity)", "t in [0, 10]"),
        ("Train a PINN for u_t = 0.1*u_xx for x > 0, u(0,t) = 1, u(x,0) = exp(-x)", "for x > 0", "x in [0, 10]"),
        ("Solve Burgers' equation, x in [0, infinity]", "x in [0, infinity]", "x in [0, 10]"),
    ],
)
def test_a_domain_without_an_end_is_refused_with_a_finite_one(text: str, words: str, proposal: str) -> None:
    with pytest.raises(IllPosed) as caught:
        planned(text)
    assert caught.value.exit_code == 42
    assert f"the domain {words!r} is not bounded" in caught.value.message and f"`{proposal}`" in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAT}, l-infinity error below 1e-3",
        f"{HEAT} for x = 0 and x = 1",
        f"{HEAT}, x in [0, 1], u > 0",
        f"{HEAT} for 0 < x < 1",
        "an infinite-dimensional problem",
    ],
)
def test_other_words_say_nothing_of_the_domain(text: str) -> None:
    reading = read(text)
    assert unbounded(reading.plain, reading.raw, set()) is None


def test_a_finite_range_beside_the_words_is_taken() -> None:
    _, plan = planned(f"{HEAT} on the half-line, x in [0, 8], t in [0, 1]")
    assert plan.problem is not None
    assert plan.problem["coordinates"] == [
        {"name": "x", "low": 0.0, "high": 8.0},
        {"name": "t", "low": 0.0, "high": 1.0},
    ]
