"""Everything a request says about how its wish is to be done."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.core.expression import CONSTANTS, FUNCTIONS
from orchestrator.core.request import Route
from orchestrator.planners.rules import columns, conditions, fair_words, fields, metrics, numbers, told, written
from orchestrator.planners.rules.equation import SYMBOLS
from orchestrator.planners.rules.exactness import exactness
from orchestrator.planners.rules.idle import idle_numbers
from orchestrator.planners.rules.stating import problem_file
from orchestrator.planners.rules.text import Reading
from orchestrator.planners.rules.unbounded import unbounded
from orchestrator.planners.rules.ways import KEEP_ORDER, MODELS, SPLITS, TASKS
from orchestrator.problems import Problem, library

_OPTIMIZERS = re.compile(
    r"\b(adamw|adam|sgd|lion|rmsprop|l-?bfgs|gauss[- ]newton|quasi[- ]newton|least[- ]squares|soap|adagrad|nadam)\b"
)
_GPU = re.compile(
    r"\bon (?:the |a |my )?(gpu|cuda|cpu)\b|\b(gpu|cuda|cpu) only\b|\bauf der (gpu|cpu)\b|device\s*[=:]\s*(gpu"
    r"|cuda|cpu)"
)
_MEANT = re.compile(
    r"diffusi|alfa|alpha|kappa|veloc|speed|drift|source|react|decay|conduct|advec|convec|initial|length|u_?0|t_?(?:max|end|final|f)"
    r"|x_?(?:min|max|0|1)|beta|gamma|lambda|lam|mu|nu|sigma|theta|dirichlet|neumann|robin|flux|dx|dy|growth|forcing"
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
    return params


def _field(reading: Reading, language: str, files: tuple[str, ...], base: Problem | None) -> dict[str, JsonValue]:
    """A linear parabolic problem in its own few params; any other under `problem`, as `told` reads it.

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
    return {*(domain if isinstance(domain, dict) else ()), *(name for name in ("x", "t") if name in params)}


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
    params = fields.field_params(reading, language)
    problem = told.problem_told(reading, language, files)
    if problem and (_asks_more(problem) or _is_other(params, problem)):
        share = numbers.test_fraction(reading, language) if "unknown" in problem else None
        held = {} if share is None else {"test_fraction": share}
        return {"equation": problem.get("named", "custom"), "problem": problem, **held}
    found = params | conditions.condition_params(reading, language)
    idle = [*_idle_values(reading, language), *idle_numbers(reading, language)] if "equation" in params else []
    return {**found, "unused": idle} if idle else found


def _idle_values(reading: Reading, language: str) -> list[JsonValue]:
    """Values of names that mean nothing in a linear parabolic problem ("wobble = 3")."""
    names = [one.sides[0].lower() for one in written.written(reading, language) if one.kind == "value"]
    strange = [name for name in names if len(name) > 1 and name not in told.OPTIONS and not _MEANT.match(name)]
    return list(dict.fromkeys(strange))


def _asks_more(problem: dict[str, JsonValue]) -> bool:
    return any(key in problem for key in ("unknown", "samples", "ranges"))


def _is_other(params: dict[str, JsonValue], problem: dict[str, JsonValue]) -> bool:
    """Whether it is not told as one linear parabolic equation in one place: by its name, or by its derivatives."""
    equations = problem.get("equations")
    several = isinstance(equations, list) and len(equations) > 1
    bare = bool(equations) and "diffusion" not in params and "unread" not in params
    named = problem.get("named") is not None and params.get("equation") not in fields.HERE
    return "obstacle" in params or several or bare or named or _strange(problem) or _elsewhere(problem)


def _elsewhere(problem: dict[str, JsonValue]) -> bool:
    """Whether a condition stands where that reader does not look: not at t = 0, and not at an end for all times."""
    told = problem.get("conditions")
    for text in told if isinstance(told, list) else []:
        for name, inside in written.applications(str(text)):
            start = inside[0] == "x" and inside[-1].replace(" ", "").removeprefix("t=") in ("0", "0.0", "0.")
            end = inside[-1] == "t" and inside[0] != "x"
            looked_at = len(inside) == 2 and name not in ("x", "t")
            if looked_at and (not (start or end) or re.search(r"t\}?$|xx", name.partition("_")[2])):
                return True
    return False


def _strange(problem: dict[str, JsonValue]) -> bool:
    """Whether a written equation holds a name that the reader of linear parabolic equations would pass over."""
    equations, fields_ = problem.get("equations"), problem.get("fields")
    if not isinstance(equations, list) or not isinstance(fields_, list):
        return False
    words = {word for text in equations for word in re.findall(r"(?<![A-Za-z0-9_])[A-Za-z]\w*", str(text))}
    own = {word for word in words for field in fields_ if re.match(rf"d?\d?{field}(?:_|[xt]+$|$)", word)}
    known = {"x", "t", "d", "dt", "dx", "dx2", "d2", *CONSTANTS, *FUNCTIONS, *SYMBOLS}
    return any(word.lower() not in known for word in words - own)


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
    rest = fair_words.without_gaps(reading)
    params = columns.column_params(rest) | fair_words.people_params(reading, language)
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
