"""The data strategy of a table: target, task, metric, features and the split."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.core.profile import Column, DataProfile
from orchestrator.core.request import Routing
from orchestrator.planners.rules.calibration_words import CALIBRATION
from orchestrator.planners.rules.latency_words import LATENCY
from orchestrator.planners.rules.metrics import CLASSIFICATION, REGRESSION
from orchestrator.planners.rules.own_split import own_split
from orchestrator.planners.rules.people import about_people
from orchestrator.planners.rules.series_words import asks_forecast
from orchestrator.planners.rules.target import check_target, guess_target, resolve, resolve_target

Task = Literal["regression", "binary", "multiclass"]
LEAST_ROWS = 20
DEFAULT_METRIC = {"regression": "rmse", "binary": "roc_auc", "multiclass": "f1"}
_MOST_CLASSES = 50
_FEW = 10
KNOWN_LATER = "known only afterwards, as the request says"
_UNUSABLE = {
    "identifier": "an identifier: different in nearly every row, so nothing can be learned from it",
    "constant": "constant: the same in every row",
    "empty": "empty: no value in any row",
}
_GIVEN_AWAY = "gives the target away, as the check of leakage found"
_LATER = "named like something known only afterwards, and tells much of the target, as the check of leakage found"
_GIVES_AWAY = {"afterwards": _LATER} | dict.fromkeys(("proxy", "proxy_together", "identifier"), _GIVEN_AWAY)
_WHO = re.compile(
    r"(?:patient|subject|participant|person|user|customer|client|device|machine|household|student|animal"
    r"|session|site|store|well|proband)"
    r"s?(?:[ _]?(?:id|no|nr|num|number|code|key))?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Decision:
    """The strategy, and why each choice was made (keys: target, task, metric, split)."""

    strategy: DataStrategy
    why: dict[str, str]


def decide(routing: Routing, plain: str, profile: DataProfile, findings: tuple[Verdict, ...]) -> Decision:
    """Raises BadInput naming what cannot be used, NotAvailable for tasks without a target."""
    params = routing.params
    if params.get("task") == "clustering":
        raise NotAvailable(
            "learning without a target (clustering) is not available yet",
            remedy="The nearest thing that is: predict a column, e.g. `Predict COLUMN in FILE`.",
        )
    named = {
        key: resolve(str(params[key]), profile, what)
        for key, what in (("group_column", "group"), ("time_column", "time"))
        if key in params
    }
    dropped_by_user = [resolve(name, profile, "column to drop") for name in _strings(params.get("drop"))]
    taken = frozenset({*named.values(), *dropped_by_user})
    if "target" in params:
        target, why_target = resolve_target(str(params["target"]), profile), "named in the request"
    else:
        target, why_target = guess_target(plain, profile, taken)
    column = _column(profile, target)
    check_target(column, profile, LEAST_ROWS)
    task, why_task = infer_task(column, profile.rows, str(params.get("task", "")))
    metric, why_metric = _metric(params, task)
    split, why_split = choose_split(routing, plain, profile, target, task, named, findings)
    people = about_people(params, profile, target, task, metric)
    dropped = _dropped(profile, target, split, dropped_by_user, findings) | people.left_out
    dropped |= dict.fromkeys(_known_later(params, profile, target, people.kept), KNOWN_LATER)
    dropped = {name: why for name, why in dropped.items() if name not in people.kept or name in dropped_by_user}
    features = _features(params, profile, target, dropped)
    strategy = DataStrategy(
        file=profile.file,
        sha256=profile.sha256,
        target=target,
        task=task,
        features=features,
        dropped=dropped,
        split=split,
        metric=metric,
        constraints=tuple(bound for bound in _list(params.get("constraints")) if isinstance(bound, dict)),
        kept=people.kept,
        sensitive=people.sensitive,
        gap_bounds=people.gap_bounds,
        personal=people.personal,
    )
    return Decision(strategy, {"target": why_target, "task": why_task, "metric": why_metric, "split": why_split})


def infer_task(column: Column, rows: int, asked: str) -> tuple[Task, str]:
    """(task, why). Heuristic for whole numbers: few values that count from 0 or 1 are classes."""
    numeric = column.kind in {"number", "identifier"}
    if asked == "regression" and not numeric:
        raise BadInput(
            f"regression needs numbers, but {column.name!r} holds {column.unique} classes",
            remedy="Ask for a classification.",
        )
    if asked in {"classification", "binary", "multiclass"} and numeric and column.unique > _MOST_CLASSES:
        raise BadInput(
            f"{column.name!r} has {column.unique} different numbers, too many for classes (limit {_MOST_CLASSES})",
            remedy="Ask for a regression, or group the numbers into classes first.",
        )
    if (asked == "binary" and column.unique != 2) or (asked == "multiclass" and column.unique < 3):
        raise BadInput(
            f"{column.name!r} has {column.unique} classes, which is not {asked}",
            remedy="Leave the number of classes out.",
        )
    if asked != "regression" and (not numeric or asked or _counts_classes(column, rows)):
        if column.unique > max(2, rows // 4):
            raise BadInput(
                f"{column.name!r} has {column.unique} classes in {rows} rows: too few rows for each",
                remedy="Give more rows, or join classes.",
            )
        return "binary" if column.unique == 2 else "multiclass", f"{column.name!r} has {column.unique} classes"
    return "regression", f"{column.name!r} is a quantity with {column.unique} different values"


def choose_split(
    routing: Routing, plain: str, profile: DataProfile, target: str, task: str, named: dict[str, str],
    findings: tuple[Verdict, ...],
) -> tuple[SplitPlan, str]:  # fmt: skip
    """How the test rows are set aside: what the request says, else what the columns show."""
    share = routing.params.get("test_fraction")
    fraction = float(share) if isinstance(share, int | float) else 0.2
    if not 0.0 < fraction < 1.0:
        raise BadInput(
            f"a test share of {fraction:g} is asked for", remedy="Ask for one between 0 and 1; 0.2 is usual."
        )
    asked = str(routing.params.get("split", ""))
    shuffle = routing.params.get("shuffle") is not False
    if given := own_split(routing.params, profile, named.get("group_column")):
        return given, "the request brings its own test rows"
    group, time = _split_columns(asked, plain, profile, target, named, leaks(findings, profile))
    if group and time:
        split = SplitPlan(kind="group", test_fraction=fraction, column=group, moment=time)
        return split, f"the test asks about a {group!r} never seen, at later times in {time!r} than any training row"
    if group:
        split = SplitPlan(kind="group", test_fraction=fraction, column=group, shuffle=shuffle)
        return split, f"rows of one {group!r} belong together and must not stand on both sides"
    if time:
        split = SplitPlan(kind="time", test_fraction=fraction, column=time, shuffle=False)
        return split, f"the rows are ordered by {time!r}; the test asks about the latest ones"
    if not shuffle:
        split = SplitPlan(kind="random", test_fraction=fraction, shuffle=False)
        return split, "the request forbids shuffling, so the last rows are the test rows"
    if asked == "stratified" or (task != "regression" and asked != "random"):
        return SplitPlan(kind="stratified", test_fraction=fraction), "both sides keep the share of each class"
    why = "rows look independent: no column shows a group or an order in time"
    return SplitPlan(kind="random", test_fraction=fraction), "the request asks for it" if asked == "random" else why


def _split_columns(
    asked: str, plain: str, profile: DataProfile, target: str, named: dict[str, str], leak: dict[str, tuple[str, ...]]
) -> tuple[str | None, str | None]:
    """(group, time): the column to split by; both only where the request asks for both.

    What is named in the request or found to leak wins; then a forecast, then what the columns show.
    """
    both = asked == "group_time" or ("group_column" in named and (asked == "time" or "time_column" in named))
    group = named.get("group_column") or next(iter(leak.get("groups", ())), None)
    if group or asked in ("group", "group_time"):
        group = group or _group(profile, target)
        if group is None:
            raise BadInput(f"no column of {profile.file!r} is named as the group", remedy="Say `group by COLUMN`.")
        time = (named.get("time_column") or _time(profile, target)) if both else None
        if both and time is None:
            raise BadInput(f"no time column was found in {profile.file!r}", remedy="Say `time column COLUMN`.")
        return group, time
    time = named.get("time_column") or next(iter(leak.get("time_order", ())), None)
    if time or asked == "time" or (not asked and asks_forecast(plain)):
        time = time or _time(profile, target)
        if time is None and asked == "time":
            raise BadInput(f"no time column was found in {profile.file!r}", remedy="Say `time column COLUMN`.")
        if time:
            return None, time
    if asked:
        return None, None
    found, ordered = _group(profile, target), _time(profile, target)
    if found:
        return found, None
    return None, ordered if ordered and _column(profile, ordered).monotone else None


def leaks(findings: tuple[Verdict, ...], profile: DataProfile) -> dict[str, tuple[str, ...]]:
    """Columns by kind of leak (duplicates, groups, time_order, proxy…), as the checks of leakage named them so far."""
    found: dict[str, tuple[str, ...]] = {}
    for finding in findings:
        if finding.verdict == "failed" and finding.id == "data.leakage":
            for kind, columns in finding.columns.items():
                named = (*found.get(kind, ()), *(name for name in columns if profile.column(name)))
                found[kind] = tuple(dict.fromkeys(named))
    return found


def _counts_classes(column: Column, rows: int) -> bool:
    if column.unique <= 2:
        return True
    few = column.integer and column.unique <= _FEW and rows >= 10 * column.unique
    return (
        few
        and column.low in {0.0, 1.0}
        and column.high is not None
        and column.high - (column.low or 0.0) + 1 == column.unique
    )


def _metric(params: dict[str, JsonValue], task: str) -> tuple[str, str]:
    fitting = REGRESSION if task == "regression" else CLASSIFICATION
    bounded = [str(bound.get("metric")) for bound in _list(params.get("constraints")) if isinstance(bound, dict)]
    for name in (*_strings([params["metric"]] if "metric" in params else []), *bounded):
        if name not in fitting and name != LATENCY and not (name == CALIBRATION and task != "regression"):
            kind = "regression" if task == "regression" else "classification"
            raise BadInput(
                f"the metric {name!r} does not measure a {kind}",
                remedy=f"For a {kind} there are: {', '.join(fitting)}.",
            )
    if "metric" in params:
        return str(params["metric"]), "named in the request"
    return DEFAULT_METRIC[task], {
        "regression": "in the target's unit, and large errors count most",
        "binary": "ranks cases whatever the threshold and the share of classes",
        "multiclass": "the macro average counts rare classes as much as common ones",
    }[task]


def _group(profile: DataProfile, target: str) -> str | None:
    fitting = [
        c.name
        for c in profile.columns
        if c.name != target and _WHO.search(c.name) and 5 <= c.unique < 0.9 * profile.rows
    ]
    return fitting[0] if len(fitting) == 1 else None


def _time(profile: DataProfile, target: str) -> str | None:
    times = [c for c in profile.columns if c.kind == "time" and c.name != target and not c.personal]
    ordered = [column for column in times if column.monotone]
    return (ordered or times)[0].name if len(times) == 1 or len(ordered) == 1 else None


def _dropped(
    profile: DataProfile, target: str, split: SplitPlan, by_user: list[str], findings: tuple[Verdict, ...]
) -> dict[str, str]:
    dropped = dict.fromkeys(by_user, "left out, as the request says")
    found = leaks(findings, profile)
    given_away = {name: why for kind, why in _GIVES_AWAY.items() for name in found.get(kind, ())}
    if target in dropped:
        raise BadInput(f"the column {target!r} is both the target and to be dropped", remedy="Keep one of the two.")
    for column in profile.columns:
        if column.name in dropped or column.name == target:
            continue
        if split.kind == "group" and column.name == split.column:
            dropped[column.name] = "names the group: the test holds groups that were never seen"
        elif split.kind == "given" and column.name == split.column:
            dropped[column.name] = "says which rows are test rows"
        elif column.kind in _UNUSABLE:
            dropped[column.name] = _UNUSABLE[column.kind]
        elif column.name in given_away and column.name != split.column:
            dropped[column.name] = given_away[column.name]
    return dropped if _left(profile, target, dropped) else _with_numbers(profile, dropped)


def _known_later(params: dict[str, JsonValue], profile: DataProfile, target: str, kept: tuple[str, ...]) -> list[str]:
    """The columns that the request says are known only afterwards; the target always is."""
    named = [resolve(name, profile, "column that is known later") for name in _strings(params.get("known_later"))]
    if both := sorted(set(named) & set(kept)):
        raise BadInput(
            f"{both[0]!r} is to be kept and is said to be known only afterwards", remedy="Say one of the two."
        )
    return [name for name in named if name != target]


def _left(profile: DataProfile, target: str, dropped: dict[str, str]) -> bool:
    return any(column.name != target and column.name not in dropped for column in profile.columns)


def _with_numbers(profile: DataProfile, dropped: dict[str, str]) -> dict[str, str]:
    """Where nothing else is left, a column that counts the rows (a step, an order) is what there is to learn from."""
    counted = {c.name for c in profile.columns if c.kind == "identifier" and c.low is not None}
    unusable = _UNUSABLE["identifier"]
    return {name: why for name, why in dropped.items() if name not in counted or why != unusable}


def _features(
    params: dict[str, JsonValue], profile: DataProfile, target: str, dropped: dict[str, str]
) -> tuple[str, ...]:
    asked = [resolve(name, profile, "feature") for name in _strings(params.get("features"))]
    if target in asked:
        raise BadInput(f"the target {target!r} is also named as a feature", remedy="Leave it out of the features.")
    kept = tuple(
        c.name for c in profile.columns if c.name != target and c.name not in dropped and (not asked or c.name in asked)
    )
    if not kept:
        raise BadInput(
            f"no column of {profile.file!r} is left to predict {target!r} from", remedy="Add columns, or drop fewer."
        )
    return kept


def _column(profile: DataProfile, name: str) -> Column:
    found = profile.column(name)
    if found is None:
        raise BadInput(f"{profile.file!r} has no column {name!r}", remedy="Name another column.")
    return found


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _strings(value: JsonValue) -> list[str]:
    return [str(item) for item in _list(value)]
