"""The chain of thought of a plan for array data."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.plan import GpuWish, Thought
from orchestrator.core.profile import ArrayForm, DataProfile
from orchestrator.planners.rules.strategy import Decision
from orchestrator.planners.rules.thoughts import thought

Params = dict[str, JsonValue]
_WHY = {
    "images": "Neighbouring pixels belong together and a shift changes little: convolution knows both beforehand.",
    "series": "The order of the values carries the meaning, and a feature may stand anywhere: convolution knows both.",
    "vectors": "No order is seen among the values, so that a network has no structure to use: trees are often as good.",
}


_WHERE: dict[GpuWish, str] = {
    "none": "one thread of the processor",
    "prefer": "the networks on a GPU if one is free, else one thread of the processor",
    "require": "the networks on a GPU, as asked",
}


def deep_thoughts(
    decision: Decision, profile: DataProfile, form: ArrayForm, spec: Params, gpu: GpuWish
) -> tuple[Thought, ...]:
    return (*_question(decision, profile, form), *_method(decision, profile, form, spec, gpu))


def _question(decision: Decision, profile: DataProfile, form: ArrayForm) -> tuple[Thought, ...]:
    strategy, why = decision.strategy, decision.why
    kind = "regression" if strategy.task == "regression" else f"{strategy.task} classification"
    bounds = "; ".join(str(bound) for bound in strategy.constraints) or "better than a constant guess, with an interval"
    size = " x ".join(map(str, form.shape))
    labels = profile.column(strategy.target)
    classes = f" in {labels.unique} classes" if labels and strategy.task != "regression" else ""
    near = f", {form.alike} near copies" if form.alike else ", no near copies"
    return (
        thought(
            "formulation",
            f"{kind.capitalize()} of {profile.rows} {form.kind} of {size}{classes}.",
            f"Success: {strategy.metric} ({why['metric']}); {bounds}.",
            ("another task", f"the labels decide: {why['task']}"),
        ),
        thought(
            "data",
            f"Split: {strategy.split.kind}, {strategy.split.test_fraction:.0%} for the test, set aside and sealed by "
            "the host before anything is trained.",
            f"{why['split'].capitalize()}. {profile.duplicates} exact copies{near}; copies stay on one side. Values "
            f"from {form.low:g} to {form.high:g} are scaled by the training part of each fold alone.",
            ("a split as the file has it", "copies and groups on both sides would flatter the score"),
            avoids=("single_split",),
        ),
    )


def _method(
    decision: Decision, profile: DataProfile, form: ArrayForm, spec: Params, gpu: GpuWish
) -> tuple[Thought, ...]:
    models, cv = spec["models"], spec["cv"]
    named = ", ".join(str(name) for name in models) if isinstance(models, list) else ""
    few = " With so few samples a network starts from nothing; simple models may win." if profile.rows < 2000 else ""
    kind = cv.get("kind") if isinstance(cv, dict) else ""
    return (
        thought(
            "model",
            f"Candidates: {named}. A network is delivered only where it beats each simpler one on the same rows.",
            f"{_WHY[form.kind]}{few}",
            (
                "a network that was trained elsewhere",
                "none is at hand offline; it would be the first choice for photos",
            ),
            ("deeper networks", "worth their cost only once a small one has beaten the simple models"),
        ),
        thought(
            "training",
            f"{spec.get('optimizer', 'adamw')} with {spec.get('schedule', 'cosine')} rate, early stopping on a part of "
            f"the training rows, seed {spec['seed']}; {_WHERE[gpu]}.",
            "The weights of the lowest held-out loss are kept; gradient norms are recorded, and a loss that is no "
            "number halves the rate.",
            ("a fixed number of epochs", "it trains too long or too short; the bound is only a bound"),
            ("a hyperparameter search", "worth its cost only after the baselines are known"),
            avoids=("fixed_epochs", "manual_tuning"),
        ),
        thought(
            "validation",
            f"Held-out parts ({kind}) choose, by a paired bootstrap over rows; {decision.strategy.metric} on the "
            "sealed rows, with a 95 % interval, is the answer.",
            "What chooses must not report: the sealed rows are scored once.",
            ("the best score alone", "the difference between two models can be chance"),
            avoids=("single_split",),
        ),
    )
