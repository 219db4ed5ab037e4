"""Plans for data sets: many solutions of one problem over ranges of its parameters, in parallel boxes."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Estimate, Plan
from orchestrator.core.request import Request, Route, Routing, seed_of
from orchestrator.planners.rules import plan_parts as parts
from orchestrator.planners.rules.plan_parts import delegated
from orchestrator.planners.rules.stating import FieldProblem, field_problem
from orchestrator.planners.rules.think_dataset import dataset_thoughts

Params = dict[str, JsonValue]
_BOXES = 4
_EACH = 8  # solutions that are worth a box of their own
_MOST = 100_000


def dataset_plan(request: Request, routing: Routing, findings: tuple[Verdict, ...], planner: str) -> Plan:
    """Steps data.0 … data.n-1 solve a share each; `collect` merges them."""
    said, samples, ranges = _asked(routing)
    made = _at_middle(routing.params, said, ranges)
    tolerance = parts.tolerance(routing, 1e-4)
    boxes = min(_BOXES, max(1, samples // _EACH))
    spec: Params = {
        "problem": made.problem, "ranges": ranges, "samples": samples, "tolerance": tolerance,
        "resolution": parts.cells(made.traits), "seed": seed_of(request, routing),
    }  # fmt: skip
    timeout = parts.timeout(request, routing, 1800.0)
    shares = tuple(
        delegated(f"data.{index}", "simulation-expert", "simulate",
                  {**spec, "mode": "dataset", "part": [index, boxes]}, timeout)
        for index in range(boxes)
    )  # fmt: skip
    names = tuple(step.id for step in shares)
    collect = delegated(
        "collect", "simulation-expert", "simulate", {**spec, "mode": "collect"}, min(timeout, 300.0), names
    )
    seconds = samples * (1.0 if len(made.traits.space) < 2 else 5.0)
    return Plan(
        route=Route.SIMULATE,
        planner=planner,
        thoughts=dataset_thoughts(made, samples, ranges, boxes, tolerance),
        steps=(*shares, collect),
        estimate=Estimate(wall_s=round(10.0 + seconds / min(boxes, 2), 1), cpu_s=round(8.0 + seconds, 1)),
        problem=made.problem,
        tolerance=tolerance,
        notes=(
            *made.notes,
            *parts.not_met(request, routing.params, spec, physics=False),
            *parts.findings_note(findings),
        ),
    )


def _asked(routing: Routing) -> tuple[Params, int, Params]:
    """(what the request says of the problem, how many solutions, the ranges). Raises BadInput without ranges."""
    told = routing.params.get("problem")
    said = told if isinstance(told, dict) else {}
    samples, ranges = said.get("samples"), said.get("ranges")
    if not isinstance(samples, int) or not 1 <= samples <= _MOST:
        raise BadInput(f"{samples} solutions are asked for", remedy=f"Ask for 1 to {_MOST}.")
    if not isinstance(ranges, dict) or not ranges:
        raise BadInput(
            f"{samples} solutions are asked for, and no parameter varies",
            remedy="Give a range: `for nu between 0.01 and 0.1`.",
        )
    return said, samples, ranges


def _at_middle(params: Params, said: Params, ranges: Params) -> FieldProblem:
    """The problem at the middle of all ranges, checked at both ends of each too.

    Raises IllPosed where it is so anywhere of these, BadInput where a range is empty.
    """
    made = {}
    for share in (0.0, 1.0, 0.5):
        values: Params = {}
        for name, ends in ranges.items():
            low, high = (float(str(one)) for one in ends) if isinstance(ends, list) else (0.0, 0.0)
            if not low < high:
                raise BadInput(f"{name} runs from {low:g} to {high:g}", remedy="Let the second number be larger.")
            values[name] = low + share * (high - low)
        given = said.get("parameters")
        merged = {**(given if isinstance(given, dict) else {}), **values}
        made[share] = field_problem({**params, "problem": {**said, "parameters": merged}})
    return made[0.5]
