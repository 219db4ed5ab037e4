"""Plans for fields: a physics-informed network with its peers, and a reference simulation."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Estimate, Plan, Resources, Step, Thought, Until
from orchestrator.core.request import Request, Route, Routing
from orchestrator.planners.rules.problem import FieldProblem, field_problem, written
from orchestrator.planners.rules.thoughts import thought

Params = dict[str, JsonValue]
PINN_TOLERANCE = 1e-4  # relative L2 error that the judge asks for where the request names none
_TRAIN_TOLERANCE = 1e-5  # what the trainer aims at by itself: ten times below what the judge asks
_OPTIMIZERS = ("gauss_newton", "adam")
_OWN_KEYS = ("hidden", "iterations", "optimizer", "learning_rate")
_ATTEMPTS: tuple[Params, ...] = (
    {},
    {"hidden": [30, 30], "iterations": 400},
    {"hidden": [30, 30, 30], "iterations": 800},
)


def pinn_plan(request: Request, routing: Routing, findings: tuple[Verdict, ...], planner: str) -> Plan:
    """Train, solve for reference and derive constraints side by side; then check the physics.

    Each replan for accuracy takes the next larger network of a short table; past its end the plan
    stays as it was.
    """
    made = field_problem(routing.params)
    tolerance = _number(routing.params.get("tolerance")) or PINN_TOLERANCE
    spec: Params = {
        "problem": made.problem,
        "seed": _seed(request, routing),
        "tolerance": min(_TRAIN_TOLERANCE, tolerance / 10),
        **_told(routing.params, findings),
        **_larger(findings, routing.params),
    }
    timeout = _timeout(request, routing, 600.0)
    steps = (
        Step(id="train", worker="pinn", kind="skill", spec=spec, resources=Resources(timeout_s=timeout)),
        Step(
            id="reference",
            worker="simulation-expert",
            kind="agent",
            skill="simulate",
            spec={
                "problem": made.problem,
                "resolution": 64 * _finer(findings),
                "tolerance": min(1e-6, tolerance / 10),
                "seed": 0,
            },
            resources=Resources(timeout_s=timeout),
        ),
        Step(
            id="constraints",
            worker="statistical-physicist",
            kind="agent",
            skill="physics",
            spec={"mode": "constraints", "problem": made.problem},
            resources=Resources(timeout_s=min(timeout, 120.0)),
        ),
        Step(
            id="physics",
            worker="statistical-physicist",
            kind="agent",
            skill="physics",
            needs=("train", "constraints"),
            spec={"mode": "verify", "problem": made.problem, "grid": [101, 101], "subject": "train"},
            resources=Resources(timeout_s=min(timeout, 300.0)),
        ),
    )
    return Plan(
        route=Route.PINN,
        planner=planner,
        thoughts=_pinn_thoughts(made, spec, tolerance),
        steps=steps,
        estimate=_estimate(spec),
        problem=made.problem,
        tolerance=tolerance,
        notes=(*made.notes, *_unused(routing.params, spec), *_findings_note(findings)),
    )


def simulate_plan(request: Request, routing: Routing, findings: tuple[Verdict, ...], planner: str) -> Plan:
    """A classical solution, refined until its own error estimate is below the tolerance.

    Where the loop ran out of rounds, the replan starts on a finer grid with more of them, once.
    """
    made = field_problem(routing.params)
    tolerance = _number(routing.params.get("tolerance")) or 1e-6
    resolution = int(_number(routing.params.get("resolution")) or 64)
    if resolution < 4:
        raise BadInput(f"resolution {resolution} is too coarse", remedy="Ask for at least 4 cells.")
    exhausted = any(_failed(finding, "convergence", "loop", "metric", "uncertainty") for finding in findings)
    rounds = 7 if exhausted else 5
    spec: Params = {
        "problem": made.problem,
        "resolution": resolution * (2 if exhausted else 1),
        "tolerance": tolerance,
        "seed": _seed(request, routing),
    }
    timeout = _timeout(request, routing, 600.0)
    body = Step(
        id="solution",
        worker="simulation-expert",
        kind="agent",
        skill="simulate",
        spec=spec,
        resources=Resources(timeout_s=timeout),
    )
    loop = Step(
        id="solve",
        worker="simulation-expert",
        kind="loop",
        body=(body,),
        grow={"resolution": 2.0},
        max_rounds=rounds,
        until=Until(step="solution", claim="error_estimate", below=tolerance),
        resources=Resources(timeout_s=timeout),
    )
    return Plan(
        route=Route.SIMULATE,
        planner=planner,
        thoughts=_simulate_thoughts(made, resolution, tolerance, rounds),
        steps=(loop,),
        estimate=Estimate(wall_s=8.0, cpu_s=6.0),
        problem=made.problem,
        tolerance=tolerance,
        notes=made.notes + _findings_note(findings),
    )


def _told(params: Params, findings: tuple[Verdict, ...]) -> Params:
    """What the request fixes of the trainer, less what the plan gate refused.

    An epoch is one pass over the points, which here is one iteration.
    """
    told = {key: params[key] for key in _OWN_KEYS if key in params}
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


def _unused(params: Params, spec: Params) -> tuple[str, ...]:
    """What the request asks of the trainer and does not get."""
    return tuple(
        f"{key} {params[key]!r} is not used: this trainer does not take it."
        for key in _OWN_KEYS
        if key in params and key not in spec
    )


def _findings_note(findings: tuple[Verdict, ...]) -> tuple[str, ...]:
    return tuple(f"Planned again because of {finding.id}: {finding.reason}" for finding in findings)


def _seed(request: Request, routing: Routing) -> int:
    seed = _number(routing.params.get("seed"))
    return request.seed if seed is None else int(seed) % 2**32


def _timeout(request: Request, routing: Routing, most: float) -> float:
    asked = request.timeout_s or _number(routing.params.get("timeout_s")) or most
    return max(1.0, min(most, asked)) if asked < most else asked


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _estimate(spec: Params) -> Estimate:
    """Heuristic: 0.1 s an iteration for 2x20 on one core, growing with the square of the width; boxes 15 s."""
    hidden = spec.get("hidden")
    widths = [w for w in hidden if isinstance(w, int)] if isinstance(hidden, list) else [20, 20]
    iterations = _number(spec.get("iterations")) or 100.0
    train = 0.1 * iterations * max(0.2, sum(w * w for w in widths) / 800)
    return Estimate(wall_s=round(train + 15.0, 1), cpu_s=round(train + 12.0, 1))


def _pinn_thoughts(made: FieldProblem, spec: Params, tolerance: float) -> tuple[Thought, ...]:
    return (
        thought(
            "formulation",
            f"Approximate the field u(x, t) of {written(made.problem)}: a regression without measured data, "
            f"judged by physics.",
            f"The equation is linear and parabolic, so one stable solution exists; success is a relative L2 "
            f"error of at most {tolerance:g}.",
            (
                "supervised regression on simulated data",
                "the equation itself is known, so labels would add cost and no knowledge",
            ),
            ("a neural operator", "it pays off for many instances of a problem; here there is one"),
        ),
        thought(
            "data",
            "Collocation points inside, at the start and at both ends, inputs scaled to [-1, 1]; the judge "
            "draws its own test points.",
            "No data are given. The reference is solved by a peer in another box, so training never sees what "
            "it is measured against.",
            ("a regular grid of points", "a low-discrepancy set covers the box better for the same number"),
            avoids=("pure_data_loss",),
        ),
        thought(
            "model",
            f"A small tanh network {spec.get('hidden', [20, 20])} with the residual of the equation in its loss.",
            "The solution is smooth, and so is tanh: second derivatives exist everywhere, which ReLU does not offer.",
            ("Hamiltonian network", "the equation dissipates; there is no conserved energy to build in"),
            ("Fourier neural operator", "it needs many solved instances to learn from"),
            ("finite differences alone", "that is the reference that the network is compared with"),
        ),
        thought(
            "training",
            f"{spec.get('optimizer', 'Gauss-Newton')} in float64, seed {spec['seed']}, stopped at the "
            f"tolerance {spec['tolerance']} or on a plateau.",
            "The loss is a sum of squares of few residuals: second-order steps reach errors in seconds that "
            "first-order steps reach in minutes.",
            (
                "Adam with a schedule",
                "slower by more than a factor of ten on this kind of problem; kept as the fallback",
            ),
            ("several GPUs", "the network has about five hundred parameters"),
            avoids=("fixed_epochs",),
        ),
        thought(
            "validation",
            "Relative L2 error against the reference on points the judge chose, residual, initial and boundary "
            "error, maximum principle.",
            "A small loss does not prove a small error; an independent solver and the physics of the problem do.",
            ("the training loss as the score", "it is the trainer's own claim"),
            avoids=("single_split",),
        ),
    )


def _simulate_thoughts(made: FieldProblem, resolution: int, tolerance: float, rounds: int) -> tuple[Thought, ...]:
    return (
        thought(
            "formulation",
            f"Solve {written(made.problem)} by a classical method.",
            f"Linear and parabolic: well posed. Success is an estimated error below {tolerance:g}.",
            ("a physics-informed network", "a classical solver is faster and brings its own error estimate"),
        ),
        thought(
            "data",
            "No data: equation, domain, initial and boundary conditions make the problem.",
            "Corners were checked: the initial profile meets the boundary values.",
        ),
        thought(
            "model",
            f"Second-order differences in space, starting at {resolution} cells, implicit in time.",
            "Implicit steps are stable for any step size; an explicit scheme needs steps of the order of the "
            "cell width squared.",
            ("spectral method", "more exact for periodic smooth data, less general at boundaries"),
            ("explicit Euler", "its stability limit makes fine grids slow"),
        ),
        thought(
            "training",
            f"Double the resolution until the estimated error is below {tolerance:g}, at most {rounds} rounds.",
            "The order of convergence is known, so two grids show how far the finer one is from the limit.",
            ("one fine grid", "without a second one there is no error estimate"),
            avoids=("manual_tuning",),
        ),
        thought(
            "validation",
            "Observed order of convergence, comparison with the exact solution where one is known, maximum principle.",
            "A solution without an error estimate is only a picture.",
        ),
    )
