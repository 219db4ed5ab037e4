"""Plans for array data: one training step that compares small networks with simple models, with its reasons."""

from __future__ import annotations

import math

from pydantic import JsonValue

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import DataStrategy, Estimate, Plan, Resources, Step
from orchestrator.core.profile import ArrayForm, Column, DataProfile
from orchestrator.core.request import Request, Route, Routing, seed_of
from orchestrator.planners.rules import unmet
from orchestrator.planners.rules.deep_words import deep_params, not_here
from orchestrator.planners.rules.devices import WORTH_S, wish
from orchestrator.planners.rules.plan_parts import number
from orchestrator.planners.rules.replies import say
from orchestrator.planners.rules.strategy import Decision, decide
from orchestrator.planners.rules.text import read
from orchestrator.planners.rules.think_deep import deep_thoughts
from orchestrator.planners.rules.training_words import trained, training_notes

Params = dict[str, JsonValue]
NEAREST = (
    "There are an MLP, 1-D and 2-D convolutional networks, an LSTM and a small transformer, trained from nothing on "
    "arrays with labels: `Classify the images in data.npz with a CNN`."
)
_SIMPLE = ("dummy", "linear", "forest")  # the gates compare with each of them
_BY_KIND = {"images": ("mlp", "cnn"), "series": ("mlp", "cnn"), "vectors": ("mlp",)}
_ORDER = ("mlp", "cnn", "lstm", "transformer")
_LARGE = 3_000_000  # values in all training samples from which on networks are kept smaller (heuristic)
_UNEVEN = 5.0  # classes whose sizes differ by this factor are weighed alike
_GROUPS = "groups"
_USED = frozenset({"model", "test_fraction", "epochs", "iterations", "batch_size", "optimizer", "folds", "device"})
_RATES = (1e-7, 1.0)


def deep_plan(
    request: Request, routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...], planner: str
) -> Plan:
    """One step, `train`: a constant, a linear model, a forest and the networks that suit the arrays, or are named.

    Raises NotAvailable for what the skill cannot do, BadInput for data or wishes that it cannot use.
    """
    plain = read(request.text).plain
    if wanted := not_here(plain):
        raise NotAvailable(f"{wanted!r} is not available yet", remedy=NEAREST)
    if profile is None:
        raise BadInput("no data file is named", remedy=say("file", routing.language))
    form = profile.arrays
    if form is None:
        raise NotAvailable(
            f"{profile.file!r} is a table; networks of this skill learn from arrays",
            remedy="For a table ask `Predict COLUMN in FILE`, or for a small network on it: `Train a Flax MLP on FILE "
            "to predict COLUMN`.",
        )
    params = {**deep_params(read(request.text)), **routing.params}
    decision, notes = _decide(routing, plain, profile, findings, params)
    strategy = decision.strategy.model_copy(update={"arrays": form})
    spec = _spec(request, routing, strategy, profile, form, params)
    seconds = _seconds(spec, profile.rows)
    timeout = request.timeout_s or number(routing.params.get("timeout_s")) or max(900.0, 5.0 * seconds)
    step = Step(
        id="train",
        worker="deep",
        kind="skill",
        spec=spec,
        resources=Resources(
            cpus=1,
            memory_mb=_memory(profile, form),
            gpu=wish(routing.params, pays=_networks_s(spec, profile.rows) >= WORTH_S),
            timeout_s=max(1.0, timeout),
        ),
    )
    used = _USED | {key for key in spec if key in params}
    return Plan(
        route=Route.DEEP,
        planner=planner,
        thoughts=deep_thoughts(decision, profile, form, spec, step.resources.gpu),
        steps=(step,),
        estimate=Estimate(wall_s=round(25.0 + seconds, 1), cpu_s=round(20.0 + seconds, 1)),
        data=strategy,
        notes=(
            *notes,
            *training_notes(routing.params),
            *(f"Planned again because of {finding.id}: {finding.reason}" for finding in findings),
            *unmet.notes(plain, routing.params, spec, frozenset(used)),
        ),
    )


def _decide(
    routing: Routing, plain: str, profile: DataProfile, findings: tuple[Verdict, ...], params: Params
) -> tuple[Decision, tuple[str, ...]]:
    """As for a table of two columns, inputs and labels; groups that the file holds split it."""
    labels = next(column for column in profile.columns if column.name not in ("inputs", _GROUPS))
    told = dict(routing.params)
    asked = str(told.pop("target", labels.name))
    notes = []
    if asked.casefold() not in {labels.name.casefold(), "image", "images", "label", "labels", "class", "classes"}:
        notes.append(f"The labels of {profile.file!r} are called {labels.name!r}; {asked!r} was taken to mean them.")
    told["target"] = labels.name
    for key in ("features", "drop", "time_column", "test_file", "split_column", "known_later"):
        told.pop(key, None)
    if profile.column(_GROUPS) is not None and told.get("split") in (None, "group"):
        told["group_column"] = _GROUPS
    if params.get("task") == "regression" and labels.kind == "category":
        profile = profile.model_copy(update={"columns": tuple(_as_number(labels, one) for one in profile.columns)})
    decision = decide(routing.model_copy(update={"params": told}), plain, profile, findings)
    return decision, tuple(notes)


def _as_number(labels: Column, column: Column) -> Column:
    """Whole numbers that repeat are read as classes; where a regression is asked for they are numbers again."""
    return column.model_copy(update={"kind": "number", "integer": True}) if column == labels else column


def _spec(
    request: Request, routing: Routing, strategy: DataStrategy, profile: DataProfile, form: ArrayForm, params: Params
) -> Params:
    shape: list[JsonValue] = list(form.shape)
    spec: Params = {
        "target": strategy.target,
        "task": strategy.task,
        "metric": strategy.metric,
        "shape": shape,
        "dtype": form.dtype,
        "models": _models(form, params),
        "cv": _folds(strategy, params),
        "seed": seed_of(request, routing),
    }
    if profile.rows * math.prod(form.shape) > _LARGE:
        channels: list[JsonValue] = [16, 32]
        spec |= {"channels": channels, "epochs": 12, "patience": 4, "batch": 128}
    spec |= {key: params[key] for key in ("hidden", "schedule", "dropout", "weight_decay", "momentum") if key in params}
    spec |= {key: params[key] for key in ("batch_norm",) if key in params} | trained(routing.params, strategy)
    spec |= _whole(params)
    if (rate := number(params.get("learning_rate"))) is not None:
        if not _RATES[0] <= rate <= _RATES[1]:
            raise BadInput(f"the learning rate {rate:g} is not in [1e-7, 1]", remedy="Leave it out, or name 0.001.")
        spec["learning_rate"] = rate
    optimizer = {"adam": "adamw"}.get(str(params.get("optimizer", "")), str(params.get("optimizer", "")))
    if optimizer in ("adamw", "sgd", "lion"):
        spec["optimizer"] = optimizer
    elif optimizer:
        raise BadInput(f"the optimizer {optimizer!r} is not there", remedy="There are adamw, sgd and lion.")
    if form.imbalance >= _UNEVEN and strategy.metric in ("f1", "balanced_accuracy", "recall"):
        spec.setdefault("class_weights", "balanced")
    if isinstance(params.get("augment"), list):
        spec["augment"] = _augment(form, params)
    return spec


def _whole(params: Params) -> Params:
    """Counts that the request names. Raises BadInput for those that are none."""
    found: Params = {}
    asked = {"epochs": params.get("epochs", params.get("iterations")), "batch": params.get("batch_size"),
             "patience": params.get("patience")}  # fmt: skip
    least = {"epochs": 1, "batch": 2, "patience": 1}
    for key, value in asked.items():
        if (count := number(value)) is not None:
            if count < least[key] or count != int(count):
                raise BadInput(f"{key} {count:g} is asked for", remedy=f"Ask for a whole number from {least[key]} on.")
            found[key] = int(count)
    return found


def _models(form: ArrayForm, params: Params) -> list[JsonValue]:
    named = params.get("families")
    families = {str(name) for name in named} if isinstance(named, list) else set()
    if "cnn" in families and form.kind == "vectors":
        raise BadInput(
            "the samples are vectors without an order that a convolution could use",
            remedy="Save images as (n, height, width) and series under the name `series`, or ask for an MLP.",
        )
    networks = {*_BY_KIND[form.kind], *families}
    return [*_SIMPLE, *(name for name in _ORDER if name in networks)]


def _folds(strategy: DataStrategy, params: Params) -> Params:
    count = number(params.get("folds"))
    folds = 3 if count is None else int(count)
    if not 2 <= folds <= 10:
        raise BadInput(f"{folds} folds are asked for; 2 to 10 are possible", remedy="3 or 5 are usual.")
    split = strategy.split
    if split.kind == "group":
        return {"kind": "group", "folds": folds, "column": split.column}
    if not split.shuffle:
        return {"kind": "time", "folds": folds}
    return {"kind": "kfold" if strategy.task == "regression" else "stratified", "folds": folds}


def _augment(form: ArrayForm, params: Params) -> Params:
    """What is named; where nothing is, small shifts and a little noise. Mirroring only where it is asked for."""
    told = params["augment"]
    named = {str(change) for change in told} if isinstance(told, list) else set()
    named = named or {"shift", "noise"}
    changes: Params = {"noise": 0.05} if "noise" in named else {}
    if form.kind == "vectors":
        if named & {"shift", "flip"} and told:
            raise BadInput("vectors can be neither shifted nor mirrored", remedy="Ask for noise, or leave it out.")
        return changes
    if "shift" in named:
        changes["shift"] = max(1, min(form.shape[1:]) // 12)
    return changes | ({"flip": True} if "flip" in named else {})


def _memory(profile: DataProfile, form: ArrayForm) -> int:
    """Heuristic: 1.5 GiB for the libraries and a network at work, and sixteen copies of the samples as float32."""
    needed = 1536 + 16 * 4 * profile.rows * math.prod(form.shape) // 2**20
    return int(min(8192, max(2048, needed)))


def _seconds(spec: Params, rows: int) -> float:
    """Heuristic, on one thread: the networks, and the simple models beside them."""
    return _networks_s(spec, rows) + rows * _cells(spec) * 1e-5 * (_folds_done(spec, rows) + 1)


def _networks_s(spec: Params, rows: int) -> float:
    """Heuristic, from a coarse table on one thread: microseconds a sample, an epoch and a value of it, by family."""
    cost = {"mlp": 0.3, "cnn": 1.5, "lstm": 2.0, "transformer": 3.0}
    models = spec["models"]
    networks = [str(name) for name in models if str(name) in cost] if isinstance(models, list) else []
    epochs = number(spec.get("epochs")) or 40.0
    each = sum(20e-6 + cost[name] * 1e-6 * _cells(spec) for name in networks) * rows * epochs
    return each * (_folds_done(spec, rows) + 1)


def _cells(spec: Params) -> int:
    shape = spec["shape"]
    return math.prod(int(str(side)) for side in shape) if isinstance(shape, list) else 1


def _folds_done(spec: Params, rows: int) -> int:
    cv = spec["cv"]
    return int(str(cv.get("folds", 3))) if isinstance(cv, dict) and rows <= 5000 else 1
