"""Plans for searches: what is varied and how, in words and from a file, and what is refused."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.plan import Plan
from orchestrator.core.profile import Column, DataProfile
from orchestrator.core.request import Request, Route
from orchestrator.core.search import Dimension, Search
from orchestrator.gates.required import required
from orchestrator.planners.seam import choose

from .test_plan_deep import profile

PAGE = "Run a hyperparameter sweep for my transformer model using Optuna to find the best learning rate and batch size"


def planned(text: str, known: DataProfile | None, **fields: Any) -> Plan:
    planner = choose("rules", {})
    request = Request(text=text, **fields)
    routing = asyncio.run(planner.route(request))
    assert routing.route is Route.SWEEP, routing
    return asyncio.run(planner.plan(request, routing, known, ()))


def search_of(text: str, **fields: Any) -> Search:
    found = planned(f"{text} on data.npz", profile("series"), **fields).steps[0].search
    assert found is not None
    return found


def space_of(text: str) -> dict[str, Dimension]:
    return {dimension.name: dimension for dimension in search_of(text).space}


def test_the_page_s_example_searches_over_what_it_names_and_trains_at_the_best() -> None:
    plan = planned(f"{PAGE} on data.npz", profile("series"))
    search, train = plan.steps
    assert search.search is not None and [one.name for one in search.search.space] == ["learning_rate", "batch"]
    assert search.search.sampler == "tpe" and search.body[0].spec["models"] == ["transformer"]
    assert search.body[0].spec["refit"] is False and train.needs == ("search",)
    assert train.spec["models"] == ["dummy", "linear", "forest", "transformer"]
    assert not {"learning_rate", "batch"} & (search.body[0].spec.keys() | train.spec.keys())
    assert {"search.complete", "search.nested"} <= set(required(plan))


def test_the_usual_setting_is_tried_first() -> None:
    assert search_of(PAGE).first == ({"learning_rate": 0.002, "batch": 64},)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sweep the learning rate of a transformer between 1e-5 and 1e-2", {"learning_rate": (1e-5, 1e-2)}),
        ("Tune the dropout of an LSTM from 0 to 0.3", {"dropout": (0.0, 0.3)}),
        ("Optimize hyperparameters of a cnn: batch size in [16, 32, 64]", {"batch": (16, 32, 64)}),
        ("Tune learning rate in 1e-4 to 1e-1 and batch size 32 or 64 of an MLP",
         {"learning_rate": (1e-4, 0.1), "batch": (32, 64)}),
        ("Hyperparameter-Suche für einen Transformer: Lernrate zwischen 0,0001 und 0,01",
         {"learning_rate": (1e-4, 1e-2)}),
    ],
)  # fmt: skip
def test_ranges_and_lists_in_words(text: str, expected: dict[str, tuple[float, ...]]) -> None:
    found = space_of(text)
    assert {name: one.choices or (one.low, one.high) for name, one in found.items()} == expected


def test_where_nothing_is_named_the_usual_space_of_the_family_is_searched() -> None:
    assert {"learning_rate", "batch", "width", "layers"} <= space_of("Hyperparameter sweep for a transformer").keys()
    assert "width" not in space_of("Hyperparameter sweep for a cnn")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", {"sampler": "tpe", "pruner": "none", "trials": 20, "batch": 4}),
        ("with CMA-ES, 60 trials", {"sampler": "cmaes", "trials": 60}),
        ("by random search with 12 trials", {"sampler": "random", "trials": 12}),
        ("with hyperband pruning", {"pruner": "hyperband"}),
        ("with a median pruner, 8 trials in parallel", {"pruner": "median", "batch": 8}),
        ("without pruning", {"pruner": "none"}),
        ("and few parameters", {"sampler": "nsga2"}),
    ],
)
def test_how_it_is_searched(words: str, expected: dict[str, object]) -> None:
    search = search_of(f"Run a hyperparameter sweep for a transformer over learning rate and dropout {words}")
    assert {name: getattr(search, name) for name in expected} == expected


def test_a_grid_tries_every_combination_once() -> None:
    search = search_of("Grid search over learning rate and batch size in [16, 32] for a transformer")
    assert search.trials == len(search.first) == 10
    assert {(setting["batch"], setting["learning_rate"]) for setting in search.first} >= {(16, 1e-4), (32, 1e-2)}


def test_momentum_is_varied_for_sgd_alone() -> None:
    space = space_of("Sweep over optimizer, momentum and learning rate of an MLP")
    assert space["momentum"].when is not None and space["momentum"].when.one_of == ("sgd",)


def test_the_space_may_stand_in_a_file(tmp_path: Path) -> None:
    toml, other = tmp_path / "space.toml", tmp_path / "space.json"
    toml.write_text("[space]\nlearning_rate = { low = 1e-4, high = 0.1, log = true }\nbatch = [16, 32]\n")
    told = {"learning_rate": {"low": 1e-4, "high": 0.1, "log": True}, "batch": [16, 32]}
    other.write_text(json.dumps({"space": told}))
    found = [
        search_of(f"Sweep a transformer over {path}", files=("data.npz", str(path))).space for path in (toml, other)
    ]
    assert found[0] == found[1]
    assert [one.kind for one in found[0]] == ["float", "choice"] and found[0][0].log


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[space]\n", "empty one"),
        ("[space]\nlearning_rate = { low = 1.0, high = 0.1 }\n", "range of 'learning_rate' is empty"),
        ("[space]\nrows = [1, 2]\n", "which the transformer does not have"),
        ("[space]\nbatch = []\n", "no choice"),
        ("[space]\nbatch = 'many'\n", "neither a list nor a range"),
        ("[space\n", "cannot be read"),
    ],
)
def test_files_that_are_no_space_are_refused(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "space.toml"
    path.write_text(content)
    with pytest.raises(BadInput, match=told) as caught:
        planned(f"Sweep a transformer on data.npz over {path}", profile("series"), files=("data.npz", str(path)))
    assert caught.value.remedy


def test_an_empty_range_and_a_hyperparameter_that_the_family_lacks_are_refused() -> None:
    with pytest.raises(BadInput, match="heads"):
        search_of("Sweep the number of heads of a cnn")
    with pytest.raises(BadInput, match="trials"):
        search_of("Hyperparameter sweep for a transformer with 0 trials")


def test_a_table_cannot_be_searched_yet() -> None:
    columns = tuple(Column(name=name, kind="number", missing=0, unique=90) for name in ("x", "y"))
    table = DataProfile(file="data.csv", sha256="", rows=100, columns=columns)
    with pytest.raises(NotAvailable, match="table"):
        planned("Hyperparameter sweep for a transformer on data.csv to predict y", table)


def test_without_data_a_file_is_asked_for() -> None:
    with pytest.raises(BadInput, match="no data file is named") as caught:
        planned(PAGE, None)
    assert caught.value.remedy
