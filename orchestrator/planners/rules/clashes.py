"""Pairs of phrases in one request that exclude each other."""

from __future__ import annotations

import re

from orchestrator.core.request import Route
from orchestrator.planners.rules import columns, metrics, numbers
from orchestrator.planners.rules.exactness import exactness
from orchestrator.planners.rules.text import Reading
from orchestrator.planners.rules.ways import KEEP_ORDER, MODELS, SHUFFLE, SPLITS, TASKS

Clash = tuple[str, str]
_FIELDS = frozenset({Route.PINN, Route.SIMULATE, Route.OPERATOR})
_ONCE = frozenset({"seed", "epochs", "batch_size", "folds", "trials", "learning_rate"})
_PINN = re.compile(r"\bpinns?\b|physics[- ]informed[a-z -]{0,20}|physikinformiert\w*[a-z -]{0,12}")
_TABLE_MODELS = re.compile(
    r"xgboost|lightgbm|catboost|random forest|gradient boosting|boosting|logistic regression|decision tree|svm|knn"
)
_NO_DATA = re.compile(
    r"\b(?:(?:do not|don'?t|never) (?:use|read|touch) (?:any |the |my )?data(?:set)?\b|without (?:any|using any) data\b"
    r"|use no data\b|ohne (?:jegliche )?daten\b|sans (?:aucune )?donnees\b|sin (?:ningun )?datos\b)"
    r"(?![- ]?(?:from|of|after|before|in|other|beyond|except|outside|leak|loss|split|frame|type|aug|point|set|column))"
)
NEGATED = re.compile(
    r"\b(?:not?|without|instead of|rather than|than|versus|vs\.?|ohne|kein\w*|statt|sans|sin)\s+(?:an? )?$"
)


def find(reading: Reading, language: str, route: Route, files: tuple[str, ...]) -> Clash | None:
    """The first two phrases that exclude each other, or None."""
    if route in _FIELDS:
        found = _method(reading) or _data(reading, files) or _exactness(reading, language)
    else:
        found = (
            _method(reading)
            or _order(reading)
            or _data(reading, (*files, *reading.files))
            or _task(reading)
            or _bounds(reading, language)
        )
        named = columns.targets(reading)
        if not found and len(named) > 1:
            found = f"target {named[0].name}", f"target {named[1].name}"
    return found or (None if route is Route.SWEEP else _numbers(reading, language))


def _raw(reading: Reading, match: re.Match[str]) -> str:
    return reading.raw[slice(*match.span())].strip()


def _method(reading: Reading) -> Clash | None:
    """A physics-informed network that is to be a model of tables."""
    network = _PINN.search(reading.plain)
    for match in MODELS.finditer(reading.plain):
        if network and _TABLE_MODELS.fullmatch(match[1]) and not NEGATED.search(reading.plain[: match.start()]):
            return _raw(reading, network), _raw(reading, match)
    return None


def _data(reading: Reading, files: tuple[str, ...]) -> Clash | None:
    match = _NO_DATA.search(reading.plain)
    return (_raw(reading, match), files[0]) if match and files else None


def _exactness(reading: Reading, language: str) -> Clash | None:
    """Two different errors that are asked for."""
    asked = exactness(reading.plain, language)
    other = next((one for one in asked if one.value != asked[0].value), None)
    return (reading.raw[asked[0].start : asked[0].end], reading.raw[other.start : other.end]) if other else None


def _order(reading: Reading) -> Clash | None:
    """Shuffled rows against rows in their order, or in time."""
    rest = KEEP_ORDER.sub(lambda match: " " * len(match[0]), reading.plain)
    shuffle = SHUFFLE.search(rest)
    if not shuffle:
        return None
    if keep := KEEP_ORDER.search(reading.plain):
        return _raw(reading, keep), _raw(reading, shuffle)
    if time := dict(SPLITS)["time"].search(reading.plain):
        return _raw(reading, time), _raw(reading, shuffle)
    if column := columns.column_params(reading).get("time_column"):
        return f"time column {column}", _raw(reading, shuffle)
    return None


def _task(reading: Reading) -> Clash | None:
    """A task and a metric that does not measure it."""
    task = next((match for _, pattern in TASKS if (match := pattern.search(reading.plain))), None)
    if task is None:
        return None
    regression = dict(TASKS)["regression"].fullmatch(task[0])
    wrong = metrics.CLASSIFICATION if regression else metrics.REGRESSION
    kinds = dict(TASKS)
    if not regression and kinds["clustering"].fullmatch(task[0]):
        return None
    for name, start, end in metrics.mentioned(reading):
        if name in wrong and reading.plain[start:end] != "accurate":
            return _raw(reading, task), reading.raw[start:end]
    return None


def _bounds(reading: Reading, language: str) -> Clash | None:
    """A metric above one number and below a smaller one."""
    low: dict[str, float] = {}
    high: dict[str, float] = {}
    for bound in metrics.constraints(reading, language):
        if isinstance(bound, dict):
            for side, kept in (("at_least", low), ("at_most", high)):
                if isinstance(value := bound.get(side), int | float):
                    kept[str(bound["metric"])] = float(value)
    for name, least in low.items():
        if name in high and least > high[name]:
            return f"{name} at least {least:g}", f"{name} at most {high[name]:g}"
    return None


def _numbers(reading: Reading, language: str) -> Clash | None:
    seen: dict[str, numbers.Named] = {}
    for named in numbers.named_numbers(reading, language):
        before = seen.setdefault(named.key, named)
        if before.value != named.value and named.key in _ONCE:
            return before.phrase, named.phrase
    return None
