"""Requests for problems in symbols: what is planned is the problem that was meant, or a refusal says why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.problems import library, names
from skills.runtime.problem import Problem
from tests.planners.stated import Sample, planned, samples, wrong

ALL = [*samples("problems.jsonl"), *samples("problems_held.jsonl")]


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: sample.text[:60])
def test_a_request_means_the_problem_that_is_planned(sample: Sample, tmp_path: Path) -> None:
    assert not wrong(sample, tmp_path)


@pytest.mark.parametrize("name", names())
def test_every_problem_of_the_library_is_planned_by_its_title(name: str) -> None:
    _, plan = planned(f"Train a PINN for the {library()[name].title}")
    assert plan.problem is not None
    read = Problem.model_validate(plan.problem)
    assert read.fields and [step.id for step in plan.steps] == [
        "train", "reference", "constraints", "classical", "physics",
    ]  # fmt: skip
