"""The chain of thought of a plan for a table."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.plan import DataStrategy, SplitPlan, Thought
from orchestrator.core.profile import DataProfile
from orchestrator.planners.rules.strategy import Decision
from orchestrator.planners.rules.thoughts import thought

Params = dict[str, JsonValue]


def table_thoughts(decision: Decision, profile: DataProfile, spec: Params) -> tuple[Thought, ...]:
    strategy, why = decision.strategy, decision.why
    least = "the best forecast without a model" if strategy.series else "a constant guess"
    bounds = "; ".join(str(bound) for bound in strategy.constraints) or f"better than {least}, with an interval"
    dropped = "; ".join(f"{name}: {reason}" for name, reason in strategy.dropped.items()) or "nothing is left out"
    others = {"random": "random", "stratified": "stratified", "group": "by group", "time": "by time"}
    others.pop(strategy.split.kind, None)
    kind = "regression" if strategy.task == "regression" else f"{strategy.task} classification"
    return (
        thought(
            "formulation",
            f"{kind.capitalize()} of {strategy.target!r} ({why['target']}) from {len(strategy.features)} "
            f"columns and {profile.rows} rows.",
            f"{why['task'].capitalize()}. Success: {strategy.metric} ({why['metric']}); {bounds}.",
            ("the other task", f"{why['task']}, so it would answer another question"),
        ),
        thought(
            "data",
            f"Split: {_split(strategy.split)}, set aside and "
            f"sealed by the host before anything is trained. Left out: {dropped}.",
            f"{why['split'].capitalize()}. Missing values are filled and numbers scaled inside the pipeline, "
            f"from training rows only; {profile.duplicates} exact copies of rows stay on one side.",
            *((f"split {name}", _why_not(kind_, strategy.split.kind)) for kind_, name in others.items()),
            avoids=("single_split",),
        ),
        *_method(strategy, spec),
    )


def _split(split: SplitPlan) -> str:
    if split.kind == "given":
        return f"given by {split.test_file or split.column!r}"
    later = f" and later in {split.moment!r}" if split.moment else ""
    return f"{split.kind}{later}, {split.test_fraction:.0%} for the test"


def _method(strategy: DataStrategy, spec: Params) -> tuple[Thought, ...]:
    return (
        thought(
            "model",
            f"Candidates: {', '.join(str(name) for name in _list(spec['models']))}. The simplest whose score "
            f"is not significantly worse is delivered.",
            _why_candidates(strategy),
            ("TabNet", "a network seldom beats boosting on a table of this size, and trains longer"),
            ("CatBoost", "three libraries of gradient boosting are there; a fourth seldom says another thing"),
        ),
        thought(
            "training",
            f"Fixed settings, seed {spec['seed']}, one thread; boosting stops early on rows of its own.",
            "Starting simple: a search over settings is worth its cost only after the baselines are known.",
            ("a hyperparameter search", "the skill `sweep` comes later; defaults are strong on tables"),
            avoids=("fixed_epochs", "manual_tuning"),
        ),
        thought(
            "validation",
            f"Cross-validation ({_dict(spec['cv'])['kind']}, {_dict(spec['cv'])['folds']} folds) chooses; "
            f"{strategy.metric} on the sealed rows, with a 95 % interval, is the answer.",
            _why_folds(strategy),
            (
                "one split for choosing and for reporting",
                "the best of several candidates on the same rows looks better than it is",
            ),
            avoids=("single_split",),
        ),
    )


def _why_candidates(strategy: DataStrategy) -> str:
    if strategy.series is None:
        return "Tables of this size favour trees; a constant guess and a linear model show what they are worth."
    return (
        "A model of a series is worth nothing where the last value, the last season or a straight line says as much; "
        "the others learn what these miss, from the values before each origin alone."
    )


def _why_folds(strategy: DataStrategy) -> str:
    if strategy.series is None:
        return "Folds show the spread, untouched rows give the number; differences are tested row by row."
    return (
        "Each fold is a forecast from an origin in the training rows, so none has seen what it predicts; errors of "
        "neighbouring steps are alike, so differences are tested in blocks of time."
    )


def _why_not(other: str, chosen: str) -> str:
    reasons = {
        "random": "it would ignore the order or the groups of the rows"
        if chosen in {"group", "time"}
        else "the request brings its own"
        if chosen == "given"
        else "rare classes could miss on one side",
        "stratified": "shares of classes matter less than groups or time"
        if chosen in {"group", "time"}
        else "the target has no classes",
        "group": "no column shows that rows belong together",
        "time": "no order in time is asked for or seen",
    }
    return reasons[other]


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _dict(value: JsonValue) -> Params:
    return value if isinstance(value, dict) else {}
