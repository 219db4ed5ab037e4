"""Which route a request takes: cues with weights, then the few distinctions that weights cannot make.

Heuristic. Chosen over a naive Bayes classifier on character n-grams, which was worse on the
development half of the corpus and cannot say why (see `docs/decisions.md`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.core.request import Route
from orchestrator.planners.rules.lexicon import CUES, EXISTING, TRADE

_POLITE = re.compile(
    r"^(?:\s*(?:please|pls|plz|bitte|hi|hello|hey|hallo|dear \w+|so|ok|okay|well|now|hola|bonjour|ciao|ola)[\s,!.]+)*"
    r"(?:(?:can|could|would|will) (?:you|we|u) (?:please |kindly |maybe )*(?:help me (?:to )?)?|i(?:'d| would) like (?:you )?to |i (?:want|need|wish) (?:you )?to |"
    r"(?:konnen|konntest|kannst) (?:sie|du) (?:mir )?(?:bitte )?|(?:peux|pourrais|pouvez|pourriez)[- ](?:tu|vous) |(?:puedes|podrias|puede) |(?:puoi|potresti) |(?:voce )?(?:pode|poderia) |let's |help me (?:to )?)?"
)
_QUESTION = re.compile(
    r"^\W*(?:(?:what|why|when|which|how|should|is|are|does|do|can|who|where|in what)\b|what's\b|(?:was|warum|wieso|wann|welche[rsn]?|wie|soll(?:te)?|ist|wozu|worin)\b|"
    r"(?:qu'est-ce|c'est quoi|quoi|pourquoi|quand|quel(?:le)?s?|comment|faut-il|dois-je|est-ce)\b|(?:que es|que son|por que|cuando|cual(?:es)?|como|debo|deberia)\b|"
    r"(?:che cos'?e?|cos'e|che cosa|cosa|perche|quando|quale|quali|come|dovrei)\b|(?:o que|por que|quando|qual|quais|como|devo)\b)|"
    r"什么|为什么|怎么|如何|哪个|何时|是否|吗|とは|なぜ|どう|いつ|どれ|どちら|何で|ですか"
)
_EXPLAIN = re.compile(
    r"^\W*(?:explain\w*|tell me (?:about|more|what|why|how)|describe|define|teach me|what(?:'s| is)|difference between|introduction to|erklar\w*|erlauter\w*|explique\w*|expliquer|explica\w*|spiega\w*|unterschied zwischen|"
    r"difference entre|diferencia entre|differenza tra)\b|解释|说明一下|介绍一下|区别|説明|教えて|違い"
)
_CHOICE = re.compile(r"^\W*[\w +./-]{2,50} (?:or|vs\.?|versus|oder|ou|o) [\w +./-]{2,60}\W*$")
_HOW_TO = re.compile(
    r"^\W*(?:how (?:do|can|could|would|should|to)|wie (?:kann|trainiere|lose|mache)|comment (?:puis|peut|entrainer|resoudre|faire)|como (?:puedo|entreno|entrenar|posso|treino)|come (?:posso|addestro|si))\b"
)
_THEORY = re.compile(
    r"\b(?:in general|generally|in theory|conceptually|allgemein|en general|the idea (?:behind|of)|pros and cons|advantages|vor- und nachteile)\b"
)
_ABOUT_US = re.compile(
    r"what can you do|what (?:are|do) you|who are you|was kannst du|que sais-tu faire|que puedes hacer|cosa sai fare|o que voce (?:pode|sabe)|你能做什么|何ができ"
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
    asked = _CHOICE.match(text) or text.rstrip().endswith("?") and len(text.split()) > 2
    return bool(_EXPLAIN.search(text) or _QUESTION.search(text) or (asked and not _acts(text)))


def wants_words(plain: str, *, files: bool, concrete: bool) -> bool:
    """Whether a question asks for an explanation rather than for a result.

    "How do I train X to solve <a concrete problem>?" asks for the result: the domain's own page
    answers its first example by doing it. "How do I train X?" asks for words. A file, or a model
    that is spoken of as there ("my model"), makes any question concrete too.
    """
    if _ABOUT_US.search(plain):
        return True
    if not is_question(plain):
        return False
    text = polite_free(plain)
    if _EXPLAIN.search(text) or _THEORY.search(text):
        return not files
    if files or re.search(
        r"\b(?:try|run|use|do) \d+\b|\bscore it\b|;|\b(?:then|and) (?:plot|show|draw|report)\b|\? *show\b", text
    ):
        return False
    if _HOW_TO.match(text):
        return not concrete
    return not (EXISTING.search(text) and scores(text).best in {Route.EVALUATE, Route.SWEEP, Route.DEPLOY, Route.JAX})


def _acts(text: str) -> bool:
    return bool(
        re.match(
            r"^\W*(?:train|fit|build|predict|use|run|compare|tune|deploy|evaluate|simulate|solve|find|port|make|create)\b",
            text,
        )
    )


def _settled(totals: dict[Route, float], plain: str) -> dict[Route, float]:
    """Where two routes share words, the more telling one keeps them."""
    if totals[Route.PINN] >= _STRONG:
        totals[Route.SIMULATE] *= 0.4
        totals[Route.JAX] *= 0.5
        totals[Route.TABULAR] *= 0.5
    if totals[Route.OPERATOR] >= _STRONG:
        totals[Route.PINN] *= 0.5
        totals[Route.SIMULATE] *= 0.5
        totals[Route.DEEP] *= 0.5
    if totals[Route.SWEEP] >= _STRONG:
        totals[Route.TABULAR] *= 0.5
        totals[Route.DEEP] *= 0.5
        totals[Route.PINN] *= 0.7
    if totals[Route.RESEARCH] >= _STRONG:
        for route in (Route.PINN, Route.OPERATOR, Route.DEEP, Route.TABULAR, Route.EVALUATE):
            totals[route] *= 0.5
    if totals[Route.DEEP] >= _STRONG:
        totals[Route.TABULAR] *= 0.5
    if totals[Route.EVALUATE] >= 4.0 and EXISTING.search(plain):
        totals[Route.EVALUATE] += 2.0
        totals[Route.TABULAR] *= 0.6
    for route in (Route.DEPLOY, Route.EVALUATE, Route.JAX):
        if totals[route] >= _STRONG:
            totals[Route.DEEP] *= 0.6
            totals[Route.TABULAR] *= 0.6
    return totals
