"""What plans for fields share: delegated steps, what the request fixes, and what earlier findings change."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Estimate, Resources, Step
from orchestrator.core.request import Request, Routing
from orchestrator.planners.rules import unmet
from orchestrator.planners.rules.text import read
from orchestrator.planners.rules.traits import Traits

Params = dict[str, JsonValue]
OPTIMIZERS = ("least_squares", "gauss_newton", "quasi_newton", "adam")
_OWN_KEYS = ("hidden", "iterations", "optimizer", "learning_rate", "windows", "interior")
# Attempts after a miss: a wider net, then a deeper one on more points, then one net for each of several spans of time.
_ATTEMPTS: tuple[Params, ...] = (
    {},
    {"hidden": [40, 40, 40]},
    {"hidden": [40, 40, 40, 40], "iterations": 600, "interior": 8192},
    {"hidden": [40, 40, 40], "iterations": 400, "windows": 4},
)
_LINEAR_ATTEMPTS: tuple[Params, ...] = (
    {},
    {"hidden": [2048]},
    {"hidden": [30, 30, 30], "iterations": 400},
    {"hidden": [40, 40, 40], "iterations": 600, "interior": 8192},
)
_LONGER: Params = {"iterations": 1500}  # after a training that its limit of iterations cut off


def delegated(name: str, worker: str, skill: str, spec: Params, timeout: float, needs: tuple[str, ...] = ()) -> Step:
    resources = Resources(timeout_s=timeout)
    return Step(id=name, worker=worker, kind="agent", skill=skill, spec=spec, needs=needs, resources=resources)


def told(params: Params, findings: tuple[Verdict, ...]) -> Params:
    """What the request fixes of the trainer, less what the plan gate refused.

    An epoch is one pass over the points, which here is one iteration.
    """
    found = {key: params[key] for key in _OWN_KEYS if key in params}
    rate = number(found.get("learning_rate"))
    if rate is not None and not 0 < rate <= 1:
        raise BadInput(f"the learning rate {rate:g} is not in (0, 1]", remedy="0.001 is usual for adam.")
    if "epochs" in params and "iterations" not in found:
        found["iterations"] = params["epochs"]
    if found.get("optimizer") not in OPTIMIZERS:
        found.pop("optimizer", None)
    refused = " ".join(
        finding.reason for finding in findings if finding.id == "plan.specs" and finding.verdict == "failed"
    )
    return {key: value for key, value in found.items() if key not in refused}


def larger(findings: tuple[Verdict, ...], params: Params, traits: Traits, *, inverse: bool) -> Params:
    """The next attempt after a miss; the one after it where the same check missed twice.

    One wide layer is for linear problems alone: an unknown coefficient makes any problem nonlinear.
    """
    misses = [
        finding.id
        for finding in findings
        if failed(
            finding,
            "metric",
            "inductive_bias",
            "baseline",
            "loss",
            "accuracy",
            "physics",
            "observations",
            "coefficient",
        )
    ]
    attempts = _LINEAR_ATTEMPTS if traits.linear and not (traits.ordinary or inverse) else _ATTEMPTS
    rung = min(max((misses.count(name) for name in misses), default=0), len(attempts) - 1)
    cut_off = any(failed(finding, "schedule") for finding in findings) and "epochs" not in params
    wanted = {**(_LONGER if cut_off else {}), **attempts[rung]}
    return {key: value for key, value in wanted.items() if key not in params and (key != "windows" or traits.timed)}


def finer(findings: tuple[Verdict, ...]) -> int:
    """How much finer the reference starts: twice where its own error was too large."""
    return 2 if any(failed(finding, "uncertainty", "convergence", "reference") for finding in findings) else 1


def failed(finding: Verdict, *words: str) -> bool:
    return finding.verdict in {"failed", "unknown"} and any(word in finding.id for word in words)


def not_met(request: Request, params: Params, spec: Params, *, physics: bool, gpu: bool = False) -> tuple[str, ...]:
    """What the request asks of the solver and does not get. `gpu`: whether the solver takes one."""
    used = {"tolerance", "test_fraction"} | ({"epochs"} if "iterations" in spec else set())
    if gpu:
        used.add("device")
    if params.get("model") == "pinn":
        used.add("model")
    return unmet.notes(read(request.text).plain, params, spec, frozenset(used), physics=physics)


def findings_note(findings: tuple[Verdict, ...]) -> tuple[str, ...]:
    return tuple(f"Planned again because of {finding.id}: {finding.reason}" for finding in findings)


def tolerance(routing: Routing, default: float) -> float:
    """The accuracy asked for. Raises BadInput outside of what double precision and sense allow."""
    asked = number(routing.params.get("tolerance"))
    if asked is not None and not 1e-10 <= asked <= 0.1:
        raise BadInput(f"a tolerance of {asked:g} is asked for", remedy="Ask for one from 1e-10 to 0.1.")
    return default if asked is None else asked


def timeout(request: Request, routing: Routing, most: float) -> float:
    asked = request.timeout_s or number(routing.params.get("timeout_s")) or most
    return max(1.0, min(most, asked)) if asked < most else asked


def number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def usual_tolerance(traits: Traits, *, inverse: bool) -> float:
    """The relative L2 error that the judge asks for where the request names none.

    By kind, and not by what the trainer reaches: 1e-2 with noisy data, 1e-3 for nonlinear fields, 1e-4 for the rest.
    """
    if inverse:
        return 1e-2
    return 1e-4 if traits.linear or traits.ordinary else 1e-3


def cells(traits: Traits) -> int:
    """Where a reference starts: cells along each space coordinate of its coarsest grid."""
    return 64 if len(traits.space) < 2 else 16


def estimate(spec: Params, traits: Traits, *, steps: int) -> Estimate:
    """Heuristic, from a coarse table: seconds of training by kind.

    Named layers: 0.1 s an iteration at 2x20, growing with width squared. Boxes and peers cost 15 s more, and 2 s for
    each step beyond four.
    """
    base = 12.0 if traits.linear else 25.0 if traits.ordinary else 60.0
    base *= 2.0 if len(traits.space) > 1 else 1.0
    base *= 1.5 if traits.sharp or traits.long else 1.0
    hidden = spec.get("hidden")
    widths = [width for width in hidden if isinstance(width, int)] if isinstance(hidden, list) else []
    iterations = number(spec.get("iterations")) or 200.0
    train = 0.1 * iterations * max(0.2, sum(width * width for width in widths) / 800) if len(widths) > 1 else base
    train *= number(spec.get("windows")) or 1.0
    return Estimate(wall_s=round(train + 15.0 + 2.0 * max(0, steps - 4), 1), cpu_s=round(train + 12.0 + 3.0 * steps, 1))
