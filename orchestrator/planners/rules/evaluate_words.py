"""What a request says of an evaluation: which models, on which rows, and what is to be fitted for them."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.data.models import is_model
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.text import Reading

_RUN_ID = r"(?:last|latest|(?!\d+(?:-fold|x)?\b(?: (?:times|folds?|models?|trials?)\b|(?<=[dx])))(?=[\w-]*\d)\w[\w-]*)"
_RUN = re.compile(
    rf"\b(?:runs?|lauf|laufe|ejecucion|execution)\s+(?:id\s+|number\s+|nr\.?\s+|#\s*)?(?P<first>{_RUN_ID})\b"
    rf"(?:\s*(?:and|with|und|mit|vs\.?|,)\s*(?:run\s+|lauf\s+)?(?P<second>{_RUN_ID})\b)?"
    r"|\b(?:my |the |our )?(?P<newest>last|latest) run\b"
)
_TRAINED_ON = re.compile(
    r"\btrain(?:ed|ing)? (?:on|with|from|data(?:set)?|rows|set|file)(?: is| are| was| were|:|=)? ?(?:in |from )?"
    r"(?P<file>\x02+)|\b(?:mit|auf|aus) (?P<datei>\x02+) trainiert"
)
_SHARE = rf"(?P<number>{NUMBER})\s*(?P<percent>%|percent|prozent)?"
_NAMES = {
    "false_positive_rate": r"false[- ]positive[- ]rate|fpr\b|false[- ]alarm(?:s| rate)?|false[- ]positives?"
    r"|falsch[- ]?positiv[- ]?rate",
    "recall": r"recall|sensitivity|tpr\b|true[- ]positive[- ]rate|hit rate|trefferquote|sensitivitat",
    "precision": r"precision|ppv\b|prazision",
    "balanced_accuracy": r"balanced accuracy",
    "accuracy": r"accuracy|genauigkeit",
    "f1": r"f1(?:[- ]score)?\b",
}
_MAXIMIZED = "|".join(f"(?P<max_{name}>{_NAMES[name]})" for name in _NAMES if name != "false_positive_rate")
_BOUND = "|".join(f"(?P<bound_{name}>{_NAMES[name]})" for name in ("false_positive_rate", "recall", "precision"))
_SIGN = (
    r"(?:(?:of|at least|at most|no more than|no less than|above|below|under|over|>=|<=|≥|≤|=|>|<|von|mindestens"
    r"|hochstens)\s*)*"
)
_AT = r"(?:at|with|for|under|given|subject to|such that|while|keeping|bei|mit|so that)"
_BEST = r"(?:best|highest|greatest|largest|maxim\w+|beste\w*|hochste\w*)(?: possible)?"
_POINTS = (
    re.compile(rf"(?:{_MAXIMIZED})\s+{_AT}\s+(?:an?\s+|the\s+|einer\s+|least\s+|most\s+)?{_SIGN}{_SHARE}\s*(?:of\s+)?"
               rf"(?:{_BOUND})"),
    re.compile(rf"(?:{_MAXIMIZED})\s+{_AT}\s+(?:an?\s+|the\s+|einer\s+)?(?:{_BOUND})\s*(?:is\s+|stays\s+)?{_SIGN}{_SHARE}"),
    re.compile(rf"(?:{_BOUND})\s*(?:is\s+)?{_SIGN}{_SHARE}\s*(?:,\s*)?{_AT}\s+(?:the\s+|der\s+)?{_BEST}\s+(?:{_MAXIMIZED})"),
)  # fmt: skip
_BEST_OF = re.compile(
    rf"(?:threshold|cut-?off|schwelle)\b[^.;]{{0,40}}?(?:{_BEST}|optimi[sz]\w+)\s+(?:the\s+)?(?:{_MAXIMIZED})"
    rf"|(?:{_BEST}|optimi[sz]\w+)\s+(?:threshold|cut-?off)\s+(?:for|by)\s+(?:{_MAXIMIZED.replace('max_', 'of_')})"
)
_RECALIBRATE = re.compile(
    r"\bre-?calibrat\w*|\bcalibrate\b|\bplatt\b|\bisotonic\b|\btemperature[- ]scaling\b|\b(?:re)?kalibrier\w*"
)
_SETS = re.compile(r"\bconformal\w*|\bprediction sets?\b|\bsets of classes\b|\bkonform\w*")
_COVERAGE = (
    re.compile(rf"{_SHARE}\s*(?:conformal|prediction|coverage)"),
    re.compile(rf"coverage\s*(?:of|=|:)?\s*{_SHARE}"),
)
_POSITIVE = re.compile(r"\bpositive (?:class|label)(?:\s+is|\s*[=:])?\s+(?P<name>\x01+|[\w.+-]+)")
OTHER_OF_TWO = {"precision": "recall", "recall": "precision"}
_DUE = frozenset({"is", "of", "and", "in"})


def evaluate_params(reading: Reading, files: tuple[str, ...], language: str) -> dict[str, JsonValue]:
    """`models`, `runs`, `trained_on`, `operating_point`, `recalibrate`, `sets`, `coverage`, `positive`, where told."""
    plain = reading.plain
    params: dict[str, JsonValue] = {}
    if models := [name for name in files if is_model(name)]:
        params["models"] = list[JsonValue](models)
    if runs := runs_named(plain):
        params["runs"] = list[JsonValue](runs)
    if match := _TRAINED_ON.search(plain):
        params["trained_on"] = reading.at(*match.span("file" if match["file"] else "datei"))
    if point := operating_point(plain, language):
        params["operating_point"] = point
    if _RECALIBRATE.search(plain):
        params["recalibrate"] = True
    if _SETS.search(plain):
        params["sets"] = True
    if (match := next((found for pattern in _COVERAGE if (found := pattern.search(plain))), None)) is not None:
        params["coverage"] = _share(match, language)
    if (match := _POSITIVE.search(plain)) and match["name"] not in _DUE:
        params["positive"] = reading.at(*match.span("name")).strip()
    return params


def is_of_models(files: tuple[str, ...], plain: str) -> bool:
    """Whether the request names a model's file or a run, so that there is something to evaluate."""
    return any(is_model(name) for name in files) or bool(runs_named(plain))


def runs_named(plain: str) -> list[str]:
    """The runs that a request names, `last` among them."""
    found = (match for match in _RUN.finditer(plain))
    return list(dict.fromkeys(name for match in found for name in match.groups() if name))


def operating_point(plain: str, language: str) -> dict[str, JsonValue] | None:
    """What the threshold is to maximise, and the bound that it keeps to."""
    for pattern in _POINTS:
        if match := pattern.search(plain):
            named, bounded = _group(match, "max_"), _group(match, "bound_")
            if named == bounded:
                continue
            side = "at_most" if bounded == "false_positive_rate" else "at_least"
            return {"maximize": named, "bound": {"metric": bounded, side: _share(match, language)}}
    if match := _BEST_OF.search(plain):
        return {"maximize": _group(match, "max_") or _group(match, "of_")}
    return None


def without_point(params: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The params without the metric and the bound that belong to the threshold."""
    point = params.get("operating_point")
    if not isinstance(point, dict):
        return params
    bound = point.get("bound")
    own = {str(point.get("maximize")), str(bound.get("metric")) if isinstance(bound, dict) else ""}
    kept = {key: value for key, value in params.items() if key != "metric" or value not in own}
    return {**kept, "constraints": list[JsonValue](bounds_without_point(params))}


def implied_point(params: dict[str, JsonValue]) -> dict[str, JsonValue] | None:
    """What a bare bound on precision or recall asks of a threshold: to keep to it at the best of the other of the two.

    None where the request names a threshold itself, or bounds neither from below.
    """
    if params.get("operating_point"):
        return None
    for bound in bounds_without_point(params):
        metric, least = str(bound.get("metric")), bound.get("at_least")
        if metric in OTHER_OF_TWO and least is not None:
            return {"maximize": OTHER_OF_TWO[metric], "bound": {"metric": metric, "at_least": least}}
    return None


def bounds_without_point(params: dict[str, JsonValue]) -> tuple[dict[str, JsonValue], ...]:
    """The request's bounds on metrics but for the threshold's own."""
    told, point = params.get("constraints"), params.get("operating_point")
    bound = point.get("bound") if isinstance(point, dict) else None
    own = bound.get("metric") if isinstance(bound, dict) else None
    every = told if isinstance(told, list) else []
    return tuple(one for one in every if isinstance(one, dict) and one.get("metric") != own)


def _group(match: re.Match[str], prefix: str) -> str:
    return next((key.removeprefix(prefix) for key, text in match.groupdict().items()
                 if key.startswith(prefix) and text), "")  # fmt: skip


def _share(match: re.Match[str], language: str) -> float:
    value = number(match["number"], language)
    return round(value / 100, 10) if match["percent"] or value > 1 else value
