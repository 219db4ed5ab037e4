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


def test_a_quick_model_is_told_by_its_difference_its_time_a_call_and_a_ratio_that_has_an_interval() -> None:
    plan = DATASET.model_copy(update={"route": Route.PINN})
    said = {
        claim.evidence[0]: claim.text
        for claim in claims_of(
            plan,
            (
                evidence(1, "prediction_difference", 1e-7, "delivered vs torch"),
                evidence(2, "prediction_difference", 1e-7, "delivered vs float32"),
                evidence(3, "latency_ms", 0.21, "delivered, batch 64", unit="ms", interval=(0.2, 0.22)),
                evidence(4, "latency_ms", 0.9, "torch, batch 64", unit="ms", interval=(0.8, 1.0)),
                evidence(5, "speedup", 3.7, "delivered vs torch", interval=(3.2, 4.3)),
                evidence(6, "speedup", 1.2, "delivered vs numpy", interval=(0.8, 1.7)),
                evidence(7, "speedup", 9.0, "delivered vs other"),
            ),
        )
    }
    assert set(said) == {"e1", "e3", "e5", "e6"}
    assert "trained one in torch" in said["e1"] and "batch 64" in said["e3"] and "0.2 to 0.22" in said["e3"]
    assert said["e5"].endswith("(95 % interval 3.2 to 4.3)") and "0.8 to 1.7" in said["e6"]
    assert said["e6"].endswith("neither is shown to be quicker")
