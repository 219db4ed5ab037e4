"""Targets that two or three columns tell together, found and named; honest neighbours are not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from orchestrator.data.formulas import Found, best_formula
from orchestrator.data.leaks_of_columns import least_order
from orchestrator.data.proxy import explained
from orchestrator.data.rules import best_rule

Make = Callable[[pd.DataFrame], pd.Series]


@pytest.fixture
def table() -> pd.DataFrame:
    """400 rows of five measurements above 0, a signed one, and two categories."""
    draw = np.random.default_rng(8)
    frame = pd.DataFrame(draw.lognormal(1, 0.5, size=(400, 5)).round(3), columns=list("abcde"))
    return frame.assign(s=draw.normal(size=400).round(3), k=draw.choice(list("xyz"), 400), f=draw.choice([0, 1], 400))


def formula(frame: pd.DataFrame, target: pd.Series, without: frozenset[str] = frozenset()) -> Found:
    return best_formula(frame[:300], target[:300], frame[300:], target[300:], without)


def rule(frame: pd.DataFrame, target: pd.Series) -> Found:
    return best_rule(frame[:300], target[:300], frame[300:], target[300:], frozenset())


@pytest.mark.parametrize(
    ("make", "columns"),
    [
        (lambda t: t["a"] + t["b"], ("a", "b")),
        (lambda t: 3 * t["a"] - 0.2 * t["s"] + 7, ("a", "s")),
        (lambda t: t["a"] * t["b"], ("a", "b")),
        (lambda t: t["s"] * t["b"], ("b", "s")),
        (lambda t: 5 * t["a"] / t["b"] ** 2, ("a", "b")),
        (lambda t: (t["a"] + t["b"] + t["c"]).round(1), ("a", "b", "c")),
        (lambda t: t["a"] * t["b"] + t["s"], ("a", "b", "s")),
        (lambda t: t["a"] * t["b"] / t["c"], ("a", "b", "c")),
    ],
)
def test_a_number_made_of_two_or_three_columns_names_them(
    table: pd.DataFrame, make: Make, columns: tuple[str, ...]
) -> None:
    found = formula(table, make(table))
    assert found.columns == columns
    assert found.share > 0.9995


def test_noise_and_honest_causes_are_no_formula(table: pd.DataFrame) -> None:
    draw = np.random.default_rng(1)
    assert formula(table, pd.Series(draw.normal(size=400))).share < 0.5
    honest = table["a"] + table["b"] + 0.1 * draw.normal(size=400)
    assert 0.9 < formula(table, honest).share < 0.9995


def test_a_column_that_tells_the_target_alone_makes_no_set_of_its_own(table: pd.DataFrame) -> None:
    alone = 2 * table["a"] + 1e-6 * table["b"]
    assert formula(table, alone).columns != ("a", "b")
    assert formula(table, alone, frozenset("a")).share < 0.9


def test_a_formula_is_found_beside_gaps_and_in_a_wide_table(table: pd.DataFrame) -> None:
    draw = np.random.default_rng(2)
    wide = pd.concat([table, pd.DataFrame(draw.normal(size=(400, 60))).add_prefix("n")], axis=1)
    target = wide["n3"] - wide["n50"]
    wide.loc[::10, "n3"] = np.nan
    wide.loc[::3, "n7"] = np.nan
    assert formula(wide, target).columns == ("n3", "n50")
    assert formula(wide, target).share > 0.9999


@pytest.mark.parametrize(
    ("make", "columns"),
    [
        (lambda t: np.where(t["a"] > t["b"], "yes", "no"), {"a", "b"}),
        (lambda t: np.where(t["a"] + t["b"] > 7, "yes", "no"), {"a", "b"}),
        (lambda t: np.where(t["a"] * t["s"] > 1, "yes", "no"), {"a", "s"}),
        (lambda t: np.digitize(t["a"] / t["b"], [0.7, 1.5]).astype(str), {"a", "b"}),
        (lambda t: np.where((t["k"] == "x") == (t["f"] == 1), "yes", "no"), {"k", "f"}),
        (lambda t: t["k"] + t["f"].astype(str), {"k", "f"}),
        (lambda t: np.where((t["a"] > t["a"][:300].median()) == (t["f"] == 1), "yes", "no"), {"a", "f"}),
    ],
)
def test_a_class_by_a_rule_on_two_columns_names_them(table: pd.DataFrame, make: Make, columns: set[str]) -> None:
    found = rule(table, pd.Series(make(table)))
    assert set(found.columns) == columns
    assert found.share > 0.99


def test_classes_that_only_lean_on_columns_follow_no_rule(table: pd.DataFrame) -> None:
    draw = np.random.default_rng(1)
    leaning = pd.Series(np.where(table["a"] - table["b"] + 0.3 * draw.normal(size=400) > 0, "yes", "no"))
    assert rule(table, leaning).share < 0.99
    assert rule(table, pd.Series(draw.choice(["yes", "no"], 400))).share < 0.8


def test_a_class_of_the_test_rows_that_training_never_saw_counts_as_wrong(table: pd.DataFrame) -> None:
    classes = pd.Series(np.where(table["a"] > table["b"], "yes", "no"))
    classes[380:] = "never"
    assert rule(table, classes).share < 0.85


def test_ten_classes_are_told_by_as_many_ranges_of_one_number_or_of_a_difference(table: pd.DataFrame) -> None:
    draw = np.random.default_rng(4)
    code = draw.integers(0, 10, 400)
    classes = pd.Series([f"class {place}" for place in code])
    ranges = pd.Series(10 * code + draw.uniform(0, 9, 400))
    assert explained(ranges[:300], classes[:300], ranges[300:], classes[300:], regression=False) > 0.999
    wide = pd.DataFrame(draw.normal(size=(400, 60))).add_prefix("n")
    second = draw.normal(50, 10, 400)
    twins = wide.assign(paid_in=second + 2 * code + draw.uniform(0.1, 1.8, 400), paid_out=second)
    found = rule(twins, classes)
    assert set(found.columns) == {"paid_in", "paid_out"} and found.share > 0.99


def test_two_columns_of_few_values_are_tried_in_a_wide_table_though_neither_tells_anything(table: pd.DataFrame) -> None:
    draw = np.random.default_rng(4)
    a, b = draw.integers(0, 4, 400), draw.integers(0, 4, 400)
    code = (a + b) % 4
    leaning = pd.DataFrame(draw.normal(size=(400, 60)) + 0.8 * code[:, None]).add_prefix("n")
    found = rule(leaning.assign(a=a, b=b), pd.Series(code.astype(str)))
    assert set(found.columns) == {"a", "b"} and found.share > 0.99


def test_common_classes_agree_by_chance_and_that_is_no_order() -> None:
    even, rare = (pd.Series(["yes"] * yes + ["no"] * (900 - yes)) for yes in (450, 30))
    assert least_order(even, regression=False) == pytest.approx(3.3 / 30)
    assert least_order(rare, regression=False) > 0.4
    assert least_order(pd.Series(np.arange(900.0)), regression=True) == pytest.approx(3.3 / 30)
    assert least_order(pd.Series(np.arange(90_000.0)), regression=True) == 0.05
