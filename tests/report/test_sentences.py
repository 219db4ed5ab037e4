"""The sentences of an answer: what is claimed, and how it is told from numbers that are not."""

from __future__ import annotations

from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Route
from orchestrator.nodes.sentences import claims_of

from .common import evidence

COLLECT = Step(id="collect", worker="simulation-expert", kind="agent", skill="simulate", spec={"mode": "collect"})
DATASET = Plan(
    route=Route.SIMULATE, planner="rules", thoughts=(), steps=(COLLECT,), problem={"name": "burgers"}, tolerance=1e-4
)


def test_the_measured_change_of_a_data_set_is_told_from_the_estimate_in_its_file() -> None:
    (claim,) = claims_of(DATASET, (evidence(1, "dataset_error", 2.2e-6, "dataset", n=16),))
    assert claim.value == 2.2e-6
    assert "from half its grid" in claim.text
    assert "error_estimate is another number" in claim.text and "solver's estimate" in claim.text
