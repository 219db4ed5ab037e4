"""Plans for fields: a physics-informed network with its peers, and a reference simulation."""

from __future__ import annotations

import math

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Estimate, GpuWish, Observations, Plan, Resources, Step, Until
from orchestrator.core.request import Request, Route, Routing, seed_of
from orchestrator.planners.rules import plan_parts as parts
from orchestrator.planners.rules.devices import WORTH_PARAMETERS, parameters, wish
from orchestrator.planners.rules.observing import observations
from orchestrator.planners.rules.plan_dataset import dataset_plan
from orchestrator.planners.rules.plan_parts import delegated
from orchestrator.planners.rules.stating import FieldProblem, field_problem, given
from orchestrator.planners.rules.think_field import pinn_thoughts, simulate_thoughts

Params = dict[str, JsonValue]
_MARGIN = 2.0  # the trainer aims below what the judge asks; its own bound on the error is pessimistic besides
_CELLS = (8, 2048)  # what the skill simulate takes, and a plan asks for
_PHYSICIST, _SIMULATION = "statistical-physicist", "simulation-expert"


def pinn_plan(
    request: Request, routing: Routing, findings: tuple[Verdict, ...], planner: str, trainer: str = "pinn"
) -> Plan:
    """Train, solve for reference and derive constraints side by side; then a classical solver at equal cost, and laws.

    Unknown coefficients: the reference is a classical fit, and both get the observations. `trainer` is the skill that
    trains, `pinn` or `jax`. Each replan for accuracy takes the next attempt of a short table; past its end the plan
    stays as it was.
    """
    made = field_problem(routing.params, given(request))
    if not made.inverse:
        _refuse_data(routing, made)
    observed = observations(request, routing, made) if made.inverse else None
    tolerance = parts.tolerance(routing, parts.usual_tolerance(made.traits, inverse=made.inverse))
    spec: Params = {
        "problem": made.problem,
        "seed": seed_of(request, routing),
        "tolerance": tolerance / _MARGIN,
        **_fitting(parts.told(routing.params, findings), trainer),
        **_fitting(parts.larger(findings, routing.params, made.traits, inverse=made.inverse), trainer),
    }
    timeout = parts.timeout(request, routing, 900.0)
    train = _train(trainer, spec, timeout, _gpu(made, spec, routing.params))
    peers = _peers(made, tolerance, parts.finer(findings), timeout, seed_of(request, routing))
    return Plan(
        route=Route.PINN,
        planner=planner,
        thoughts=pinn_thoughts(made, spec, tolerance, observed, trainer),
        steps=(train, *peers),
        estimate=parts.estimate(spec, made.traits, steps=1 + len(peers)),
        problem=made.problem,
        observations=observed,
        tolerance=tolerance,
        notes=(
            *made.notes,
            *_observation_notes(observed, made),
            *parts.not_met(request, routing.params, spec, physics=True, gpu=trainer == "pinn"),
            *parts.findings_note(findings),
        ),
    )


def _train(trainer: str, spec: Params, timeout: float, gpu: GpuWish) -> Step:
    if trainer == "jax":
        return delegated("train", "jax-pro", "jax", {"mode": "pinn", **spec}, timeout)
    return Step(id="train", worker="pinn", kind="skill", spec=spec, resources=Resources(gpu=gpu, timeout_s=timeout))


def _gpu(made: FieldProblem, spec: Params, params: Params) -> GpuWish:
    size = parameters(spec.get("hidden"), len(made.form.coordinates), len(made.form.fields))
    return wish(params, pays=size >= WORTH_PARAMETERS and spec.get("optimizer", "gauss_newton") == "gauss_newton")


_NOT_IN_JAX = ("windows", "optimizer", "learning_rate")


def _fitting(told: Params, trainer: str) -> Params:
    return {key: value for key, value in told.items() if trainer != "jax" or key not in _NOT_IN_JAX}


def _refuse_data(routing: Routing, made: FieldProblem) -> None:
    """A table beside a problem without unknown coefficients has no use, and is not dropped in silence."""
    tables = [name for name in routing.files if name != routing.params.get("problem_file")]
    if tables:
        coefficients = ", ".join(made.form.parameters) or "its coefficients"
        raise BadInput(
            f"{tables[0]!r} is named, and nothing says what is to be found from it",
            remedy=f"Say which coefficient is unknown (`find {next(iter(made.form.parameters), 'nu')} from "
            f"{tables[0]}`; "
            f"there are {coefficients}), or leave the file out.",
        )


def _observation_notes(observed: Observations | None, made: FieldProblem) -> tuple[str, ...]:
    if observed is None:
        return ()
    columns = ", ".join(f"{name} from {column!r}" for name, column in observed.columns.items())
    unknown = (
        "not given, so the judge estimates it from rows at the same places or a polynomial through the training rows; "
        "where these do not tell it, evaluation.uncertainty stays unknown"
    )
    noise = unknown if observed.noise is None else f"{observed.noise:g}"
    unseen = [name for name in made.form.fields if name not in observed.columns]
    more = (f"Not observed: {', '.join(unseen)}.",) if unseen else ()
    return (f"Observations from {observed.file!r}: {columns}; standard deviation of the noise: {noise}.", *more)


def _peers(made: FieldProblem, tolerance: float, finer: int, timeout: float, seed: int) -> tuple[Step, ...]:
    """The delegated steps: reference, constraints, the classical baseline, and the physics of the trained model."""
    problem = made.problem
    reference: Params = {
        "problem": problem,
        "resolution": parts.cells(made.traits) * finer,
        "tolerance": min(1e-6 if made.traits.linear else 1e-5, tolerance / 10),
        "seed": seed,
    }
    if made.inverse:
        reference["mode"] = "fit"
    constraints: Params = {"mode": "constraints", "problem": problem, "tolerance": tolerance}
    fitted: Params = {"fitted_by": "reference"} if problem.get("unknown") else {}
    classical: Params = {"mode": "baseline", "problem": problem, "equal_to": "train", "seed": seed, **fitted}
    before = ("train", *map(str, fitted.values()))
    verify: Params = {"mode": "verify", "problem": problem, "subject": "train", "tolerance": tolerance}
    return (
        delegated("reference", _SIMULATION, "simulate", reference, timeout),
        delegated("constraints", _PHYSICIST, "physics", constraints, min(timeout, 120.0)),
        delegated("classical", _SIMULATION, "simulate", classical, timeout, needs=before),
        delegated("physics", _PHYSICIST, "physics", verify, min(timeout, 300.0), needs=("train", "constraints")),
    )


def simulate_plan(request: Request, routing: Routing, findings: tuple[Verdict, ...], planner: str) -> Plan:
    """A classical solution, refined until its own error estimate is below the tolerance; or a data set of many.

    Where the loop ran out of rounds, the replan starts on a finer grid with more of them, once.
    """
    told = routing.params.get("problem")
    if isinstance(told, dict) and "samples" in told:
        return dataset_plan(request, routing, findings, planner)
    made = field_problem(routing.params, given(request))
    if made.inverse:
        raise BadInput(
            f"{', '.join(made.form.unknown)} is unknown: a simulation needs every coefficient",
            remedy="Give its value, or ask to find it from data (`find nu from data.csv`).",
        )
    _refuse_data(routing, made)
    tolerance = parts.tolerance(routing, 1e-6 if made.traits.linear or made.traits.ordinary else 1e-5)
    start = _resolution(routing, made)
    exhausted = any(parts.failed(finding, "convergence", "loop", "metric", "uncertainty") for finding in findings)
    start = min(start * (2 if exhausted else 1), _CELLS[1])
    rounds = min(7 if exhausted else 5, 1 + int(math.log2(_CELLS[1] / start)))
    return Plan(
        route=Route.SIMULATE,
        planner=planner,
        thoughts=simulate_thoughts(made, start, tolerance, rounds),
        steps=(_loop(request, routing, made.problem, start, tolerance, rounds),),
        estimate=Estimate(wall_s=8.0, cpu_s=6.0) if len(made.traits.space) < 2 else Estimate(wall_s=20.0, cpu_s=18.0),
        problem=made.problem,
        tolerance=tolerance,
        notes=(
            *made.notes,
            *parts.not_met(request, routing.params, {"resolution": start}, physics=False),
            *parts.findings_note(findings),
        ),
    )


def _resolution(routing: Routing, made: FieldProblem) -> int:
    asked = parts.number(routing.params.get("resolution"))
    resolution = parts.cells(made.traits) if asked is None else int(asked)
    if not _CELLS[0] <= resolution <= _CELLS[1]:
        limits = f"Ask for {_CELLS[0]} to {_CELLS[1]} cells."
        raise BadInput(f"a resolution of {resolution} cells is asked for", remedy=limits)
    return resolution


def _loop(request: Request, routing: Routing, problem: Params, resolution: int, tolerance: float, rounds: int) -> Step:
    timeout = parts.timeout(request, routing, 600.0)
    spec: Params = {
        "problem": problem, "resolution": resolution, "tolerance": tolerance, "seed": seed_of(request, routing),
    }  # fmt: skip
    return Step(
        id="solve",
        worker=_SIMULATION,
        kind="loop",
        body=(delegated("solution", _SIMULATION, "simulate", spec, timeout),),
        grow={"resolution": 2.0},
        max_rounds=rounds,
        until=Until(step="solution", claim="error_estimate", below=tolerance),
        resources=Resources(timeout_s=timeout),
    )
