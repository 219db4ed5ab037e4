"""Everything a request says about how its wish is to be done, and what it says twice."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.core.request import Route
from orchestrator.planners.rules import columns, conditions, fields, metrics, numbers
from orchestrator.planners.rules.text import Reading

_KEEP_ORDER = re.compile(
    r"(?:don'?t|do not|never|no|not|without|avoid|ohne|nicht|sans|sin|senza|sem"
    r"|ne)\b[^.,;]{0,15}\b(?:shuffl\w*|misch\w*|melang\w*|barajar|mezclar|mescol\w*|embaralh\w*)|unshuffled"
    r"|shuffle\s*=\s*false|"
    r"不要?(?:打乱|洗牌)|シャッフルせず|シャッフルしない|keep the (?:row )?order"
)
_SHUFFLE = re.compile(r"shuffle\s*=\s*true|\bshuffl(?:e|ed|ing)\b|\bmische?n?\b|打乱|シャッフル")
_SPLITS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "time",
        re.compile(
            r"chronolog\w*|time[- ](?:based |series |ordered )?(?:split|cv|cross)|temporal split|walk[- ]forward"
            r"|(?:most recent|latest|last) (?:data|rows|part|months?|weeks?|years?)(?! was)|zeitlich\w* (?:split"
            r"|aufteil\w*|trennung)|按时间|時系列分割"
        ),
    ),
    ("group", re.compile(r"group(?:ed)?[- ](?:k-?fold|split|based|cv)|split by group")),
    ("stratified", re.compile(r"stratif\w*|estratific\w*|分层|層化")),
    ("random", re.compile(r"random(?:ly)? split|split (?:it )?randomly|zufallig\w* (?:aufteil\w*|split)|随机划分")),
)
_MODELS = re.compile(
    r"\b(xgboost|lightgbm|catboost|random forest|gradient boosting|boosting|logistic regression|linear "
    r"regression|linear model|linear|ridge|lasso|decision tree|svm|knn|tabnet|vision transformer|transformer"
    r"|lstm|gru|rnn|cnn|"
    r"resnet-?\d*|efficientnet|vit|u-?net|yolo|bert|gpt-?\d?|gcn|gat|mpnn|gnn|vae|gan|autoencoder|mlp|fno"
    r"|fourier neural operator|deeponet|pinn)\b",
    re.ASCII,
)
_OPTIMIZERS = re.compile(r"\b(adamw|adam|sgd|lion|rmsprop|l-?bfgs|gauss[- ]newton|soap|adagrad|nadam)\b")
_GPU = re.compile(
    r"\bon (?:the |a |my )?(gpu|cuda|cpu)\b|\b(gpu|cuda|cpu) only\b|\bauf der (gpu|cpu)\b|device\s*[=:]\s*(gpu"
    r"|cuda|cpu)"
)
_TASKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "clustering",
        re.compile(r"\bcluster(?:s|ing|n)?\b(?! nodes?)|segment (?:the |my )?(?:customers|users)|聚类|クラスタリング"),
    ),
    ("binary", re.compile(r"\bbinary (?:classif\w*|classifier)")),
    ("multiclass", re.compile(r"\bmulti-?class")),
    ("classification", re.compile(r"\bclassif\w*|klassifi\w*|\bclasifi\w*|分类|分類")),
    ("regression", re.compile(r"\bregress(?:ion|or|ionsmodell)\b(?<!logistic regression)|回归|回帰")),
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


def contradictions(reading: Reading, language: str, route: Route) -> tuple[str, str] | None:
    """Two phrases of the request that exclude each other, or None."""
    if (keep := _KEEP_ORDER.search(reading.plain)) and route in _TABLE_ROUTES:
        rest = _KEEP_ORDER.sub(lambda match: " " * len(match[0]), reading.plain)
        if shuffle := _SHUFFLE.search(rest):
            return reading.raw[slice(*keep.span())], reading.raw[slice(*shuffle.span())]
    if route in _TABLE_ROUTES and len(found := columns.targets(reading)) > 1:
        return f"target {found[0].name}", f"target {found[1].name}"
    if route is Route.SWEEP:
        return None
    seen: dict[str, numbers.Named] = {}
    for named in numbers.named_numbers(reading, language):
        before = seen.setdefault(named.key, named)
        if before.value != named.value and named.key in {
            "seed",
            "epochs",
            "batch_size",
            "folds",
            "trials",
            "learning_rate",
        }:
            return before.phrase, named.phrase
    return None


def _words(reading: Reading) -> dict[str, JsonValue]:
    plain = reading.plain
    params: dict[str, JsonValue] = {}
    if widths := numbers.hidden_layers(reading):
        params["hidden"] = list(widths)
    if match := _OPTIMIZERS.search(plain):
        params["optimizer"] = match[1].replace("-", "_").replace(" ", "_")
    if match := _MODELS.search(plain):
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
    for kind, pattern in _SPLITS:
        if pattern.search(reading.plain):
            params["split"] = kind
            break
    if _KEEP_ORDER.search(reading.plain):
        params["shuffle"] = False
    for task, pattern in _TASKS:
        if pattern.search(reading.plain):
            params["task"] = task
            break
    return params
