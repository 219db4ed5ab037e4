"""Plans for searches: the trials of one family, then its training at the best setting beside simple models."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

from pydantic import JsonValue, ValidationError

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Estimate, Plan, Step, Thought
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request, Route, Routing
from orchestrator.core.search import Dimension, Objective, Sampler, Scalar, Search, Setting, active
from orchestrator.planners.rules import sweep_words
from orchestrator.planners.rules.deep_words import deep_params
from orchestrator.planners.rules.plan_deep import deep_plan
from orchestrator.planners.rules.plan_parts import number
from orchestrator.planners.rules.replies import say
from orchestrator.planners.rules.search_space import (
    HELP,
    USUAL,
    USUAL_RATES,
    known,
    space_file,
    usual_space,
    written_space,
)
from orchestrator.planners.rules.text import read
from orchestrator.planners.rules.thoughts import thought

Params = dict[str, JsonValue]
TRIALS, BATCH = 20, 4  # where the request names none
GRID = 5  # points of a range in a grid search
MOST_OF_GRID = 2000
_SIMPLE = ("dummy", "linear", "forest")
_LOWER = frozenset({"rmse", "mae", "median_ae", "mape", "log_loss", "brier"})
_FIELD = {"batch_size": "batch"}  # the spec's name for a number that a request may give
_CALLED = {"tpe": "TPE", "cmaes": "CMA-ES", "nsga2": "NSGA-II", "random": "random sampling"}


def sweep_plan(
    request: Request, routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...], planner: str
) -> Plan:
    """Two steps: `search`, whose trials see the training rows alone, and `train` at the setting that it found.

    Raises: as `deep_plan`; BadInput for an empty or unknown search space.
    """
    if profile is None:
        raise BadInput("no data file is named", remedy=say("file", routing.language))
    if profile.arrays is None:
        raise NotAvailable(
            f"{profile.file!r} is a table; a search over the hyperparameters of its models is not available yet",
            remedy="Networks on arrays can be searched; on a table `Predict COLUMN in FILE` compares models.",
        )
    reading = read(request.text)
    named = deep_params(reading).get("families")
    families = [str(name) for name in named] if isinstance(named, list) else []
    family = families[0] if families else {"vectors": "mlp"}.get(profile.arrays.kind, "cnn")
    space = _space(request, routing, family)
    searched = {dimension.name for dimension in space}
    fixed = {key: value for key, value in routing.params.items() if _FIELD.get(key, key) not in searched}
    base = deep_plan(request, routing.model_copy(update={"params": {**fixed, "families": [family]}}), profile, findings,
                     planner)  # fmt: skip
    train = base.steps[0]
    search = _search(request, routing, space, train.spec)
    return base.model_copy(
        update={
            "route": Route.SWEEP,
            "steps": _steps(request, routing, train, family, search),
            "thoughts": tuple(_with_search(one, search, family) for one in base.thoughts),
            "estimate": _estimate(base.estimate, search),
            "notes": (*(note for note in base.notes if not note.startswith("trials ")), *_notes(search, families)),
        }
    )


def _space(request: Request, routing: Routing, family: str) -> tuple[Dimension, ...]:
    """From a file, else from the words, else the usual one of the family.

    Raises: BadInput for a hyperparameter that the family does not have, and for an empty range.
    """
    fits = known(family)
    if path := space_file(routing.files):
        space = written_space(Path(path).expanduser())
        strange = [dimension.name for dimension in space if dimension.name not in fits]
        if strange:
            raise BadInput(
                f"{path!r} varies {strange[0]!r}, which the {family} does not have",
                remedy=f"It has {', '.join(fits)}.",
            )
        return space
    asked = sweep_words.hyperparameters(read(request.text), routing.language)
    if lacking := [one.name for one in asked if one.name not in fits]:
        raise BadInput(
            f"{lacking[0].replace('_', ' ')!r} is to be varied, which the {family} does not have",
            remedy=f"It has {', '.join(fits)}.",
        )
    try:
        return tuple(sweep_words.dimension(one, fits[one.name]) for one in asked) or usual_space(family)
    except ValidationError as error:
        told = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise BadInput(f"the search space is empty: {told}", remedy=HELP) from error


def _search(request: Request, routing: Routing, space: tuple[Dimension, ...], spec: Params) -> Search:
    """Raises: BadInput for a budget or a way of searching that cannot be."""
    plain = read(request.text).plain
    asked = number(routing.params.get("trials"))
    trials = TRIALS if asked is None else int(asked)
    metric = str(spec["metric"])
    objectives = [Objective(claim=f"cv_{metric}", direction="minimize" if metric in _LOWER else "maximize")]
    if sweep_words.wants_small(plain):
        objectives.append(Objective(claim="parameters", direction="minimize"))
    batch = sweep_words.side_by_side(plain) or BATCH
    first: tuple[Setting, ...] = (_usual(space, spec),) if _usual(space, spec) else ()
    if sweep_words.wants_grid(plain):
        first = _grid(space)
        trials = len(first) if asked is None else trials
    default: Sampler = "nsga2" if len(objectives) > 1 else "tpe"
    try:
        return Search(
            space=space,
            objectives=tuple(objectives),
            trials=trials,
            batch=min(batch, trials) or 1,
            sampler="random" if sweep_words.wants_grid(plain) else sweep_words.sampler(plain) or default,
            pruner=sweep_words.pruner(plain),
            first=first,
        )
    except ValidationError as error:
        told = error.errors()[0]
        where = ".".join(map(str, told["loc"])) or "the search"
        raise BadInput(
            f"{where}: {told['msg'].removeprefix('Value error, ')}", remedy="Ask for 1 to 10000 trials, 30 are usual."
        ) from error


def _usual(space: tuple[Dimension, ...], spec: Params) -> Setting:
    """The usual setting, tried first so that the search can be told from no search; empty where it lies outside."""
    usual: Setting = {**USUAL, "learning_rate": USUAL_RATES[str(spec.get("optimizer", "adamw"))]}
    setting = {one.name: usual[one.name] for one in active(space, usual) if one.name in usual}
    return setting if all(one.holds(setting[one.name]) for one in space if one.name in setting) else {}


def _grid(space: tuple[Dimension, ...]) -> tuple[Setting, ...]:
    """Every combination of the choices and of five points of each range, ends included.

    Raises: BadInput where they are too many.
    """
    points = [_points(dimension) for dimension in space]
    count = math.prod(map(len, points))
    if count > MOST_OF_GRID:
        raise BadInput(
            f"the grid has {count} points; up to {MOST_OF_GRID} are possible",
            remedy="Vary less, list fewer values, or leave the grid out: TPE needs far fewer trials.",
        )
    return tuple(
        dict(zip((dimension.name for dimension in space), combination, strict=True))
        for combination in itertools.product(*points)
    )


def _points(dimension: Dimension) -> tuple[Scalar, ...]:
    if dimension.kind == "choice":
        return dimension.choices
    low, high = dimension.low or 0.0, dimension.high or 0.0
    if dimension.kind == "int":
        return tuple(sorted({round(low + (high - low) * at / (GRID - 1)) for at in range(GRID)}))
    if dimension.log:
        inner = [low * (high / low) ** (at / (GRID - 1)) for at in range(1, GRID - 1)]
    else:
        inner = [low + (high - low) * at / (GRID - 1) for at in range(1, GRID - 1)]
    return tuple(dict.fromkeys((low, *inner, high)))


def _steps(request: Request, routing: Routing, train: Step, family: str, search: Search) -> tuple[Step, ...]:
    """What the request says of time bounds the search as a whole; each trial has the time of a training."""
    varied = {dimension.name for dimension in search.space}
    spec = {key: value for key, value in train.spec.items() if key not in varied}
    trial = Step(
        id="trial", worker="deep", kind="skill", spec={**spec, "models": [family], "refit": False},
        resources=train.resources,
    )  # fmt: skip
    guard = request.timeout_s or number(routing.params.get("timeout_s"))
    whole = guard or train.resources.timeout_s * math.ceil(search.trials / search.batch)
    sought = Step(
        id="search", worker="deep", kind="loop", body=(trial,), search=search,
        resources=train.resources.model_copy(update={"timeout_s": whole}),
    )  # fmt: skip
    chosen = {**spec, "models": [*_SIMPLE, family]}
    return sought, train.model_copy(update={"spec": chosen, "needs": ("search",)})


def _with_search(one: Thought, search: Search, family: str) -> Thought:
    """The thoughts of the training, with the search in the place of settings by hand."""
    if one.stage != "training":
        return one
    varied = "; ".join(f"{dimension.name} {dimension.words}" for dimension in search.space)
    sought = " and ".join(f"{o.claim} ({o.direction})" for o in search.objectives)
    stopped = "" if search.pruner == "none" else f" Hopeless trials are stopped by the {search.pruner} pruner."
    return thought(
        "training",
        f"A search over {len(search.space)} hyperparameters of the {family}: {varied}. {search.trials} trials by "
        f"{_CALLED[search.sampler]}, in batches of {search.batch}, for {sought}; then one training at the best one.",
        f"Trials see folds of the training rows alone; the sealed rows are scored once, with the best setting, so that "
        f"the reported score is not the tuned one. What is tried next follows from closed batches: the same seed gives "
        f"the same search, however many trials run at once.{stopped}",
        ("settings by hand", "what was tried and why would not be known"),
        ("a budget in minutes", "the clock would decide which trials there are"),
        avoids=("manual_tuning",),
    )


def _estimate(base: Estimate, search: Search) -> Estimate:
    """Heuristic: a trial costs a third of a training beside simple models; two run at a time."""
    cpu = base.cpu_s + search.trials * max(5.0, base.cpu_s / 3)
    return base.model_copy(update={"wall_s": round(base.wall_s + cpu / 2, 1), "cpu_s": round(cpu, 1)})


def _notes(search: Search, families: list[str]) -> tuple[str, ...]:
    notes = []
    if len(families) > 1:
        notes.append(f"One family is searched, {families[0]}; ask once for each of {', '.join(families[1:])}.")
    if len(search.objectives) > 1:
        notes.append("With several objectives the setting that is best in the first is trained; the others on the "
                     "front are in the table of trials.")  # fmt: skip
    return tuple(notes)
