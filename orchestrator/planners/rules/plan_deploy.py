"""Plans for a service around a model that is there: one step that writes it; the host builds, starts and measures."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evaluated import Evaluated
from orchestrator.core.plan import DataStrategy, Estimate, Plan, Resources, Step
from orchestrator.core.request import Request, Routing, seed_of
from orchestrator.planners.rules.think_deploy import deploy_thoughts

Params = dict[str, JsonValue]
EVALUATED, STRATEGY, SERVICE = "evaluated", "strategy", "service"  # params that the node `plan` adds
MEMORY_MB, A_MODEL = 2048, 6  # of a box, and how many times its file a model may take there (heuristic)


def deploy_plan(request: Request, routing: Routing, planner: str) -> Plan:
    """One step, `deploy`. Raises: BadInput where no model is named and no run has one."""
    told = routing.params.get(EVALUATED)
    if told is None:
        raise BadInput(
            "the request names no model to serve, and no run here has trained one",
            remedy="Name its file or a run: `Deploy model.pt2`, `Deploy model.joblib with the schema of train.csv`, "
            "`Deploy run last`.",
        )
    evaluated = Evaluated.model_validate(told)
    spec = _spec(request, routing, evaluated)
    size_mb = evaluated.subject.bytes >> 20
    step = Step(
        id="deploy",
        worker="deploy",
        kind="skill",
        spec=spec,
        resources=Resources(
            cpus=1,
            memory_mb=MEMORY_MB + A_MODEL * size_mb,
            disk_mb=512 + 3 * size_mb,
            timeout_s=max(1.0, request.timeout_s or 600.0),
        ),
    )
    strategy = routing.params.get(STRATEGY)
    return Plan(
        route=routing.route,
        planner=planner,
        thoughts=deploy_thoughts(evaluated, spec),
        steps=(step,),
        estimate=Estimate(wall_s=90.0, cpu_s=60.0),
        data=DataStrategy.model_validate(strategy) if strategy is not None else None,
        evaluated=evaluated,
        notes=_notes(evaluated),
    )


def _spec(request: Request, routing: Routing, evaluated: Evaluated) -> Params:
    subject = evaluated.subject
    service = routing.params.get(SERVICE)
    told: Params = dict(service) if isinstance(service, dict) else {}
    named: Params = {key: routing.params[key] for key in ("shape", "port") if key in routing.params}
    port = named.get("port")
    if isinstance(port, int) and not 1024 <= port <= 65535:
        raise BadInput(f"port {port} is asked for", remedy="Name one from 1024 to 65535: nobody serves here as root.")
    who: Params = {"name": subject.name, "kind": subject.kind, "sha256": subject.sha256}
    who |= {"skill": subject.skill, "run": subject.run}
    return {"subject": who, **named, **told, "seed": seed_of(request, routing)}


def _notes(evaluated: Evaluated) -> tuple[str, ...]:
    subject, notes = evaluated.subject, []
    if evaluated.assumed:
        notes.append(f"The request names no model; the newest run that trained one was taken: {subject.run}.")
    if subject.is_code:
        notes.append("The model's file is code: it is opened in boxes and in the service's container alone.")
    return tuple(notes)
