"""Bounds on calibration and on the time of a prediction are read from words; other numbers are not taken for them."""

from __future__ import annotations

import pytest

from orchestrator.core.errors import BadInput
from orchestrator.planners.rules.calibration_words import calibration_bounds
from orchestrator.planners.rules.latency_words import latency_bounds
from orchestrator.planners.rules.text import read
from tests.planners.test_plan_table import plan


@pytest.mark.parametrize(
    ("words", "most"),
    [
        ("with well-calibrated probabilities", 0.05),
        ("; probabilities must be calibrated", 0.05),
        ("; ECE below 0.03", 0.03),
        (", calibration error at most 3 %", 0.03),
        (", kalibrierte Wahrscheinlichkeiten", 0.05),
        (", avec des probabilités calibrées", 0.05),
        (", con probabilidades bien calibradas", 0.05),
        ("; the probabilities need not be calibrated", None),
        ("; tell whether probabilities are calibrated", None),
        (" from calibrated sensors", None),
    ],
)
def test_calibrated_probabilities_are_a_bound(words: str, most: float | None) -> None:
    expected = [] if most is None else [{"metric": "calibration_error", "at_most": most}]
    assert calibration_bounds(read(f"Predict sold in x.csv{words}"), "en") == expected


@pytest.mark.parametrize(
    ("words", "most"),
    [
        ("with latency below 5 ms", 5.0),
        ("; predictions must take at most 2 milliseconds", 2.0),
        ("in under 10 ms per row", 10.0),
        (", inference time < 0.5 s", 500.0),
        (", latency at most 800 µs", 0.8),
        (", Vorhersagen in weniger als 5 ms", 5.0),
    ],
)
def test_the_time_of_a_prediction_is_a_bound_in_milliseconds(words: str, most: float) -> None:
    assert latency_bounds(read(f"Predict sold in x.csv {words}"), "en") == [{"metric": "latency_ms", "at_most": most}]


@pytest.mark.parametrize(
    "words", ["within 5 % error", "training in 10 s", "the temperature in 24 hours", "demand in 3 seconds ahead"]
)
def test_other_numbers_bound_no_latency(words: str) -> None:
    assert latency_bounds(read(f"Predict {words}"), "en") == []


def test_a_latency_that_is_only_to_be_told_has_no_bound() -> None:
    made = plan("Predict sold in x.csv and measure the inference latency")
    assert made.data is not None
    assert made.data.constraints == ({"metric": "latency_ms"},)


def test_they_join_the_other_bounds_and_do_not_become_the_metric() -> None:
    made = plan("Predict sold in x.csv, recall at least 0.8, calibrated probabilities and a latency below 5 ms")
    assert made.data is not None
    assert made.data.metric == "recall"
    assert [bound["metric"] for bound in made.data.constraints] == ["recall", "calibration_error", "latency_ms"]


def test_numbers_have_no_calibrated_probabilities() -> None:
    with pytest.raises(BadInput, match="'calibration_error' does not measure a regression"):
        plan("Predict price in x.csv with calibrated probabilities")
