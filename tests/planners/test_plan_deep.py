"""Plans for array data: candidates that suit the samples, wishes that reach the spec, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.plan import Plan
from orchestrator.core.profile import ArrayForm, Column, DataProfile
from orchestrator.core.request import Request, Route
from orchestrator.planners.seam import choose

FORMS: dict[str, dict[str, Any]] = {
    "images": {"kind": "images", "shape": (1, 8, 8), "dtype": "uint8", "low": 0, "high": 255, "ordered": True},
    "series": {"kind": "series", "shape": (1, 40), "dtype": "float32", "low": -3, "high": 3, "ordered": True},
    "vectors": {"kind": "vectors", "shape": (12,), "dtype": "float32", "low": -3, "high": 3},
}


def profile(kind: str = "images", *, groups: bool = False, number: bool = False, **changes: Any) -> DataProfile:
    labels = Column(name="labels", kind="number" if number else "category", missing=0, unique=200 if number else 4)
    more = (Column(name="groups", kind="category", missing=0, unique=30),) if groups else ()
    return DataProfile(
        file="data.npz", sha256="", rows=changes.pop("rows", 900),
        columns=(Column(name="inputs", kind="number", missing=0, unique=900), labels, *more),
        arrays=ArrayForm(**{**FORMS[kind], **changes}),
    )  # fmt: skip


def planned(text: str, known: DataProfile | None) -> Plan:
    planner = choose("rules", {})
    request = Request(text=text)
    routing = asyncio.run(planner.route(request))
    assert routing.route in (Route.DEEP, Route.TABULAR)
    return asyncio.run(planner.plan(request, routing, known, ()))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Train an MLP on data.npz", Route.DEEP),
        ("Classify the vectors in data.npz with a multilayer perceptron", Route.DEEP),
        ("Train a neural network with PyTorch to classify data.npz", Route.DEEP),
        ("Train gradient boosting on data.npz", Route.TABULAR),
        ("Predict y in data.npz without a neural network", Route.TABULAR),
        ("Train an MLP on data.csv, target y", Route.TABULAR),
    ],
)
def test_a_network_that_is_named_makes_an_npz_file_of_vectors_array_data(text: str, told: Route) -> None:
    assert asyncio.run(choose("rules", {}).route(Request(text=text))).route is told


@pytest.mark.parametrize(
    ("text", "kind", "networks"),
    [
        ("Classify the images in data.npz with a CNN", "images", ["mlp", "cnn"]),
        ("Train a transformer on the images in data.npz", "images", ["mlp", "cnn", "transformer"]),
        ("Train an LSTM on the series in data.npz", "series", ["mlp", "cnn", "lstm"]),
        ("Train a deep network on data.npz", "vectors", ["mlp"]),
        ("Classify data.npz", "images", ["mlp", "cnn"]),
    ],
)
def test_networks_suit_the_samples_and_simple_models_stand_beside_them(
    text: str, kind: str, networks: list[str]
) -> None:
    plan = planned(text, profile(kind))
    step = plan.steps[0]
    assert (plan.route, step.worker) == (Route.DEEP, "deep")
    assert step.spec["models"] == ["dummy", "linear", "forest", *networks]
    assert plan.data is not None and plan.data.arrays is not None and plan.data.features == ("inputs",)
    assert step.spec["shape"] == list(FORMS[kind]["shape"]) and plan.data.split.kind == "stratified"
    assert {thought.stage for thought in plan.thoughts} == {"formulation", "data", "model", "training", "validation"}


def test_wishes_reach_the_spec() -> None:
    plan = planned(
        "Train a CNN on the images in data.npz with lion, one-cycle schedule, learning rate 0.001, 15 epochs, "
        "batch size 32, dropout 0.2, weight decay 0.05, patience 4, with shift and flip augmentation, class weights, "
        "seed 7",
        profile(),
    )
    spec = plan.steps[0].spec
    wanted = {
        "optimizer": "lion", "schedule": "one_cycle", "learning_rate": 0.001, "epochs": 15, "batch": 32, "dropout": 0.2,
        "weight_decay": 0.05, "patience": 4, "class_weights": "balanced", "seed": 7,
        "augment": {"shift": 1, "flip": True},
    }  # fmt: skip
    assert {key: spec.get(key) for key in wanted} == wanted
    assert not [note for note in plan.notes if "is not used" in note]


def test_nothing_is_augmented_that_nobody_asked_for() -> None:
    assert "augment" not in planned("Classify the images in data.npz without augmentation", profile()).steps[0].spec


def test_groups_and_uneven_classes_are_taken_care_of() -> None:
    plan = planned("Classify the images in data.npz", profile(groups=True, imbalance=9.0))
    assert plan.data is not None
    assert (plan.data.split.kind, plan.data.split.column) == ("group", "groups")
    assert plan.steps[0].spec["cv"] == {"kind": "group", "folds": 3, "column": "groups"}
    assert plan.steps[0].spec["class_weights"] == "balanced"


def test_a_quantity_is_a_regression_and_large_data_gets_smaller_networks() -> None:
    plan = planned("Train a CNN on the images in data.npz", profile(number=True, rows=60_000))
    spec = plan.steps[0].spec
    assert (spec["task"], spec["metric"], spec["cv"]) == ("regression", "rmse", {"kind": "kfold", "folds": 3})
    assert spec["epochs"] == 12 and spec["channels"] == [16, 32]


@pytest.mark.parametrize(
    "text",
    [
        "Fine-tune a ResNet on the images in data.npz",
        "Train a GAN on the images in data.npz",
        "Train a graph neural network on data.npz",
    ],
)
def test_what_the_skill_cannot_do_is_refused_with_what_it_can(text: str) -> None:
    with pytest.raises(NotAvailable, match="not available yet") as caught:
        planned(text, profile())
    assert "CNN" in caught.value.remedy


def test_wishes_that_cannot_be_met_are_refused() -> None:
    with pytest.raises(BadInput, match="vectors without an order"):
        planned("Train a CNN on data.npz", profile("vectors"))
    with pytest.raises(BadInput, match="no data file"):
        planned("Train a CNN to classify my photos", None)
    with pytest.raises(BadInput, match="the optimizer 'rmsprop'"):
        planned("Train a CNN on the images in data.npz with rmsprop", profile())
    with pytest.raises(NotAvailable, match="is a table"):
        planned("Train a CNN on data.csv", profile().model_copy(update={"arrays": None}))


def test_a_size_for_images_is_read_from_the_words() -> None:
    planner = choose("rules", {})
    text = "Classify the images in @photos resized to 64 x 48 with a CNN"
    assert asyncio.run(planner.route(Request(text=text))).params["image_size"] == [64, 48]
