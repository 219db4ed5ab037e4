"""Makes a forecast of a table whose rows are a regular series, where the request is about what comes later."""

from __future__ import annotations

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import SeriesPlan, SplitPlan
from orchestrator.core.profile import DataProfile, SeriesForm
from orchestrator.core.request import Routing
from orchestrator.planners.rules.series_words import asks_forecast, described, horizon_of, names_steps
from orchestrator.planners.rules.strategy import Decision

NOT_AHEAD = "not known ahead of a forecast; name it among the columns to use if it is"


def as_forecast(decision: Decision, routing: Routing, plain: str, profile: DataProfile) -> Decision:
    """The decision on a table, made one on a series where it is one; else as it was.

    A series is forecast where the words ask for a forecast, or where nothing but the time (and which series a row is
    of) is there to learn from. It learns from its own past; columns beside it enter only where the request names them.
    Raises: BadInput where more steps are asked for than can be measured, and where rows that are no regular series
    would have to be one: steps ahead are named, or nothing but times is there to learn from.
    """
    form = _form(decision, routing, plain, profile)
    if form is None:
        _refuse_none(decision, plain, profile)
        return decision
    horizon = horizon_of(plain, form)
    series = SeriesPlan(**form.model_dump(), horizon=horizon)
    strategy, named = decision.strategy, routing.params.get("features")
    wanted = {*map(str, named)} if isinstance(named, list) else set()
    own = (form.time, *((form.group,) if form.group else ()))
    kept = (*own, *(name for name in strategy.features if name in wanted - {*own}))
    unknown = {name: NOT_AHEAD for name in strategy.features if name not in kept}
    dropped = {name: why for name, why in strategy.dropped.items() if name not in own} | unknown
    fraction = strategy.split.test_fraction
    if horizon is not None and "test_fraction" not in routing.params:
        fraction = max(fraction, (horizon + 0.5) / form.steps)
    split = SplitPlan(kind="time", test_fraction=fraction, column=form.time, shuffle=False)
    why = f"{form.steps} regular steps of {described(form)} in {form.time!r}"
    each = f", one row each for every {form.group!r}" if form.group else ""
    made = strategy.model_copy(update={"features": kept, "dropped": dropped, "split": split, "series": series})
    return Decision(made, {**decision.why, "split": f"a forecast asks about what comes later: {why}{each}"})


def _refuse_none(decision: Decision, plain: str, profile: DataProfile) -> None:
    strategy = decision.strategy
    times = {column.name for column in profile.columns if column.kind == "time"}
    must = names_steps(plain) or not {*strategy.features} - times
    if profile.no_series and strategy.task == "regression" and asks_forecast(plain) and must:
        raise BadInput(
            f"a forecast is asked for, and the rows of {profile.file!r} are no regular series: {profile.no_series}",
            remedy="Give one row a step (of each series, with a column that names it) and a time in every row.",
        )


def _form(decision: Decision, routing: Routing, plain: str, profile: DataProfile) -> SeriesForm | None:
    strategy, split = decision.strategy, decision.strategy.split
    asked = asks_forecast(plain)
    if strategy.task != "regression" or routing.params.get("split") in ("random", "stratified", "group"):
        return None
    left_out = {name for name, why in strategy.dropped.items() if why.startswith("left out, as the request says")}
    for form in profile.series:
        own = {form.time, form.group} - {None}
        if strategy.target in own or left_out & own:
            continue
        if "time_column" in routing.params and split.column != form.time:
            continue
        nothing_else = not {*strategy.features} - own and (form.group is None or split.kind == "time")
        if asked or nothing_else:
            return form
    return None
