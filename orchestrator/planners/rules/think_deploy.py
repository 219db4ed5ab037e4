"""The chain of thought of a deployment: nothing is trained, and each of the five steps says what that means."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.evaluated import Evaluated
from orchestrator.core.plan import Thought
from orchestrator.planners.rules.thoughts import thought

FORMS = {"rows": "rows of named columns", "points": "points of the field's coordinates", "array": "arrays of one shape"}


def deploy_thoughts(evaluated: Evaluated, spec: dict[str, JsonValue]) -> tuple[Thought, ...]:
    subject = evaluated.subject.name
    form = FORMS.get(str(spec.get("form", "rows")), "what the model itself tells")
    columns = spec.get("columns")
    known = f"{len(columns)} columns are known" if isinstance(columns, list) and columns else "the model tells them"
    return (
        thought(
            "formulation",
            f"Serve {subject} over HTTP, as it is.",
            "Success: the service says what the model says, to 1e-6 of the largest output, refuses bad requests by "
            "name, and its image holds no root process, no secret and no test data.",
            ("training a better one first", "the request asks for a service of one that is there"),
        ),
        thought(
            "data",
            f"A request holds {form}; {known}.",
            "Types, ranges and missing values come from the data that the model was made with, where those are there.",
            ("taking whatever comes", "a wrong type would be found by the model, or by nobody"),
        ),
        thought(
            "model",
            f"{subject}, opened in boxes alone.",
            "A pickle is code; what a fresh process loads while it predicts is what the image will hold.",
            ("mounting the box environment", "the delivered Dockerfile must build on any machine"),
        ),
        thought(
            "training",
            "Nothing is trained.",
            "Every package is pinned to the version that the model was opened with.",
            ("the newest versions", "a model may say something else in another version"),
        ),
        thought(
            "validation",
            "The image is built and started without a network, asked about inputs of the host, and put under load.",
            "The answers are compared with those of the model outside the service, in a box of its own.",
            ("a health check alone", "a service may be alive and wrong"),
        ),
    )
