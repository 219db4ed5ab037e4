"""Everything a request says about how its wish is to be done."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.core.request import Route
from orchestrator.planners.rules import columns, fair_words, later_words, metrics, numbers, told
from orchestrator.planners.rules.devices import device_told
from orchestrator.planners.rules.exactness import exactness
from orchestrator.planners.rules.own_split_words import own_split_params
from orchestrator.planners.rules.stating import problem_file
from orchestrator.planners.rules.text import Reading
from orchestrator.planners.rules.unbounded import unbounded
from orchestrator.planners.rules.ways import KEEP_ORDER, MODELS, SPLITS, TASKS
from orchestrator.problems import Problem, library

_OPTIMIZERS = re.compile(
    r"\b(adamw|adam|sgd|lion|rmsprop|l-?bfgs|gauss[- ]newton|quasi[- ]newton|least[- ]squares|soap|adagrad|nadam)\b"
)
_FIELD_ROUTES = frozenset({Route.PINN, Route.SIMULATE, Route.OPERATOR, Route.JAX})
_TABLE_ROUTES = frozenset({Route.TABULAR, Route.SWEEP, Route.DEEP, Route.EVALUATE, Route.CLARIFY})
_ONLY = {"trees": _TABLE_ROUTES, "resolution": _FIELD_ROUTES, "folds": _TABLE_ROUTES,
         "windows": _FIELD_ROUTES}  # fmt: skip


def collect(
    reading: Reading, language: str, route: Route, files: tuple[str, ...] = (), base: Problem | None = None
) -> dict[str, JsonValue]:
    """The params of a request on `route`, only those that it names."""
    params: dict[str, JsonValue] = {}
    for named in numbers.named_numbers(reading, language):
        if route in _ONLY.get(named.key, {route}):
            params.setdefault(named.key, named.value)
    params |= numbers.limits(reading, language)
    params |= _words(reading)
    if route in _FIELD_ROUTES:
        params |= _field(reading, language, files, base)
    stated = bool({"problem", "equation", "problem_file"} & set(params))
    if (stated or route in _FIELD_ROUTES - {Route.JAX}) and (asked := exactness(reading.plain, language)):
        params["tolerance"] = asked[0].value
    if route in _TABLE_ROUTES or (route is Route.JAX and not stated):
        params |= _table(reading, language)
        if route is not Route.EVALUATE:  # its rows are those of a test already
            params |= own_split_params(reading)
    return params


def _field(reading: Reading, language: str, files: tuple[str, ...], base: Problem | None) -> dict[str, JsonValue]:
    """What the request says of a problem under `problem`, as `told` reads it.

    Beside a problem that came as a file or as Python (`base`), `problem` holds what the words change of it.
    `unbounded` holds a domain without an end.
    """
    found = _posed(reading, language, files, base)
    if without_end := unbounded(reading.plain, reading.raw, _ranged(found)):
        usual = "t" if _coordinates(found, base) == {"t"} else "x"
        return {**found, "unbounded": {"words": without_end.words, "proposal": without_end.proposal(usual)}}
    return found


def _ranged(params: dict[str, JsonValue]) -> set[str]:
    """The coordinates that the request gives a finite range."""
    problem = params.get("problem")
    domain = problem.get("domain") if isinstance(problem, dict) else None
    return set(domain) if isinstance(domain, dict) else set()


def _coordinates(params: dict[str, JsonValue], base: Problem | None) -> set[str]:
    """The coordinates of the problem, as far as they are known here."""
    problem = params.get("problem")
    if base is not None:
        return set(base.domain)
    if not isinstance(problem, dict):
        return set()
    letters, name = problem.get("coordinates"), problem.get("named")
    if isinstance(letters, list):
        return set(map(str, letters))
    return set(library()[name].statement.domain) if isinstance(name, str) else set()


def _posed(reading: Reading, language: str, files: tuple[str, ...], base: Problem | None) -> dict[str, JsonValue]:
    path = problem_file(files)
    changes = told.changes_told(reading, language, base) if base is not None else {}
    if path or base is not None:
        return {**({"problem_file": path} if path else {}), **({"problem": changes} if changes else {})}
    problem = told.problem_told(reading, language, files)
    if not problem:
        return {}
    share = numbers.test_fraction(reading, language) if "unknown" in problem else None
    held: dict[str, JsonValue] = {} if share is None else {"test_fraction": share}
    return {"equation": problem.get("named", "custom"), "problem": problem, **held}


def _words(reading: Reading) -> dict[str, JsonValue]:
    plain = reading.plain
    params: dict[str, JsonValue] = {}
    if widths := numbers.hidden_layers(reading):
        params["hidden"] = list(widths)
    if match := _OPTIMIZERS.search(plain):
        params["optimizer"] = match[1].replace("-", "_").replace(" ", "_")
    if match := MODELS.search(plain):
        params["model"] = match[1]
    return params | device_told(plain)


def _table(reading: Reading, language: str) -> dict[str, JsonValue]:
    rest = fair_words.without_gaps(reading)
    params = columns.column_params(later_words.without_later(rest)) | fair_words.people_params(reading, language)
    params |= later_words.later_params(rest)
    bounds = metrics.constraints(rest, language)
    if bounds:
        params["constraints"] = bounds
    if metric := metrics.primary(rest, bounds):
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
