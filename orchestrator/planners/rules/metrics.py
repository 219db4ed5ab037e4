"""Metric names of a request, and the bounds that it sets on them."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.planners.rules.calibration_words import calibration_bounds
from orchestrator.planners.rules.latency_words import latency_bounds
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.text import Reading

REGRESSION = ("rmse", "mae", "r2", "median_ae", "mape")
CLASSIFICATION = (
    "accuracy",
    "balanced_accuracy",
    "f1",
    "precision",
    "recall",
    "roc_auc",
    "pr_auc",
    "log_loss",
    "brier",
)

_NAMES: tuple[tuple[str, str], ...] = (
    ("balanced_accuracy", r"balanced[ _]accuracy|ausgewogene genauigkeit"),
    (
        "accuracy",
        r"accuracy|accurate|genauigkeit|treffergenauigkeit|exactitude|exactitud|accuratezza"
        r"|acuracia|准确率|精度|正解率",
    ),
    ("f1", r"(?:macro[ -]?)?f1(?:[ -]?score|[ -]?mass|[ -]?macro)?|f-score"),
    ("precision", r"precision|prazision|precisione|precisao|精确率|適合率"),
    (
        "recall",
        r"recall|sensitivity|sensitivitat|trefferquote|rappel|sensibilidad|sensibilita|richiamo"
        r"|revocacao|召回率|再現率",
    ),
    ("pr_auc", r"pr[ _-]?auc|average precision|auprc"),
    ("roc_auc", r"roc[ _-]?auc|auroc|area under the (?:roc )?curve|(?<!pr[ _-])auc|roc"),
    ("log_loss", r"log[ _-]?loss|cross[ -]entropy"),
    ("brier", r"brier(?: score)?"),
    ("rmse", r"rmse|root[ -]mean[ -]squared?[ -]error|mse|mean squared error|均方根误差|均方误差"),
    ("median_ae", r"median absolute error|median[ _]ae"),
    ("mae", r"mae|mean absolute error|mittlerer absoluter fehler|erreur absolue moyenne|平均绝对误差"),
    ("mape", r"mape|mean absolute percentage error"),
    ("r2", r"r\^?2(?:[ -]score)?|r squared|r-squared|coefficient of determination"),
)
METRICS = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _NAMES)
_METRIC = re.compile(rf"(?<![a-z])(?:{METRICS})(?![a-z])")
LOW = (
    r">=|≥|>|at least|no less than|not below|above|over|more than|better than|mindestens|uber|au moins|plus de|al "
    r"menos|mas de|almeno|pelo menos|至少|不低于|以上|min(?:imum|\.)?"
)
HIGH = (
    r"<=|≤|<|at most|no more than|not above|below|under|less than|lower than|hochstens|unter|au plus|moins de|como "
    r"maximo|menos de|al massimo|no maximo|至多|不超过|低于|max(?:imum|\.)?"
)
FILLER = (
    r"(?:\s*(?:score|value|of|is|be|must|should|has to|stay|stays|on the test set|:|,|eine?|von|de|di|le|la|an?))*\s*"
)
_AFTER = re.compile(
    rf"^{FILLER}(?:(?P<low>{LOW})|(?P<high>{HIGH}))\s*(?:of |von |de )?(?P<number>{NUMBER})\s*(?P<percent>%"
    rf"|percent|prozent)?"
)
_ALSO = re.compile(
    rf"^\s*(?:,|and|but|und|et|y|e)*\s*(?:(?P<low>{LOW})|(?P<high>{HIGH}))\s*(?P<number>{NUMBER})\s*(?P<percent>%"
    r"|percent|prozent)?(?=\s*(?:$|[.,;]|in |on |for |from |with |and |auf ))"
)
_BEFORE = re.compile(
    rf"(?:(?P<low>{LOW})|(?P<high>{HIGH}))\s*(?:an?\s+|eine?\s+)?(?P<number>{NUMBER})\s*(?P<percent>%"
    rf"|percent|prozent)?\s*(?:of |de |di |的)?$"
)


def mentioned(reading: Reading) -> tuple[tuple[str, int, int], ...]:
    """Every metric named in the request, as (registry name, start, end)."""
    return tuple((str(match.lastgroup), match.start(), match.end()) for match in _METRIC.finditer(reading.plain))


def constraints(reading: Reading, language: str) -> list[JsonValue]:
    """Bounds such as {"metric": "recall", "at_least": 0.9}; percentages become shares."""
    bounds: list[JsonValue] = []
    for name, start, end in mentioned(reading):
        window = reading.plain[max(0, start - 40) : start]
        after = _AFTER.match(reading.plain[end : end + 60])
        match = after or _BEFORE.search(window)
        also = _ALSO.match(reading.plain[end + after.end() :]) if after else None
        for found in (match, also):
            bound = _bound(name, found, language) if found else None
            if bound and bound not in bounds:
                bounds.append(bound)
    return bounds + calibration_bounds(reading, language) + latency_bounds(reading, language)


def _bound(name: str, match: re.Match[str], language: str) -> dict[str, JsonValue]:
    value = number(match["number"], language)
    # "95 accuracy" means 95 %: no share exceeds one. MAPE stays a share as well.
    if match["percent"] or (name in CLASSIFICATION and name != "log_loss" and 1.0 < value <= 100.0):
        value = round(value / 100, 10)
    return {"metric": name, "at_least" if match["low"] else "at_most": value}


def primary(reading: Reading, bounds: list[JsonValue]) -> str | None:
    """The metric to optimise: the first one named without a bound, else the first bounded one."""
    bounded = {str(bound["metric"]) for bound in bounds if isinstance(bound, dict)}
    free = [name for name, _, _ in mentioned(reading) if name not in bounded]
    named = free or [name for name, _, _ in mentioned(reading)]
    return named[0] if named else None
