"""Everything a request says about how its wish is to be done."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.core.request import Route
from orchestrator.planners.rules import columns, conditions, fields, metrics, numbers
from orchestrator.planners.rules.text import Reading
from orchestrator.planners.rules.ways import KEEP_ORDER, MODELS, SPLITS, TASKS

_OPTIMIZERS = re.compile(r"\b(adamw|adam|sgd|lion|rmsprop|l-?bfgs|gauss[- ]newton|soap|adagrad|nadam)\b")
_GPU = re.compile(
    r"\bon (?:the |a |my )?(gpu|cuda|cpu)\b|\b(gpu|cuda|cpu) only\b|\bauf der (gpu|cpu)\b|device\s*[=:]\s*(gpu"
    r"|cuda|cpu)"
)
_FIELD_ROUTES = frozenset({Route.PINN, Route.SIMULATE, Route.OPERATOR})
_TABLE_ROUTES = frozenset({Route.TABULAR, Route.SWEEP, Route.DEEP, Route.EVALUATE, Route.CLARIFY})
_ONLY = {"trees": _TABLE_ROUTES, "resolution": _FIELD_ROUTES, "tolerance": _FIELD_ROUTES, "folds": _TABLE_ROUTES}


def collect(reading: Reading, language: str, route: Route) -> dict[str, JsonValue]:
    """The params of a request on `route`, only those that it names."""
    params: dict[str, JsonValue] = {}
    for named in numbers.named_numbers(reading, language):
        if route in _ONLY.get(named.key, {route}):
            params.setdefault(named.key, named.value)
    params |= numbers.limits(reading, language)
    params |= _words(reading)
    if route in _FIELD_ROUTES:
        params |= fields.field_params(reading, language) | conditions.condition_params(reading, language)
    if route in _TABLE_ROUTES:
        params |= _table(reading, language)
    return params


def _words(reading: Reading) -> dict[str, JsonValue]:
    plain = reading.plain
    params: dict[str, JsonValue] = {}
    if widths := numbers.hidden_layers(reading):
        params["hidden"] = list(widths)
    if match := _OPTIMIZERS.search(plain):
        params["optimizer"] = match[1].replace("-", "_").replace(" ", "_")
    if match := MODELS.search(plain):
        params["model"] = match[1]
    if match := _GPU.search(plain):
        device = next(group for group in match.groups() if group)
        params["device"] = "cpu" if device == "cpu" else "gpu"
    return params


def _table(reading: Reading, language: str) -> dict[str, JsonValue]:
    params = columns.column_params(reading)
    bounds = metrics.constraints(reading, language)
    if bounds:
        params["constraints"] = bounds
    if metric := metrics.primary(reading, bounds):
        params["metric"] = metric
    if (share := numbers.test_fraction(reading, language)) is not None:
        params["test_fraction"] = share
    for kind, pattern in SPLITS:
        if pattern.search(reading.plain):
            params["split"] = kind
            break
    if KEEP_ORDER.search(reading.plain):
        params["shuffle"] = False
    for task, pattern in TASKS:
        if pattern.search(reading.plain):
            params["task"] = task
            break
    return params
