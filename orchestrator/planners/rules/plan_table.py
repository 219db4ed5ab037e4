"""Plans for tables: one training step that compares simple and strong models, with its reasons."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import DataStrategy, Estimate, Plan, Resources, Step
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request, Route, Routing, seed_of
from orchestrator.planners.rules import unmet
from orchestrator.planners.rules.clashes import NEGATED
from orchestrator.planners.rules.people import people_notes
from orchestrator.planners.rules.replies import say
from orchestrator.planners.rules.series import NOT_AHEAD, as_forecast
from orchestrator.planners.rules.strategy import Decision, decide
from orchestrator.planners.rules.text import read
from orchestrator.planners.rules.think_table import table_thoughts
from orchestrator.planners.rules.training_words import trained, training_notes

Params = dict[str, JsonValue]
_CANDIDATES = {
    "linear": ("linear", "linear model", "linear regression", "logistic regression", "ridge"),
    "forest": ("random forest", "decision tree"),
    "boosting": ("boosting", "gradient boosting", "catboost"),
    "lightgbm": ("lightgbm",),
    "xgboost": ("xgboost",),
}
_NETWORK = re.compile(
    r"\b(?:deep )?neural (?:network|net)s?\b|neuronale[sn]? netz\w*|reseaux? de neurones|red(?:es)? neuronal\w*"
    r"|ret[ei] neural[ei]|redes? neura(?:l|is)"
)
_BOOSTED = ("boosting", "lightgbm", "xgboost")
_USED = frozenset({"folds", "repeats", "model", "test_fraction", "test_file", "split_column"})
_NOT_HERE = ("svm", "knn", "lasso", "tabnet", "mlp")


def table_plan(
    request: Request, routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...], planner: str,
    *, network: bool = False,
) -> Plan:  # fmt: skip
    """One step, `train`: the candidates on the same folds, the simplest among equals delivered.

    With `network`, the caller adds a step for the neural network that the request names.
    """
    if profile is None:
        raise BadInput("no data file is named", remedy=say("file", routing.language))
    model = str(routing.params.get("model", ""))
    if model in _NOT_HERE:
        raise NotAvailable(
            f"the model {model!r} is not available yet",
            remedy="There are a linear model, a random forest, gradient boosting, LightGBM and XGBoost; leave the "
            "model out to compare them. A small MLP is there `in JAX`.",
        )
    plain = read(request.text).plain
    if not network:
        _refuse_network(plain)
    decision = decide(routing, plain, profile, findings)
    decision = decision if network else as_forecast(decision, routing, plain, profile)
    strategy = decision.strategy
    spec = _spec(request, routing, strategy, profile)
    timeout = request.timeout_s or _number(routing.params.get("timeout_s"))
    estimate = _estimate(profile, strategy)
    step = Step(
        id="train",
        worker="tabular",
        kind="skill",
        spec=spec,
        resources=Resources(
            cpus=1,
            memory_mb=_memory(profile),
            timeout_s=max(1.0, timeout or max(900.0, 2 * estimate.wall_s)),
        ),
    )
    return Plan(
        route=Route.TABULAR,
        planner=planner,
        thoughts=table_thoughts(decision, profile, spec),
        steps=(step,),
        estimate=estimate,
        data=strategy,
        notes=(*_notes(routing, decision, model, findings), *unmet.notes(plain, routing.params, spec, _used(spec))),
    )


def _spec(request: Request, routing: Routing, strategy: DataStrategy, profile: DataProfile) -> Params:
    counted = {column.name for column in profile.columns if column.kind == "identifier" and column.low is not None}
    kinds = {column.name: "number" if column.name in counted else column.kind for column in profile.columns}
    if strategy.series is not None and strategy.series.group is not None:
        kinds[strategy.series.group] = "category"  # it names a series, whatever it is written as
    numeric: list[JsonValue] = [name for name in strategy.features if kinds[name] == "number"]
    time: list[JsonValue] = [name for name in strategy.features if kinds[name] == "time"]
    text: list[JsonValue] = [name for name in strategy.features if kinds[name] == "text"]
    others = {*numeric, *time, *text}
    categorical: list[JsonValue] = [name for name in strategy.features if name not in others]
    spec: Params = {
        "target": strategy.target,
        "task": strategy.task,
        "metric": strategy.metric,
        "numeric": numeric,
        "categorical": categorical,
        "text": text,
        "time": time,
        "cv": _folds(routing, strategy),
        "models": list(_models(str(routing.params.get("model", "")), series=strategy.series is not None)),
        "seed": seed_of(request, routing),
        **_series(strategy),
    }
    trees, rate = _number(routing.params.get("trees")), _number(routing.params.get("learning_rate"))
    if trees is not None:
        if not 1 <= trees <= 5000:
            raise BadInput(f"{trees:g} trees are asked for; 1 to 5000 are possible", remedy="Ask for fewer trees.")
        spec["trees"] = int(trees)
    if rate is not None:
        if not 0 < rate <= 1:
            raise BadInput(f"the learning rate {rate:g} is not in (0, 1]", remedy="0.1 is usual for boosting.")
        spec["learning_rate"] = rate
    return spec | _iterations(routing.params, spec) | trained(routing.params, strategy)


def _series(strategy: DataStrategy) -> Params:
    """What the skill is told of a series: its columns and the length of a step."""
    if strategy.series is None:
        return {}
    return {"series": strategy.series.model_dump(mode="json", include={"time", "group", "unit", "size", "start"})}


def _iterations(params: Params, spec: Params) -> Params:
    """The rounds of boosting, where the request names their number and boosting is a candidate."""
    rounds, models = _number(params.get("iterations")), spec["models"]
    if rounds is None or not isinstance(models, list) or not set(_BOOSTED) & set(map(str, models)):
        return {}
    if not 1 <= rounds <= 10_000:
        raise BadInput(f"{rounds:g} iterations are asked for; 1 to 10000 are possible", remedy="1000 are usual.")
    return {"boosting_iterations": int(rounds)}


def _used(spec: Params) -> frozenset[str]:
    return _USED | {"iterations"} if "boosting_iterations" in spec else _USED


def _refuse_network(plain: str) -> None:
    match = _NETWORK.search(plain)
    if match and not NEGATED.search(plain[: match.start()]):
        raise NotAvailable(
            f"{match[0]!r} on a table is not available yet, except as a small network in Flax",
            remedy="There are a linear model, a random forest and gradient boosting; leave the network out to compare "
            "them, or ask for it `in JAX`.",
        )


def _folds(routing: Routing, strategy: DataStrategy) -> Params:
    asked = _number(routing.params.get("folds"))
    folds = 5 if asked is None else int(asked)
    if not 2 <= folds <= 20:
        raise BadInput(f"{folds} folds are asked for; 2 to 20 are possible", remedy="5 or 10 are usual.")
    split, repeats = strategy.split, _repeats(routing)
    if split.kind in {"group", "time"}:
        moment: Params = {} if split.moment is None else {"moment": split.moment}
        return {"kind": split.kind, "folds": folds, "column": split.column, **moment, **repeats}
    if not split.shuffle:
        return {"kind": "time", "folds": folds, "column": None, **repeats}
    kind = "kfold" if strategy.task == "regression" else "stratified"
    return {"kind": kind, "folds": folds, "column": None, **repeats}


def _repeats(routing: Routing) -> Params:
    asked = _number(routing.params.get("repeats"))
    if asked is None:
        return {}
    if not 1 <= asked <= 10:
        raise BadInput(f"folds are to be drawn {asked:g} times; 1 to 10 are possible", remedy="2 or 3 are usual.")
    return {"repeats": int(asked)}


_BASELINES = ("dummy", "linear", "forest")  # the gates compare with each of them
_NAIVE = ("naive", "drift", "seasonal_naive")  # of a series only


def _models(named: str, *, series: bool) -> tuple[str, ...]:
    """The candidates: the baselines always, and what is named beside them, or all where nothing is."""
    family = next((family for family, names in _CANDIDATES.items() if named in names), None)
    always = ("dummy", *_NAIVE, "linear", "forest") if series else _BASELINES
    return (*always, *(name for name in _BOOSTED if family in (None, name)))


def _estimate(profile: DataProfile, strategy: DataStrategy) -> Estimate:
    """Heuristic, measured on two cores: boxes 20 s, then about 30 s a million cells of the table."""
    cells = profile.rows * len(strategy.features)
    classes = profile.column(strategy.target)
    factor = max(1, classes.unique if classes and strategy.task == "multiclass" else 1)
    seconds = 20.0 + 30.0 * cells * min(factor, 10) / 1e6 + profile.rows / 500
    return Estimate(wall_s=round(seconds, 1), cpu_s=round(0.8 * seconds, 1))


def _memory(profile: DataProfile) -> int:
    """Heuristic: 1 GiB for the libraries, 0.5 a column of words, and forty copies of the table in eight-byte cells."""
    words = 512 * sum(column.kind == "text" for column in profile.columns)
    needed = 1024 + words + 40 * 8 * profile.rows * len(profile.columns) // 2**20
    return int(min(4096, max(2048, needed)))


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _notes(routing: Routing, decision: Decision, model: str, findings: tuple[Verdict, ...]) -> tuple[str, ...]:
    notes = []
    if decision.why["target"] != "named in the request":
        notes.append(f"The request names no target; {decision.strategy.target!r} was taken: {decision.why['target']}.")
    if model == "catboost":
        notes.append("CatBoost is not in the box: histogram gradient boosting, the same method, stands in for it.")
    notes += people_notes(decision.strategy.sensitive, decision.strategy.features, decision.strategy.personal)
    notes += _of_series(decision.strategy)
    notes += training_notes(routing.params)
    test_file = decision.strategy.split.test_file
    if unused := len(routing.files) - 1 - (test_file is not None):
        used = f"{decision.strategy.file!r}" + (f" and {test_file!r} are" if test_file else " is")
        notes.append(f"Only {used} used; {'another file is' if unused == 1 else 'other files are'} left alone.")
    notes += [f"Planned again because of {finding.id}: {finding.reason}" for finding in findings]
    return tuple(notes)


def _of_series(strategy: DataStrategy) -> list[str]:
    if strategy.series is None:
        return []
    left = [name for name, why in strategy.dropped.items() if why == NOT_AHEAD]
    named = f"{', '.join(left)} {'is' if len(left) == 1 else 'are'} left out" if left else ""
    return [f"{named}: {NOT_AHEAD}."] if left else []
