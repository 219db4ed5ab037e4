"""Plans of jax-pro: a physics-informed network in JAX, its inference made quick, a small network on a table in Flax."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.core.errors import NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request, Routing
from orchestrator.planners.rules import plan_parts as parts
from orchestrator.planners.rules.plan_field import pinn_plan
from orchestrator.planners.rules.plan_parts import delegated
from orchestrator.planners.rules.plan_table import table_plan
from orchestrator.planners.rules.text import read

Params = dict[str, JsonValue]
INFERENCE = re.compile(
    r"\b(?:inference|inferenz|inferencia|inferenza|latency|latenz|throughput|predict(?:ion)?s? (?:fast|quick)\w*"
    r"|evaluate\w* fast"
    r"|speed ?up the (?:model|network|pinn)|batch sizes?|export)\b|推理|推論"
)
_TABLE_KEYS = ("target", "task", "metric", "numeric", "categorical", "time", "seed")


def jax_plan(
    request: Request, routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...], planner: str
) -> Plan:
    """A problem in symbols: its network in JAX, or (where inference is spoken of) trained and then made quick in JAX.

    A table with a target: a small network in Flax beside the usual candidates. Anything else is refused.
    """
    if "problem" in routing.params or "equation" in routing.params or "problem_file" in routing.params:
        if INFERENCE.search(read(request.text).plain):
            return _inference(request, routing, findings, planner)
        return pinn_plan(request, routing, findings, planner, trainer="jax")
    if profile is not None and "target" in routing.params:
        return _table(request, routing, profile, findings, planner)
    raise NotAvailable(
        "of JAX there are networks for problems in symbols, small networks on tables, and quick inference; the request "
        "names none of them",
        remedy="Ask for example: `train the PINN for the Burgers equation in JAX`, `train a small Flax MLP on "
        "data.csv to "
        "predict y`, or `optimise inference of a PINN for the heat equation in JAX`.",
    )


def _inference(request: Request, routing: Routing, findings: tuple[Verdict, ...], planner: str) -> Plan:
    plan = pinn_plan(request, routing, findings, planner)
    spec: Params = {
        "mode": "inference", "problem": plan.problem, "model": "train", "seed": plan.steps[0].spec["seed"],
    }  # fmt: skip
    size = parts.number(routing.params.get("batch_size"))
    if size is not None:
        batches: list[JsonValue] = [1, int(size)] if size > 1 else [1]
        spec["batches"] = batches
    step = delegated("inference", "jax-pro", "jax", spec, 600.0, needs=("train",))
    notes = (
        *(note for note in plan.notes if not note.startswith("batch_size")),
        "Inference: the trained network as a compiled JAX function, its latency and throughput by batch size measured "
        "against the PyTorch model, with the time of compilation beside it.",
    )
    cost = plan.estimate.model_copy(update={"wall_s": plan.estimate.wall_s + 15.0, "cpu_s": plan.estimate.cpu_s + 15.0})
    return plan.model_copy(update={"steps": (*plan.steps, step), "notes": notes, "estimate": cost})


def _table(
    request: Request, routing: Routing, profile: DataProfile, findings: tuple[Verdict, ...], planner: str
) -> Plan:
    """The baselines of the skill tabular, and the network as a step of its own that is measured on the same rows."""
    params = {
        key: value for key, value in routing.params.items() if key not in ("model", "hidden", "learning_rate", "epochs")
    }
    plain = routing.model_copy(update={"params": params})
    plan = table_plan(request, plain, profile, findings, planner, network=True)
    train = plan.steps[0]
    spec: Params = {"mode": "table", **{key: train.spec[key] for key in _TABLE_KEYS if key in train.spec}}
    spec |= {key: routing.params[key] for key in ("hidden", "learning_rate") if key in routing.params}
    if "epochs" in routing.params or "iterations" in routing.params:
        spec["iterations"] = routing.params.get("epochs", routing.params.get("iterations"))
    if (size := parts.number(routing.params.get("batch_size"))) is not None:
        spec["batch"] = int(size)
    network = delegated("network", "jax-pro", "jax", spec, train.resources.timeout_s)
    notes = tuple(note for note in plan.notes if not note.startswith(("batch_size", "epochs", "iterations")))
    cost = plan.estimate.model_copy(update={"wall_s": plan.estimate.wall_s + 20.0, "cpu_s": plan.estimate.cpu_s + 30.0})
    return plan.model_copy(update={"steps": (train, network), "notes": notes, "estimate": cost})
