"""Adds the step that explains a trained model, where the request wants one explained."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.errors import NotAvailable
from orchestrator.core.plan import DataStrategy, Plan, Resources, Step
from orchestrator.planners.rules.interpret_words import methods_named, wishes_explained

Params = dict[str, JsonValue]
TABLE, ARRAYS = ("permutation", "shap"), ("permutation", "integrated_gradients", "attention")
_WORDS = {
    "permutation": "permutation importance",
    "shap": "Shapley values (SHAP)",
    "integrated_gradients": "integrated gradients",
    "attention": "attention maps",
}
_COLUMNS = 40  # of a table, from which on fewer rows are explained: every row costs as many predictions as columns
_TRANSFORMER = "transformer"
_SHOWN, _REPEATS = 12, 3  # samples of arrays that are explained, and how often each block of places is shuffled


def with_explanation(plan: Plan, plain: str) -> Plan:
    """The plan with a step `interpret` after its training; the plan itself where no explanation is wished for.

    Without a method by name: permutation importance with Shapley values for tables, with integrated gradients for
    arrays, and with attention maps where a transformer is among the candidates.

    Raises NotAvailable for a method by name that does not fit the data or the candidates.
    """
    trained = _trained(plan)
    if plan.data is None or trained is None or not wishes_explained(plain):
        return plan
    step = explaining(plan.data, trained, methods_named(plain)).model_copy(update={"needs": (trained.id,)})
    told = words_of(step)
    share = 0.5 * plan.estimate.wall_s
    cost = plan.estimate.model_copy(
        update={"wall_s": round(plan.estimate.wall_s + 20 + share, 1), "cpu_s": round(plan.estimate.cpu_s + share, 1)}
    )
    note = f"Explained: {told}, on training rows, since the labels of the test rows stay sealed."
    return plan.model_copy(update={"steps": (*plan.steps, step), "estimate": cost, "notes": (*plan.notes, note)})


def explaining(data: DataStrategy, trained: Step, named: tuple[str, ...]) -> Step:
    """The step `interpret` for the model of a step that trained on such data; what it needs is left to the caller.

    Raises NotAvailable for a method by name that does not fit.
    """
    resources = trained.resources
    return Step(
        id="interpret",
        worker="interpret",
        kind="skill",
        spec=_spec(data, trained, _methods(data, trained, named)),
        resources=Resources(cpus=1, memory_mb=resources.memory_mb, timeout_s=max(600.0, resources.timeout_s)),
    )


def words_of(step: Step) -> str:
    """The methods of such a step, in words."""
    return " and ".join(_WORDS[name] for name in _names(step.spec.get("methods")))


def _trained(plan: Plan) -> Step | None:
    """The step whose model the run is about: a network of its own before the usual candidates."""
    kinds = {("jax", "table"): 0, ("tabular", ""): 1, ("deep", ""): 1}
    found = [(kinds.get((step.skill_name, str(step.spec.get("mode", "")))), step) for step in plan.steps]
    ranked = sorted(((rank, place) for place, (rank, _) in enumerate(found) if rank is not None))
    return plan.steps[ranked[0][1]] if ranked else None


def _methods(data: DataStrategy, trained: Step, named: tuple[str, ...]) -> tuple[str, ...]:
    fitting, of = (TABLE, "a table") if data.arrays is None else (ARRAYS, "arrays")
    if strange := [name for name in named if name not in fitting]:
        usual = " and ".join(_WORDS[name] for name in fitting)
        raise NotAvailable(
            f"{_WORDS[strange[0]]} of a model of {of} cannot be had",
            remedy=f"For {of} there are {usual}; leave the method out to get what fits.",
        )
    families = trained.spec.get("models")
    attends = isinstance(families, list) and _TRANSFORMER in families
    if "attention" in named and not attends:
        raise NotAvailable(
            "there are attention maps of a transformer alone, and none is among the candidates",
            remedy="Name a transformer: `Train a transformer on data.npz and show its attention maps`.",
        )
    usual_here = tuple(name for name in fitting if name != "attention" or attends)
    return named or usual_here


def _spec(data: DataStrategy, trained: Step, methods: tuple[str, ...]) -> Params:
    features = [name for key in ("numeric", "categorical", "time", "text") for name in _names(trained.spec.get(key))]
    spec: Params = {
        "model": trained.id,
        "kind": "table" if data.arrays is None else "arrays",
        "target": data.target,
        "task": data.task,
        "metric": data.metric,
        "features": list[JsonValue](features),
        "methods": list[JsonValue](methods),
        "training": trained.spec,
        "seed": trained.spec.get("seed", 0),
    }
    if data.arrays is not None:
        return {**spec, "rows": _SHOWN, "repeats": _REPEATS}
    return {**spec, "rows": 12} if len(features) > _COLUMNS else spec


def _names(value: JsonValue) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else []
