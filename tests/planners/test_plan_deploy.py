"""Deployments: from words to a model and a plan of one step, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evaluated import Evaluated, ModelFile
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request, Route
from orchestrator.nodes.availability import next_wish
from orchestrator.planners.rules.routing import route
from orchestrator.planners.seam import choose

FILE = ModelFile(name="net.pt2", kind="torch", path="/net.pt2", sha256="1" * 64, bytes=5 << 20)


def plan(text: str, *, evaluated: Evaluated | None, service: dict[str, JsonValue] | None = None, **more: Any) -> Plan:
    """The plan of a request whose model the node has found already."""
    asked = Request(text=text, **more)
    planner = choose("rules", {})

    async def made() -> Plan:
        routing = await planner.route(asked)
        told: dict[str, JsonValue] = {"service": service or {}}
        told |= {"evaluated": evaluated.model_dump(mode="json")} if evaluated else {}
        return await planner.plan(asked, routing.model_copy(update={"params": {**routing.params, **told}}), None, ())

    return asyncio.run(made())


@pytest.mark.parametrize(
    ("text", "params"),
    [("Create a Dockerfile and FastAPI service to serve this trained PyTorch model", {}),
     ("Create a Dockerfile and FastAPI service to serve net.pt2", {"models": ["net.pt2"]}),
     ("deploy run 20261126-002901-2c9ad5", {"runs": ["20261126-002901-2c9ad5"]}),
     ("Deploy run last on port 9000", {"runs": ["last"], "port": 9000}),
     ("deploy model.joblib with schema from train.csv, target price", {"models": ["model.joblib"], "target": "price"}),
     ("Deploy weights.pt with net.py, input shape 3x32x32",
      {"models": ["weights.pt"], "module": "net.py", "shape": [3, 32, 32]}),
     ("serve model.pt2", {"models": ["model.pt2"]}),
     ("Serve the model booster.ubj as a REST API", {"models": ["booster.ubj"]})],
)  # fmt: skip
def test_a_request_for_a_service_names_its_model(text: str, params: dict[str, JsonValue]) -> None:
    found = route(Request(text=text))
    assert (found.route, found.message) == (Route.DEPLOY, "")
    assert found.params == params


def test_the_plan_is_one_step_that_writes_the_service() -> None:
    made = plan("Deploy net.pt2 on port 9000, input shape 4", evaluated=Evaluated(subject=FILE), seed=3)
    (step,) = made.steps
    assert (made.route, step.id, step.worker) == (Route.DEPLOY, "deploy", "deploy")
    assert step.spec["subject"] == {"name": "net.pt2", "kind": "torch", "sha256": "1" * 64, "skill": "", "run": ""}
    assert (step.spec["port"], step.spec["shape"], step.spec["seed"]) == (9000, [4], 3)
    assert step.resources.memory_mb == 2048 + 6 * 5, "the larger the file, the more memory its box gets"
    assert len({thought.stage for thought in made.thoughts}) == 5
    assert any("is code" in note for note in made.notes)


def test_without_a_model_or_a_run_the_request_is_bad_input() -> None:
    with pytest.raises(BadInput, match="names no model to serve") as caught:
        plan("Deploy my model with FastAPI", evaluated=None)
    assert "Deploy run last" in caught.value.remedy


def test_a_port_of_the_system_is_refused() -> None:
    with pytest.raises(BadInput, match="port 80 "):
        plan("Deploy net.pt2 on port 80", evaluated=Evaluated(subject=FILE))


def test_a_training_that_should_also_be_deployed_says_how_to_ask_for_it() -> None:
    found = route(Request(text="Predict y in d.csv, and then deploy it with Docker"))
    assert (found.route, found.then) == (Route.TABULAR, (Route.DEPLOY,))
    assert next_wish(found, "R1") == 'Not deployed here; ask for it: `mlexpert run "Deploy run R1"`.'
    assert next_wish(route(Request(text="Deploy run R1")), "R2") == ""
