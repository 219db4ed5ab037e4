"""Which route a request takes: cues with weights, then the few distinctions that weights cannot make.

Heuristic. A naive Bayes classifier on character n-grams (2 to 5) was tried beside it: trained on the
development half of the corpus it placed 43 of 111 requests of that half right (leave-one-out) and 56 of
131 others; cues placed 107 of the same 131 when they met them first. It also cannot say why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from orchestrator.core.request import Route
from orchestrator.planners.rules.lexicon import CUES, EXISTING, TRADE

_POLITE = re.compile(
    r"^(?:\s*(?:please|pls|plz|bitte|hi|hello|hey|hallo|dear \w+|so|ok|okay|well|now|hola|bonjour|ciao|ola)[\s,!.]+)*"
    r"(?:(?:can|could|would|will) (?:you|we|u) (?:please |kindly |maybe )*(?:help me (?:to )?)?|i(?:'d| would) "
    r"like (?:you )?to |i (?:want|need|wish) (?:you )?to |"
    r"(?:konnen|konntest|kannst) (?:sie|du) (?:mir )?(?:bitte )?|(?:peux|pourrais|pouvez|pourriez)[- ](?:tu"
    r"|vous) |(?:puedes|podrias|puede) |(?:puoi|potresti) |(?:voce )?(?:pode|poderia) |let's |help me (?:to "
    r")?)?"
)
_QUESTION = re.compile(
    r"^\W*(?:(?:what|why|when|which|how|who|where|in what)\b|(?:is|are|does|do|can|should|did|will|would) (?:i"
    r"|we|you|one|it|there|this|that|the|a|an|my|your)\b|what's\b|(?:was|warum|wieso|wann|welche[rsn]?|wie"
    r"|soll(?:te)?|ist|wozu|worin)\b|"
    r"(?:qu'est-ce|c'est quoi|quoi|pourquoi|quand|quel(?:le)?s?|comment|faut-il|dois-je|est-ce)\b|(?:que es"
    r"|que son|por que|cuando|cual(?:es)?|como|debo|deberia)\b|"
    r"(?:che cos'?e?|cos'e|che cosa|cosa|perche|quando|quale|quali|come|dovrei)\b|(?:o que|por que|quando|qual"
    r"|quais|como|devo)\b)|"
    r"什么|为什么|怎么|如何|哪个|何时|是否|吗|とは|なぜ|どう|いつ|どれ|どちら|何で|ですか"
)
_EXPLAIN = re.compile(
    r"^\W*(?:explain\w*|tell me (?:about|more|what|why|how)|describe|define|teach me|what(?:'s| is)|difference "
    r"between|introduction to|pros and cons|(?:dis)?advantages|vor- und nachteile|compare \w+ (?:and|with|to"
    r"|vs) \w+$|erklar\w*|erlauter\w*|explique\w*|expliquer|explica\w*|spiega\w*|unterschied zwischen|"
    r"difference entre|diferencia entre|differenza tra)\b|解释|说明一下|介绍一下|区别|説明|教えて|違い"
)
_CHOICE = re.compile(r"^\W*[\w +./-]{2,50} (?:or|vs\.?|versus|oder|ou|o) [\w +./-]{2,60}\W*$")
_HOW_TO = re.compile(
    r"^\W*(?:how (?:do|can|could|would|should|to)|wie (?:kann|trainiere|lose|mache)|comment (?:puis|peut"
    r"|entrainer|resoudre|faire)|como (?:puedo|entreno|entrenar|posso|treino)|come (?:posso|addestro|si))\b"
)
_THEORY = re.compile(
    r"\b(?:in general|generally|in theory|conceptually|allgemein|en general|the idea (?:behind|of)|pros and "
    r"cons|advantages|vor- und nachteile)\b"
)
_ASKED_OF_US = re.compile(
    r"\b(?:can|could|would|will) you\b|\bkannst du\b|\bkonnen sie\b|\bpeux-tu\b|\bpuedes\b|\bpuoi\b"
)
_ORDER = re.compile(
    r"[.?!;:]\s+(?:please |then |so )?(?:train|fit|try|run|build|use|score|plot|make|do|compute|solve|predict"
    r"|tune|deploy|evaluate|show|find|report|learn|search|check|test|rank)\b"
)
_ABOUT_US = re.compile(
    r"what can you do|what (?:are|do) you|who are you|was kannst du|que sais-tu faire|que puedes hacer|cosa "
    r"sai fare|o que voce (?:pode|sabe)|你能做什么|何ができ"
)

ACTIONS = tuple(CUES)
_STRONG = 5.0


@dataclass(frozen=True)
class Scores:
    """How strongly each route is spoken for; `best` is the strongest (ties: the table's order)."""

    by_route: dict[Route, float]

    @property
    def best(self) -> Route | None:
        top = max(self.by_route.values(), default=0.0)
        return next((route for route, score in self.by_route.items() if score == top and top > 0), None)

    @property
    def top(self) -> float:
        return max(self.by_route.values(), default=0.0)


@lru_cache(maxsize=64)
def scores(plain: str) -> Scores:
    """Sum of the weights of the cues found; the early half of a request counts a little more."""
    totals = dict.fromkeys(ACTIONS, 0.0)
    for route, cues in CUES.items():
        for weight, pattern in cues:
            if match := pattern.search(plain):
                totals[route] += weight * (1.1 if match.start() < 25 else 1.0)
    return Scores(_settled(totals, plain))


def in_trade(plain: str) -> bool:
    """Whether any word of machine learning is there."""
    return bool(TRADE.search(plain)) or scores(plain).top >= 3.0


def polite_free(plain: str) -> str:
    """The request without "could you please" and its like."""
    polite = _POLITE.match(plain)
    return plain[polite.end() :] if polite else plain


def is_question(plain: str) -> bool:
    text = polite_free(plain)
    asks = text.rstrip().endswith("?") and len(text.split()) > 2 and not _ASKED_OF_US.search(plain)
    asked = bool(_CHOICE.match(text)) or asks
    return bool(_EXPLAIN.search(text) or _QUESTION.search(text) or (asked and not _acts(text)))


def wants_words(plain: str, *, files: bool, concrete: bool) -> bool:
    """Whether a question asks for an explanation rather than for a result.

    "How do I train X to solve <a concrete problem>?" asks for the result: the domain's own page
    answers its first example by doing it. "How do I train X?" asks for words. A file, or a model
    that is spoken of as there ("my model"), makes any question concrete too.
    """
    if _ABOUT_US.search(plain):
        return True
    if not is_question(plain) or _ORDER.search(plain):
        return False
    text = polite_free(plain)
    scored = scores(text)
    if scored.best is Route.RESEARCH and scored.top >= 8.0:
        return False
    theirs = bool(EXISTING.search(text)) and scored.best in {Route.EVALUATE, Route.SWEEP, Route.DEPLOY, Route.JAX}
    if _EXPLAIN.search(text) or _THEORY.search(text):
        return not files and not theirs
    if files or re.search(
        r"\b(?:try|run|use|do) \d+\b|\bscore it\b|;|\b(?:then|and) (?:plot|show|draw|report)\b|\? *show\b", text
    ):
        return False
    if _HOW_TO.match(text):
        return not concrete
    return not theirs


def _acts(text: str) -> bool:
    return bool(
        re.match(
            r"^\W*(?:train|fit|build|predict|use|run|compare|tune|deploy|evaluate|simulate|solve|find|port"
            r"|make|create)\b",
            text,
        )
    )


# Where one route is spoken for, words that it shares with others count less for those.
_SHARED: tuple[tuple[Route, tuple[tuple[Route, float], ...]], ...] = (
    (Route.PINN, ((Route.SIMULATE, 0.4), (Route.JAX, 0.5), (Route.TABULAR, 0.5), (Route.DEEP, 0.5))),
    (Route.OPERATOR, ((Route.PINN, 0.5), (Route.SIMULATE, 0.5), (Route.DEEP, 0.5))),
    (Route.SWEEP, ((Route.TABULAR, 0.5), (Route.DEEP, 0.5), (Route.PINN, 0.7))),
    (
        Route.RESEARCH,
        tuple(
            (other, 0.5)
            for other in (Route.PINN, Route.OPERATOR, Route.DEEP, Route.TABULAR, Route.EVALUATE, Route.SIMULATE)
        ),
    ),
    (Route.DEEP, ((Route.TABULAR, 0.5),)),
    (Route.DEPLOY, ((Route.DEEP, 0.6), (Route.TABULAR, 0.6), (Route.EVALUATE, 0.6))),
    (Route.EVALUATE, ((Route.DEEP, 0.6), (Route.TABULAR, 0.6))),
    (Route.JAX, ((Route.DEEP, 0.6), (Route.TABULAR, 0.6))),
)


def _settled(totals: dict[Route, float], plain: str) -> dict[Route, float]:
    if totals[Route.EVALUATE] >= 4.0 and EXISTING.search(plain):
        totals[Route.EVALUATE] += 2.0
        totals[Route.TABULAR] *= 0.6
    for strong, others in _SHARED:
        if totals[strong] >= _STRONG:
            for other, factor in others:
                totals[other] *= factor
    return totals
