"""Plans for fields: a physics-informed network with its peers, and a reference simulation."""

from __future__ import annotations

import math

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Estimate, Plan, Resources, Step, Until
from orchestrator.core.request import Request, Route, Routing, seed_of
from orchestrator.planners.rules import unmet
from orchestrator.planners.rules.problem import field_problem
from orchestrator.planners.rules.text import read
from orchestrator.planners.rules.think_field import pinn_thoughts, simulate_thoughts

Params = dict[str, JsonValue]
PINN_TOLERANCE = 1e-4  # relative L2 error that the judge asks for where the request names none
_MARGIN = 2.0  # the trainer aims below what the judge asks; its own bound on the error is pessimistic besides
_OPTIMIZERS = ("least_squares", "gauss_newton", "adam")
_CELLS = (8, 2048)  # what the skill simulate takes
_OWN_KEYS = ("hidden", "iterations", "optimizer", "learning_rate")
_ATTEMPTS: tuple[Params, ...] = (
    {},
    {"hidden": [2048]},
    {"hidden": [30, 30, 30], "iterations": 400},
)


def pinn_plan(request: Request, routing: Routing, findings: tuple[Verdict, ...], planner: str) -> Plan:
    """Train, solve for reference and derive constraints side by side; then check the physics.

    Each replan for accuracy takes the next larger network of a short table; past its end the plan
    stays as it was.
    """
    made = field_problem(routing.params)
    tolerance = _tolerance(routing, PINN_TOLERANCE)
    spec: Params = {
        "problem": made.problem,
        "seed": seed_of(request, routing),
        "tolerance": tolerance / _MARGIN,
        **_told(routing.params, findings),
        **_larger(findings, routing.params),
    }
    timeout = _timeout(request, routing, 600.0)
    train = Step(id="train", worker="pinn", kind="skill", spec=spec, resources=Resources(timeout_s=timeout))
    return Plan(
        route=Route.PINN,
        planner=planner,
        thoughts=pinn_thoughts(made, spec, tolerance),
        steps=(train, *_peers(made.problem, tolerance, _finer(findings), timeout, seed_of(request, routing))),
        estimate=_estimate(spec),
        problem=made.problem,
        tolerance=tolerance,
        notes=(*made.notes, *_unmet(request, routing.params, spec, physics=True), *_findings_note(findings)),
    )


def _peers(problem: Params, tolerance: float, finer: int, timeout: float, seed: int) -> tuple[Step, ...]:
    """The delegated steps: the reference, the constraints, and their verification on the trained model."""
    reference: Params = {
        "problem": problem,
        "resolution": 64 * finer,
        "tolerance": min(1e-6, tolerance / 10),
        "seed": seed,
    }
    verify: Params = {
        "mode": "verify",
        "problem": problem,
        "grid": [101, 101],
        "subject": "train",
        "tolerance": tolerance,
    }
    return (
        _delegated("reference", "simulation-expert", "simulate", reference, timeout),
        _delegated(
            "constraints",
            "statistical-physicist",
            "physics",
            {"mode": "constraints", "problem": problem, "tolerance": tolerance},
            min(timeout, 120.0),
        ),
        _delegated(
            "physics", "statistical-physicist", "physics", verify, min(timeout, 300.0), needs=("train", "constraints")
        ),
    )


def _delegated(name: str, worker: str, skill: str, spec: Params, timeout: float, needs: tuple[str, ...] = ()) -> Step:
    resources = Resources(timeout_s=timeout)
    return Step(id=name, worker=worker, kind="agent", skill=skill, spec=spec, needs=needs, resources=resources)


def simulate_plan(request: Request, routing: Routing, findings: tuple[Verdict, ...], planner: str) -> Plan:
    """A classical solution, refined until its own error estimate is below the tolerance.

    Where the loop ran out of rounds, the replan starts on a finer grid with more of them, once.
    """
    made = field_problem(routing.params)
    tolerance = _tolerance(routing, 1e-6)
    asked = _number(routing.params.get("resolution"))
    resolution = 64 if asked is None else int(asked)
    if not _CELLS[0] <= resolution <= _CELLS[1]:
        limits = f"Ask for {_CELLS[0]} to {_CELLS[1]} cells."
        raise BadInput(f"a resolution of {resolution} cells is asked for", remedy=limits)
    exhausted = any(_failed(finding, "convergence", "loop", "metric", "uncertainty") for finding in findings)
    start = min(resolution * (2 if exhausted else 1), _CELLS[1])
    rounds = min(7 if exhausted else 5, 1 + int(math.log2(_CELLS[1] / start)))
    return Plan(
        route=Route.SIMULATE,
        planner=planner,
        thoughts=simulate_thoughts(made, start, tolerance, rounds),
        steps=(_loop(request, routing, made.problem, start, tolerance, rounds),),
        estimate=Estimate(wall_s=8.0, cpu_s=6.0),
        problem=made.problem,
        tolerance=tolerance,
        notes=(
            *made.notes,
            *_unmet(request, routing.params, {"resolution": start}, physics=False),
            *_findings_note(findings),
        ),
    )


def _loop(request: Request, routing: Routing, problem: Params, resolution: int, tolerance: float, rounds: int) -> Step:
    timeout = _timeout(request, routing, 600.0)
    spec: Params = {
        "problem": problem, "resolution": resolution, "tolerance": tolerance, "seed": seed_of(request, routing),
    }  # fmt: skip
    return Step(
        id="solve",
        worker="simulation-expert",
        kind="loop",
        body=(_delegated("solution", "simulation-expert", "simulate", spec, timeout),),
        grow={"resolution": 2.0},
        max_rounds=rounds,
        until=Until(step="solution", claim="error_estimate", below=tolerance),
        resources=Resources(timeout_s=timeout),
    )


def _told(params: Params, findings: tuple[Verdict, ...]) -> Params:
    """What the request fixes of the trainer, less what the plan gate refused.

    An epoch is one pass over the points, which here is one iteration.
    """
    told = {key: params[key] for key in _OWN_KEYS if key in params}
    rate = _number(told.get("learning_rate"))
    if rate is not None and not 0 < rate <= 1:
        raise BadInput(f"the learning rate {rate:g} is not in (0, 1]", remedy="0.001 is usual for adam.")
    if "epochs" in params and "iterations" not in told:
        told["iterations"] = params["epochs"]
    if told.get("optimizer") not in _OPTIMIZERS:
        told.pop("optimizer", None)
    refused = " ".join(
        finding.reason for finding in findings if finding.id == "plan.specs" and finding.verdict == "failed"
    )
    return {key: value for key, value in told.items() if key not in refused}


def _larger(findings: tuple[Verdict, ...], params: Params) -> Params:
    """The next attempt after a miss; the one after it where the same check missed twice."""
    misses = [
        finding.id
        for finding in findings
        if _failed(finding, "metric", "inductive_bias", "baseline", "loss", "accuracy", "physics")
    ]
    rung = min(max((misses.count(name) for name in misses), default=0), len(_ATTEMPTS) - 1)
    return {key: value for key, value in _ATTEMPTS[rung].items() if key not in params}


def _finer(findings: tuple[Verdict, ...]) -> int:
    """How much finer the reference starts: twice where its own error was too large."""
    return 2 if any(_failed(finding, "uncertainty", "convergence", "reference") for finding in findings) else 1


def _failed(finding: Verdict, *words: str) -> bool:
    return finding.verdict in {"failed", "unknown"} and any(word in finding.id for word in words)


def _unmet(request: Request, params: Params, spec: Params, *, physics: bool) -> tuple[str, ...]:
    """What the request asks of the solver and does not get."""
    used = {"tolerance"} | ({"epochs"} if "iterations" in spec else set())
    if params.get("model") == "pinn":
        used.add("model")
    return unmet.notes(read(request.text).plain, params, spec, frozenset(used), physics=physics)


def _findings_note(findings: tuple[Verdict, ...]) -> tuple[str, ...]:
    return tuple(f"Planned again because of {finding.id}: {finding.reason}" for finding in findings)


def _tolerance(routing: Routing, default: float) -> float:
    """The accuracy asked for. Raises BadInput outside of what double precision and sense allow."""
    asked = _number(routing.params.get("tolerance"))
    if asked is not None and not 1e-10 <= asked <= 0.1:
        raise BadInput(f"a tolerance of {asked:g} is asked for", remedy="Ask for one from 1e-10 to 0.1.")
    return default if asked is None else asked


def _timeout(request: Request, routing: Routing, most: float) -> float:
    asked = request.timeout_s or _number(routing.params.get("timeout_s")) or most
    return max(1.0, min(most, asked)) if asked < most else asked


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _estimate(spec: Params) -> Estimate:
    """Heuristic: 12 s where the trainer chooses; named layers: 0.1 s an iteration at 2x20, growing with width squared.

    Boxes cost 15 s more.
    """
    hidden = spec.get("hidden")
    widths = [width for width in hidden if isinstance(width, int)] if isinstance(hidden, list) else []
    iterations = _number(spec.get("iterations")) or 200.0
    train = 0.1 * iterations * max(0.2, sum(width * width for width in widths) / 800) if len(widths) > 1 else 12.0
    return Estimate(wall_s=round(train + 15.0, 1), cpu_s=round(train + 12.0, 1))
