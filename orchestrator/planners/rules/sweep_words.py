"""What a request says of a search: which hyperparameters, in which ranges, how they are proposed and stopped early."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.core.search import Dimension, Pruner, Sampler, Scalar
from orchestrator.planners.rules.clashes import NEGATED
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.text import Reading

Params = dict[str, JsonValue]

# The fields of a trial's spec by the words for them.
_NAMES: tuple[tuple[str, str], ...] = (
    ("learning_rate", r"learning[ _-]?rates?|step sizes?|\blr\b|lernraten?|taux d'apprentissage|tasas? de aprendizaje"
                      r"|tass[oi] di apprendimento|taxas? de aprendizagem|学习率|学習率"),
    ("batch", r"batch(?:[ _-]?sizes?|es)?\b|batch(?:grossen?)?\b|tailles? de lot|tamanos? de lote|批大小|バッチサイズ"),
    ("dropout", r"drop-?outs?"),
    ("weight_decay", r"weight[ _-]?decays?"),
    ("optimizer", r"(?:choice of |which |the |best |over |, )optimi[sz]ers?\b"
                  r"|optimi[sz]ers?(?= (?:and|,|in|among|from|:|=|\[|\{))"),
    ("momentum", r"\bmomentum\b"),
    ("width", r"\b(?:model|embedding|hidden|layer)?[ -]?(?:width|dimension|dim|size of the model|hidden size)s?\b"
              r"|d_model"),
    ("heads", r"(?:attention |number of )?heads\b"),
    ("layers", r"\bdepths?\b|(?:number of |num )?layers\b"),
    ("schedule", r"(?:learning[ -]rate )?schedules?\b"),
    ("warmup", r"warm-?up"),
    ("clip", r"(?:gradient )?clip\w*"),
)  # fmt: skip
_SEARCHED = tuple((name, re.compile(pattern)) for name, pattern in _NAMES)
_OWNER = r"(?:(?:of|for) (?:a|an|the|my|our) [\w-]+(?: (?:model|network|net))?(?= (?:in|over|between|from|of|to)\b))?"
_RANGE = re.compile(
    rf"^\s*{_OWNER}\s*(?:=|:)?\s*(?:(?:in|over|of|is|lies|going|ranging|varied|values?|the range|range)\s+)*"
    rf"(?:(?:between|from|zwischen|von|entre|de)\s+|\[\s*|\(\s*)?(?P<low>{NUMBER})\s*"
    rf"(?:and|to|bis|und|et|y|a|e|,|\.\.\.?|-|–|;)\s*(?P<high>{NUMBER})\s*[\])]?"
    rf"(?P<more>\s*(?:,|and|or|/)\s*{NUMBER})?"
)
_LIST = re.compile(
    rf"^\s*{_OWNER}\s*(?:=|:)?\s*(?:(?:in|of|from|among|over|is|one of|values?)\s+)*[\[({{]?\s*"
    rf"(?P<list>{NUMBER}(?:\s*(?:,|/|\||and|or|und|oder|et|ou|y|o)\s*(?:and |or )?{NUMBER})+)\s*[\])}}]?"
)
_NEVER_ZERO = frozenset({"learning_rate", "weight_decay"})
_SAMPLERS: tuple[tuple[Sampler, re.Pattern[str]], ...] = (
    ("cmaes", re.compile(r"\bcma[- ]?es\b|covariance matrix adaptation")),
    ("nsga2", re.compile(r"\bnsga[- ]?(?:ii|2)\b|genetic")),
    ("random", re.compile(r"\brandom(?:i[sz]ed)?[- ]search|\brandom (?:sampl\w+|trials)|zufallssuche")),
    ("tpe", re.compile(r"\btpe\b|parzen|bayes\w*")),
)
_GRID = re.compile(r"\bgrid[- ]?search|\bfull grid|rastersuche|every combination|all combinations")
_PRUNERS: tuple[tuple[Pruner, re.Pattern[str]], ...] = (
    ("hyperband", re.compile(r"\bhyperband\b|successive halving|\basha\b")),
    ("median", re.compile(r"\bmedian[- ]?(?:prun\w+|stopping|rule)|\bprun(?:e|ing|er)\b"
                          r"|stop (?:bad|poor|hopeless|weak)\w* (?:trials|runs|configurations)")),
)  # fmt: skip
_SIDE_BY_SIDE = re.compile(
    r"\b(?P<before>\d{1,3}) (?:trials )?(?:in parallel|at (?:once|a time)|side by side|parallel|workers|concurrent)"
    r"|(?:batches of|in parallel[: ]+|with) (?P<after>\d{1,3}) ?(?:workers|trials at)?\b(?= workers|$|,| trials at)"
)
_SMALL = re.compile(
    r"(?:few(?:est)?|minimi[sz]e (?:the )?(?:number of )?|smallest|small) (?:parameters|weights|model|size)"
)


@dataclass(frozen=True)
class Asked:
    """A hyperparameter that the request wants varied. `written` are its numbers where it gives some."""

    name: str
    low: float | None = None
    high: float | None = None
    choices: tuple[Scalar, ...] = ()


def hyperparameters(reading: Reading, language: str) -> tuple[Asked, ...]:
    """Those that the request names, in its order, each once."""
    plain = reading.plain
    found: dict[str, tuple[int, Asked]] = {}
    for name, pattern in _SEARCHED:
        for match in pattern.finditer(plain):
            if NEGATED.search(plain[: match.start()]) or name in found:
                continue
            found[name] = (match.start(), _ranged(name, plain[match.end() :], language))
    if "learning_rate" in found and found.get("schedule", (-1,))[0] == found["learning_rate"][0]:
        del found["learning_rate"]  # "learning rate schedule" names one thing
    return tuple(asked for _, asked in sorted(found.values(), key=lambda pair: pair[0]))


def _ranged(name: str, rest: str, language: str) -> Asked:
    """The range or the list that follows the name."""
    listed = _LIST.match(rest)
    values = [number(text, language) for text in re.findall(NUMBER, listed["list"])] if listed else []
    span = _RANGE.match(rest)
    braces = rest.lstrip(" =:").startswith(("{", "in {", "in ["))
    if span and not span["more"] and not (len(values) == 2 and name in ("batch", "heads") and not _between(rest)):
        low, high = number(span["low"], language), number(span["high"], language)
        if not (braces and len(values) > 2):
            return Asked(name, min(low, high), max(low, high))
    if len(values) > 1:
        return Asked(name, choices=tuple(int(v) if v == int(v) and name != "learning_rate" else v for v in values))
    return Asked(name)


def _between(rest: str) -> bool:
    words = rf"\s*{_OWNER}\s*(?:in |the range |range )*(?:between|from|zwischen|von|entre)\b"
    return bool(re.match(rf"{words}|\s*\d+\s*(?:to|bis|-|\.\.)", rest))


def sampler(plain: str) -> Sampler | None:
    return next((name for name, pattern in _SAMPLERS if pattern.search(plain)), None)


def wants_grid(plain: str) -> bool:
    return bool(_GRID.search(plain))


def pruner(plain: str) -> Pruner:
    for name, pattern in _PRUNERS:
        if (match := pattern.search(plain)) and not NEGATED.search(plain[: match.start()]):
            return name
    return "none"


def side_by_side(plain: str) -> int | None:
    match = _SIDE_BY_SIDE.search(plain)
    return int(match["before"] or match["after"]) if match else None


def wants_small(plain: str) -> bool:
    return bool(_SMALL.search(plain))


def dimension(asked: Asked, usual: Dimension) -> Dimension:
    """The usual dimension with the range or the list that the request gives.

    Raises: ValueError (pydantic) for an empty range.
    """
    if asked.choices:
        return Dimension(name=asked.name, kind="choice", choices=asked.choices, when=usual.when)
    if asked.low is None or asked.high is None:
        return usual
    if usual.kind == "choice":
        whole = all(isinstance(choice, int) for choice in usual.choices)
        inside = tuple(c for c in usual.choices if isinstance(c, int | float) and asked.low <= c <= asked.high)
        if whole and asked.low == int(asked.low) and asked.high == int(asked.high):
            ends = {int(asked.low), *inside, int(asked.high)}
            return usual.model_copy(update={"choices": tuple(sorted(ends))})
        return usual.model_copy(update={"choices": inside})
    log = usual.log and (asked.name in _NEVER_ZERO or asked.low > 0)
    return Dimension(name=asked.name, kind=usual.kind, low=asked.low, high=asked.high, log=log, when=usual.when)
