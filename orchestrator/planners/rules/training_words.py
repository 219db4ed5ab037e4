"""Words on how a model of labelled rows is trained: weights of classes, and a learning curve."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.core.errors import BadInput, NotAvailable
from orchestrator.core.plan import DataStrategy
from orchestrator.planners.rules.clashes import NEGATED
from orchestrator.planners.rules.text import Reading

Params = dict[str, JsonValue]
_CLASSES = r"(?:(?:the|all|both|these|rare|minority|my) ){0,2}(?:classes|labels|class imbalance)"
_RARE = r"(?:the )?(?:rare|rarer|rarest|minority|smaller|underrepresented|positive) (?:class(?:es)?|label|cases|group)"
_WEIGHTS = re.compile(
    rf"\bclass[- _]?weight\w*|\b(?:balanc(?:e|es|ing)|re-?balanc(?:e|ing)|re-?weight\w*|weigh(?:t|ts|ted|ting|ing|s)?)"
    rf" {_CLASSES}\b|\b(?:up-?weight\w*|over-?weight\w*|weigh(?:t|ts|ted|ting|ing|s)?|favou?r) {_RARE}\b"
    rf"|\b(?:more|higher|larger|extra) weight (?:to|on|for) {_RARE}\b|\bgiv(?:e|ing) {_RARE} more weight\b"
    r"|\bbalanced (?:loss|(?:class )?weights|classes)\b|\bcost[- ]sensitive\b"
    r"|\b(?:handle|handling|compensate(?: for)?|correct(?: for)?|account for|counter) (?:the |any )?"
    r"(?:class[- ])?imbalance\b"
    r"|klassengewicht\w*|\bklassen (?:gleich )?(?:gewichte\w*|ausgleich\w*|ausgewogen)|\bgewicht\w* (?:die |der )?"
    r"(?:seltene\w* klasse\w*|klassen)|\bseltene klassen? (?:starker )?gewicht\w*"
    r"|\b(?:pondere\w*|equilibre\w*) les classes\b|\b(?:ponder\w*|equilibr\w*|balance\w*) las clases\b"
    r"|\b(?:bilanci\w*|pesa\w*|ponder\w*) le classi\b|\b(?:balance\w*|pondere\w*|ponderar|equilibr\w*) as classes\b"
    r"|类别权重|平衡(?:各)?类别|クラスの?重み|クラスを?(?:均衡|バランス)"
)
_NO_WEIGHTS = re.compile(
    r"\b(?:without|no|not use|don't use|never use) (?:any )?(?:class[- _]?weight\w*|weights of classes|re-?weighting)"
    r"|\b(?:do not|don't|never) (?:weigh|weight|balance|reweight) (?:the )?classes\b|\bunweighted classes\b"
    r"|class_weight\s*=\s*none\b|\bohne klassengewicht\w*"
)
_LEARNING = re.compile(
    r"\blearning[- _]?curves?\b|\blernkurven?\b|\bcourbes? d['’ ]?apprentissage\b|\bcurv[ae] di apprendimento\b"
    r"|\bcurvas? de (?:aprendizaje|aprendizado|aprendizagem)\b|学习曲线|学習曲線"
    r"|\b(?:would|does|do|will|whether|if) more (?:data|rows|examples|samples)(?: would| will)? help\b"
    r"|\b(?:against|versus|vs\.?|by|over) (?:the )?(?:number|amount|size) of (?:the )?training (?:rows|data|samples)"
)


NO_THRESHOLD = (
    "No threshold is chosen in a training: models are compared by how they rank. Then ask `Evaluate run RUN on FILE`, "
    "the words for the threshold behind it, with rows that the model never met: half choose it, the others measure it."
)


def training_params(reading: Reading) -> dict[str, JsonValue]:
    """`class_weights` ("balanced" or "none") and `learning_curve`, each only where the request says so."""
    found: dict[str, JsonValue] = {}
    if _NO_WEIGHTS.search(reading.plain):
        found["class_weights"] = "none"
    elif _said(_WEIGHTS, reading.plain):
        found["class_weights"] = "balanced"
    return found | learning_params(reading)


def learning_params(reading: Reading) -> dict[str, JsonValue]:
    return {"learning_curve": True} if _said(_LEARNING, reading.plain) else {}


def trained(params: Params, strategy: DataStrategy) -> Params:
    """What a training's spec says of both.

    Raises: BadInput where classes are to be weighed and the target is a quantity; NotAvailable for a series' curve.
    """
    if params.get("class_weights") == "balanced" and strategy.task == "regression":
        raise BadInput(
            f"classes are to be weighed, and {strategy.target!r} is a quantity",
            remedy="Leave the weights out, or say `classification` where its numbers are classes.",
        )
    if params.get("learning_curve") and getattr(strategy, "series", None) is not None:
        raise NotAvailable(
            "a learning curve of a time series is not available yet",
            remedy="Leave it out: every fold is a forecast from a later origin with more of the past, and the report "
            "shows their scores.",
        )
    return {key: params[key] for key in ("class_weights", "learning_curve") if key in params}


def training_notes(params: Params) -> list[str]:
    """What a reader of the answer must know of weights and thresholds that were asked for."""
    told = {
        "balanced": "Every class counts alike in training, as the request says, however rare it is: its rows are "
        "weighed. The probabilities are then those of such a world, and too high for rare classes.",
        "none": "Classes are not weighed, as the request says.",
    }
    asked = str(params.get("class_weights", ""))
    return [*([told[asked]] if asked in told else []), *([NO_THRESHOLD] if "operating_point" in params else [])]


def _said(pattern: re.Pattern[str], plain: str) -> bool:
    return any(not NEGATED.search(plain[: match.start()]) for match in pattern.finditer(plain))
