"""A spec gets every default of its schema, and every mistake in it is named."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from orchestrator.config.fill import fill
from orchestrator.config.skills import Skill

SIDE: dict[str, JsonValue] = {
    "type": "object",
    "properties": {
        "kind": {"type": "string", "enum": ["dirichlet", "neumann"], "default": "dirichlet"},
        "value": {"type": "string", "default": "0"},
    },
    "additionalProperties": False,
}
PROBLEM: dict[str, JsonValue] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "heat"},
        "x": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}], "default": [0.0, 1.0]},
        "left": {"$ref": "#/$defs/Side", "default": {"kind": "dirichlet"}},
        "right": {"anyOf": [{"$ref": "#/$defs/Side"}, {"type": "null"}], "default": None},
    },
    "additionalProperties": False,
}
SCHEMA: dict[str, JsonValue] = {
    "$defs": {"Side": SIDE, "Problem": PROBLEM},
    "type": "object",
    "properties": {
        "problem": {"$ref": "#/$defs/Problem"},
        "mode": {"type": "string", "enum": ["constraints", "verify"]},
        "seed": {"type": "integer", "minimum": 0, "default": 0},
        "tolerance": {"type": "number", "exclusiveMinimum": 0, "default": 1e-5},
        "hidden": {"type": "array", "items": {"type": "integer", "minimum": 1}, "default": [20, 20]},
        "sides": {"type": "array", "items": {"$ref": "#/$defs/Side"}, "default": []},
        "by_name": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Side"}, "default": {}},
    },
    "required": ["problem", "mode"],
    "additionalProperties": False,
}


def skill(schema: dict[str, JsonValue] = SCHEMA) -> Skill:
    return Skill(
        name="s", description="d", folder=Path(), spec_schema=schema, origin="builtin", trust="builtin", sha256="",
        has_main=True,
    )  # fmt: skip


def said(spec: dict[str, JsonValue], schema: dict[str, JsonValue] = SCHEMA) -> dict[str, str]:
    return {mistake.path: mistake.allowed for mistake in fill(skill(schema), spec).mistakes}


def test_defaults_are_filled_in_at_every_level() -> None:
    spec: dict[str, JsonValue] = {
        "problem": {"right": {}}, "mode": "verify", "sides": [{"value": "1"}], "by_name": {"a": {}}, "tolerance": 0.1,
    }  # fmt: skip
    before = copy.deepcopy(spec)
    filled = fill(skill(), spec)
    assert filled.mistakes == ()
    side = {"kind": "dirichlet", "value": "0"}
    assert filled.spec == {
        "problem": {"name": "heat", "x": [0.0, 1.0], "left": side, "right": side},
        "mode": "verify",
        "seed": 0,
        "tolerance": 0.1,
        "hidden": [20, 20],
        "sides": [{"kind": "dirichlet", "value": "1"}],
        "by_name": {"a": side},
    }
    assert spec == before


def test_a_choice_that_may_be_null_stays_null() -> None:
    filled = fill(skill(), {"problem": {"right": None}, "mode": "verify"})
    problem = filled.spec["problem"]
    assert isinstance(problem, dict)
    assert problem["right"] is None
    assert filled.mistakes == ()


def test_filling_twice_changes_nothing_more() -> None:
    once = fill(skill(), {"problem": {}, "mode": "verify"})
    assert fill(skill(), once.spec) == once


def test_a_filled_spec_does_not_share_its_lists_with_the_schema() -> None:
    filled = fill(skill(), {"problem": {}, "mode": "verify"})
    hidden = filled.spec["hidden"]
    assert isinstance(hidden, list)
    hidden.append(99)
    assert fill(skill(), {"problem": {}, "mode": "verify"}).spec["hidden"] == [20, 20]


def test_every_mistake_is_named_with_what_is_allowed() -> None:
    mistakes = said(
        {
            "problem": {"lefft": {}, "right": {"kind": "robin"}},
            "mode": "verfy",
            "sed": 1,
            "seed": -1,
            "tolerance": 0,
            "hidden": [20, "x"],
        }
    )
    assert mistakes == {
        "problem.lefft": "unknown option; did you mean 'left'? allowed: left, name, right, x",
        "problem.right.kind": "must be one of 'dirichlet', 'neumann', not 'robin'",
        "mode": "must be one of 'constraints', 'verify', not 'verfy'; did you mean 'verify'?",
        "sed": "unknown option; did you mean 'seed'? allowed: by_name, hidden, mode, problem, seed, sides, tolerance",
        "seed": "must be 0 or more, not -1",
        "tolerance": "must be more than 0, not 0",
        "hidden.1": "must be of type integer, not 'x'",
    }


def test_what_is_missing_is_named_once_each() -> None:
    assert said({}) == {"problem": "is required and missing", "mode": "is required and missing"}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_number_without_end_is_refused(value: float) -> None:
    assert "finite" in said({"problem": {}, "mode": "verify", "tolerance": value})["tolerance"]


def test_the_value_travels_with_the_mistake() -> None:
    (mistake,) = fill(skill(), {"problem": {}, "mode": "verify", "seed": "7"}).mistakes
    assert (mistake.path, mistake.value) == ("seed", "7")
    assert mistake.sentence == "seed: must be of type integer, not '7'"


def test_defaults_that_contain_themselves_come_to_an_end() -> None:
    endless: dict[str, JsonValue] = {"type": "object", "properties": {"next": {"$ref": "#", "default": {}}}}
    assert fill(skill(endless), {}).mistakes == ()


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"$ref": "#/$defs/Nowhere"}])
def test_a_schema_that_leads_nowhere_is_a_mistake_and_no_crash(schema: dict[str, JsonValue]) -> None:
    assert "cannot be used" in said({}, schema)["(schema)"]


@given(
    st.dictionaries(
        st.sampled_from(["problem", "mode", "seed", "hidden", "sides", "odd"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
            max_leaves=6,
        ),
    )
)
def test_any_spec_is_filled_or_told_and_what_it_says_is_kept(spec: dict[str, JsonValue]) -> None:
    filled = fill(skill(), spec)
    assert set(spec) <= set(filled.spec)
    assert filled.spec["tolerance"] == 1e-5
    if "odd" in spec or not {"problem", "mode"} <= set(spec):
        assert filled.mistakes
