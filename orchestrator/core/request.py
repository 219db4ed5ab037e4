"""What was asked, and what the route made of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from orchestrator.core.errors import BadInput
from orchestrator.core.values import Value

PlannerChoice = Literal["auto", "rules", "claude"]
# auto, one of ours, or the name that a package gives its own by the entry point mlexpert.sandboxes
SandboxChoice = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]


class Route(StrEnum):
    """Where a request goes. The names are part of the JSON contract."""

    TABULAR = "train/tabular"
    DEEP = "train/deep"
    PINN = "train/pinn"
    OPERATOR = "train/operator"
    SWEEP = "sweep"
    EVALUATE = "evaluate"
    DEPLOY = "deploy"
    SIMULATE = "simulate"
    RESEARCH = "research"
    JAX = "jax"
    EXPLAIN = "explain"
    CLARIFY = "clarify"
    REFUSE = "refuse"


class Request(Value):
    """A request in plain words with everything the user set beside it.

    `files` are the paths given by `--data`; names inside `text` are found by the route. `problem` is a problem in
    symbols that was stated in Python (the JSON of `orchestrator.Problem`). `trained_on` is the file that a model to
    evaluate was trained on.
    """

    text: str
    files: tuple[str, ...] = ()
    seed: int = Field(default=0, ge=0, lt=2**32)
    planner: PlannerChoice = "auto"
    sandbox: SandboxChoice = "auto"
    approve: bool = False
    trust_code: bool = False
    allow_rows: tuple[str, ...] = ()
    timeout_s: float | None = Field(default=None, gt=0)
    budget_usd: float | None = Field(default=None, ge=0)
    problem: dict[str, JsonValue] | None = None
    trained_on: str = ""


class Routing(Value):
    """The route of a request, its parameters, and the reply where no plan is needed.

    `message` is the explanation, the clarifying question or the refusal, in the request's
    language (`language`, ISO 639-1). `missing` names what a clarifying question asks for.
    `then` lists further wishes of the same request ("and then deploy it"), in order.
    """

    route: Route
    params: dict[str, JsonValue] = Field(default_factory=dict)
    files: tuple[str, ...] = ()
    language: str = "en"
    message: str = ""
    missing: tuple[str, ...] = ()
    then: tuple[Route, ...] = ()


def seed_of(request: Request, routing: Routing) -> int:
    """The seed of everything a run draws: the one in the request's words, else the option's.

    Raises:
        BadInput: the words and the option name two different seeds.
    """
    told = routing.params.get("seed")
    if not isinstance(told, int | float) or isinstance(told, bool):
        return request.seed
    if request.seed not in (0, int(told)):
        raise BadInput(
            f"the request says seed {int(told)} and the option says {request.seed}",
            remedy="name one seed, in one place",
        )
    return int(told) % 2**32
