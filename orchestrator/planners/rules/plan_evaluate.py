"""Plans for the evaluation of a model that is there: rows split in two, one step that opens it, and what is fitted."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.errors import BadInput
from orchestrator.core.evaluated import Evaluated, ModelFile
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import DataStrategy, Estimate, Plan, Resources, Step
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request, Route, Routing, seed_of
from orchestrator.planners.rules import unmet
from orchestrator.planners.rules.evaluate_words import bounds_without_point, implied_point, without_point
from orchestrator.planners.rules.replies import say
from orchestrator.planners.rules.strategy import decide
from orchestrator.planners.rules.target import resolve
from orchestrator.planners.rules.text import read
from orchestrator.planners.rules.think_evaluate import evaluate_thoughts

Params = dict[str, JsonValue]
EVALUATED, STRATEGY = "evaluated", "strategy"  # params that the node `plan` adds: what the files and the run hold
HALF, FEWER = 0.5, 0.8  # shares of the rows that are sealed: half, or more where few rows and nothing is to be fitted
FEW_ROWS = 400
TRAINED_AGAIN = ("tabular", "deep")  # skills that can fit a model of theirs to parts of its rows
MEMORY_MB, A_MODEL = 2048, 6  # of a box, and how many times its file a model may take there (heuristic)


def evaluate_plan(
    request: Request, routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...], planner: str
) -> Plan:
    """One step, `evaluate`, on the validation rows; the host measures its variants on the sealed ones.

    Raises: BadInput where no model or no labelled rows are named, or what is asked does not fit the target.
    """
    told = routing.params.get(EVALUATED)
    if told is None:
        raise BadInput(
            "the request names no model to evaluate",
            remedy="Name its file or a run: `Evaluate model.joblib on test.csv, target y`, or `Evaluate run last`.",
        )
    evaluated = Evaluated.model_validate(told)
    plain = read(request.text).plain
    strategy, why = _strategy(routing, profile, findings, plain, evaluated)
    point = None if evaluated.own_rows or strategy.task != "binary" else implied_point(routing.params)
    if point is not None:
        routing = routing.model_copy(update={"params": {**routing.params, "operating_point": point}})
        strategy, why = _strategy(routing, profile, findings, plain, evaluated)
    spec = _spec(request, routing, strategy, evaluated)
    size_mb = sum(model.bytes for model in evaluated.models.values()) >> 20
    memory_mb = MEMORY_MB * (2 if "learning_curve" in spec else 1) + A_MODEL * size_mb
    timeout = request.timeout_s or _number(routing.params.get("timeout_s")) or 600.0
    step = Step(
        id="evaluate",
        worker="evaluate",
        kind="skill",
        spec=spec,
        resources=Resources(
            cpus=1,
            memory_mb=memory_mb,
            disk_mb=512 + 2 * size_mb,
            timeout_s=max(1.0, timeout),
        ),
    )
    rows = profile.rows if profile else 0
    return Plan(
        route=Route.EVALUATE,
        planner=planner,
        thoughts=evaluate_thoughts(strategy, evaluated, spec, why),
        steps=(step,),
        estimate=Estimate(wall_s=round(15.0 + rows / 2000, 1), cpu_s=round(12.0 + rows / 2000, 1)),
        data=strategy,
        evaluated=evaluated,
        notes=(*_notes(routing, evaluated), *unmet.notes(plain, routing.params, spec, _USED)),
    )


_USED = frozenset({"test_fraction", "model"})


def fits(params: Params) -> bool:
    """Whether something is to be fitted on validation rows."""
    return any(params.get(key) for key in ("operating_point", "recalibrate", "sets"))


def _strategy(
    routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...], plain: str, evaluated: Evaluated
) -> tuple[DataStrategy, dict[str, str]]:
    """A run's own strategy on its own rows; else that of the rows named, with every column that a model may want."""
    if evaluated.own_rows:
        own = DataStrategy.model_validate(routing.params[STRATEGY])
        told = {"split": "its sealed rows, which it never trained on", "target": "the run's own"}
        return own.model_copy(update={"constraints": bounds_without_point(routing.params)}), told
    if profile is None:
        raise BadInput("no file with labelled rows is named", remedy=say("file", routing.language))
    asked = without_point(routing.params)
    share = asked.get("test_fraction", HALF if profile.rows >= FEW_ROWS or fits(routing.params) else FEWER)
    decision = decide(
        routing.model_copy(update={"params": {**asked, "test_fraction": share}}), plain, profile, findings
    )
    strategy = decision.strategy
    dropped = {resolve(name, profile, "column to drop"): "left out, as the request says" for name in _names(asked)}
    named = {resolve(name, profile, "feature") for name in _names(asked, "features")}
    features = tuple(
        column.name
        for column in profile.columns
        if column.name not in dropped and column.name != strategy.target and (not named or column.name in named)
    )
    if not features:
        raise BadInput(f"no column is left to predict {strategy.target!r} from", remedy="Drop fewer columns.")
    return strategy.model_copy(update={"features": features, "dropped": dropped, "personal": {}}), decision.why


def _spec(request: Request, routing: Routing, strategy: DataStrategy, evaluated: Evaluated) -> Params:
    params = routing.params
    _refuse_unfitting(params, strategy, evaluated)
    spec: Params = {
        "target": strategy.target,
        "task": strategy.task,
        "metric": strategy.metric,
        "features": list[JsonValue](strategy.features),
        "subject": _subject(evaluated.subject),
        "other": _subject(evaluated.other) if evaluated.other else None,
        "fresh": not evaluated.own_rows,
        "seed": seed_of(request, routing),
    }
    spec |= {key: params[key] for key in ("operating_point", "coverage", "positive", "learning_curve") if key in params}
    if strategy.task != "regression":
        spec |= {key: True for key in ("recalibrate", "sets") if params.get(key)}
    return spec


def _refuse_unfitting(params: Params, strategy: DataStrategy, evaluated: Evaluated) -> None:
    target, task = strategy.target, strategy.task
    if "operating_point" in params and task != "binary":
        raise BadInput(
            f"a threshold separates two classes, and {target!r} is a {task} target",
            remedy="Ask for a metric without a threshold, or name a target with two classes.",
        )
    if params.get("recalibrate") and task == "regression":
        raise BadInput(
            f"probabilities are recalibrated, and {target!r} is a quantity",
            remedy="Ask for prediction intervals instead: their coverage is measured.",
        )
    coverage = _number(params.get("coverage"))
    if coverage is not None and not 0 < coverage < 1:
        raise BadInput(f"a coverage of {coverage:g} is asked for", remedy="Ask for one between 0 and 1; 0.9 is usual.")
    if params.get("learning_curve") and not (evaluated.own_rows and evaluated.subject.skill in TRAINED_AGAIN):
        raise BadInput(
            f"a learning curve fits the model again to parts of its training rows, and how {evaluated.subject.name} "
            "was trained, or on which rows, is not known here",
            remedy="Ask for it where the model is trained (`Predict COLUMN in FILE, with a learning curve`), or of a "
            "run on its own rows: `Evaluate run RUN with a learning curve`.",
        )
    if evaluated.own_rows and fits(params):
        raise BadInput(
            f"a threshold, a recalibration or sets are fitted on validation rows, and run {evaluated.subject.run} has "
            "none that its model was not trained on",
            remedy="Name a file of new rows: `--data new.csv`.",
        )


def _subject(model: ModelFile) -> Params:
    return {"name": model.name, "kind": model.kind, "sha256": model.sha256, "skill": model.skill, "run": model.run}


def _notes(routing: Routing, evaluated: Evaluated) -> tuple[str, ...]:
    notes = []
    if evaluated.assumed:
        notes.append(
            f"The request names no model; the newest run that trained on a table was taken: {evaluated.subject.run}."
        )
    if any(model.is_code for model in evaluated.models.values()):
        notes.append("A model's file may be code: it is opened in boxes alone, never by mlexpert itself.")
    if not evaluated.own_rows and len(routing.files) > 1:
        notes.append(f"Only {routing.files[0]!r} is evaluated on; other files are left alone.")
    return tuple(notes)


def _number(value: JsonValue) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _names(params: Params, key: str = "drop") -> list[str]:
    value = params.get(key)
    return [str(item) for item in value] if isinstance(value, list) else []
