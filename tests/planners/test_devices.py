"""Where a plan wishes for a GPU: as the request says, else where one was seen to pay."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orchestrator.core.plan import Plan
from orchestrator.core.request import Request
from orchestrator.planners.rules.devices import device_told, parameters, wish
from orchestrator.planners.seam import choose

from .test_plan_deep import planned, profile

CNN = "Classify the images in data.npz with a CNN"
BURGERS = "Train a PINN for the Burgers equation"


def of_field(text: str) -> Plan:
    planner, request = choose("rules", {}), Request(text=text)
    return asyncio.run(planner.plan(request, asyncio.run(planner.route(request)), None, ()))


@pytest.mark.parametrize(
    ("plain", "device"),
    [
        ("train it on the gpu", "gpu"), ("train it on an nvidia gpu", "gpu"), ("using cuda", "gpu"),
        ("use the gpu", "gpu"), ("auf der grafikkarte", "gpu"), ("device=cuda", "gpu"), ("gpu only", "gpu"),
        ("on the cpu", "cpu"), ("without a gpu", "cpu"), ("ohne gpu", "cpu"), ("no gpu please", "cpu"),
        ("on the gpu if there is one", "any"), ("use a gpu if available", "any"), ("if there is a gpu, use it", "any"),
        ("on 4 gpus", None), ("classify gpu prices", None), ("predict gpu from ram", None),
    ],
)  # fmt: skip
def test_words_name_a_device(plain: str, device: str | None) -> None:
    assert device_told(plain).get("device") == device


@pytest.mark.parametrize(
    ("device", "pays", "told"),
    [
        (None, False, "none"), (None, True, "prefer"), ("any", False, "prefer"), ("cpu", True, "none"),
        ("gpu", False, "require"),
    ],
)  # fmt: skip
def test_what_is_asked_goes_before_what_pays(device: str | None, pays: bool, told: str) -> None:
    assert wish({} if device is None else {"device": device}, pays=pays) == told


@pytest.mark.parametrize(
    ("text", "known", "gpu"),
    [
        (CNN, {"rows": 200}, "none"),
        (CNN, {"rows": 40_000}, "prefer"),
        (f"{CNN} on the CPU", {"rows": 40_000}, "none"),
        (f"{CNN} on the GPU", {"rows": 200}, "require"),
        (f"{CNN} on the GPU if there is one", {"rows": 200}, "prefer"),
    ],
)
def test_arrays_wish_for_a_gpu_where_training_takes_long(text: str, known: dict[str, Any], gpu: str) -> None:
    plan = planned(text, profile("images", **known))
    assert plan.steps[0].resources.gpu == gpu
    assert not any("device" in note for note in plan.notes)
    said = next(thought.decision for thought in plan.thoughts if thought.stage == "training")
    assert ("GPU" in said) == (gpu != "none")


@pytest.mark.parametrize(
    ("text", "gpu"),
    [
        (BURGERS, "none"),
        (f"{BURGERS} on the GPU", "require"),
        (f"{BURGERS} with 3 hidden layers of 40 neurons", "prefer"),
        (f"{BURGERS} with 3 hidden layers of 40 neurons on the CPU", "none"),
        (f"{BURGERS} with 2 hidden layers of 20 neurons", "none"),
    ],
)
def test_problems_wish_for_a_gpu_where_the_layers_are_large(text: str, gpu: str) -> None:
    plan = of_field(text)
    assert {step.id: step.resources.gpu for step in plan.steps} == {
        **dict.fromkeys((step.id for step in plan.steps), "none"), "train": gpu,
    }  # fmt: skip
    assert not any("device" in note for note in plan.notes)


def test_a_trainer_that_takes_no_gpu_says_so() -> None:
    plan = of_field("Train a PINN for the Burgers equation in JAX on the GPU")
    assert {step.resources.gpu for step in plan.steps} == {"none"}
    assert any("device 'gpu' is not used" in note for note in plan.notes)


def test_parameters_are_counted_layer_by_layer() -> None:
    assert (parameters([20, 20], 2, 1), parameters([40, 40, 40], 2, 1), parameters(None, 2, 1)) == (501, 3441, 0)
