"""Columns that are known only afterwards: said in words, left out, told among the repairs, kept by name."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import DataStrategy
from orchestrator.core.profile import Column, DataProfile
from orchestrator.core.request import Request
from orchestrator.planners.seam import choose

PLANNER = choose("rules", {})
NAMES = ("age", "visits", "refund", "exit_code", "final score", "y")
PROFILE = DataProfile(
    file="a.csv", sha256="", rows=500, duplicates=0,
    columns=tuple(Column(name=name, kind="number", missing=0.0, unique=400, low=-3.0, high=9.5) for name in NAMES),
)  # fmt: skip


async def planned(text: str, *findings: Verdict) -> DataStrategy:
    request = Request(text=text, files=("a.csv",))
    plan = await PLANNER.plan(request, await PLANNER.route(request), PROFILE, findings)
    assert plan.data is not None
    return plan.data


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("known only afterwards: refund, exit_code", {"refund", "exit_code"}),
        ("only known after the fact: refund", {"refund"}),
        ("refund is only known afterwards", {"refund"}),
        ("refund and exit_code are not known at prediction time", {"refund", "exit_code"}),
        ("refund isn't known when we predict", {"refund"}),
        ("not available at prediction time: refund, exit_code.", {"refund", "exit_code"}),
        ('"final score" is recorded later', {"final score"}),
        ("erst hinterher bekannt: refund", {"refund"}),
        ("connu seulement après coup : refund", {"refund"}),
        ("known only afterwards: refund, y", {"refund"}),
    ],
)
async def test_columns_that_are_known_later_are_no_features_and_that_is_told(said: str, names: set[str]) -> None:
    data = await planned(f"Predict y in @a.csv; {said}")
    assert data.target == "y"
    assert {name for name, why in data.dropped.items() if "known only afterwards" in why} == names
    assert set(data.features) == {*NAMES} - names - {"y"}


@pytest.mark.parametrize(
    "said", ["Predict y, which is only known afterwards, in @a.csv", "Predict y in @a.csv. Known issues: none yet"]
)
async def test_a_request_that_says_so_of_no_column_leaves_none_out(said: str) -> None:
    assert (await planned(said)).features == NAMES[:-1]


async def test_a_column_cannot_be_kept_and_known_later() -> None:
    with pytest.raises(BadInput, match="'refund' is to be kept and is said to be known only afterwards"):
        await planned("Predict y in @a.csv; known only afterwards: refund; keep column refund")


async def test_a_column_that_is_not_there_is_named() -> None:
    with pytest.raises(BadInput, match="refnud"):
        await planned("Predict y in @a.csv; known only afterwards: refnud")


def failed(**columns: tuple[str, ...]) -> Verdict:
    told: dict[str, Any] = {"value": 1.0, "threshold": 0.0, "evidence": (), "reason": "found"}
    return Verdict(id="data.leakage", verdict="failed", columns=dict(columns), **told)


async def test_what_the_gate_finds_named_like_later_is_left_out_unless_it_is_kept_by_name() -> None:
    data = await planned("Predict y in @a.csv", failed(afterwards=("refund",)))
    assert "refund" not in data.features and "only afterwards" in data.dropped["refund"]
    kept = await planned("Predict y in @a.csv; keep column refund", failed(afterwards=("refund",)))
    assert "refund" in kept.features and kept.kept == ("refund",)
