"""Words that ask for an explanation of a model: "and explain it", "which features matter", methods by name."""

from __future__ import annotations

import re

from orchestrator.planners.rules.clashes import NEGATED
from orchestrator.planners.rules.lexicon import EXISTING

_METHODS = {
    "permutation": re.compile(r"permutation(?:s| based)?[- ]?(?:feature )?importances?\b|permutationswichtigkeit\w*"),
    "shap": re.compile(r"\bshap\b|\bshapley\b|\bbeeswarm\b"),
    "integrated_gradients": re.compile(
        r"integrated[- ]gradients?\b|integriert\w* gradienten|\bsaliency(?: maps?)?\b|\battribution maps?\b"
    ),
    "attention": re.compile(
        r"\battention (?:maps?|weights?|rollout)\b|\battention[- ]?karten\b|aufmerksamkeitskart\w+"
    ),
}
_THINGS = r"(?:features?|columns?|variables?|factors?|inputs?|predictors?|pixels?|regions?|covariates?)"
_DINGE = r"(?:merkmale?n?|spalten?|variablen?|faktoren?|grossen|einflussgrossen?|pixel|bereiche)"
_WISH = re.compile(
    r"\b(?:explain|interpret)\b (?:it|them|why|how it|(?:the|its|this|that) (?:\w+ )?(?:models?|predictions?|networks?"
    rf"|forest|results?)|(?:which|what) (?:{_THINGS} )?\w+)|\b(?:explain|interpret)$"
    rf"|\b(?:which|what) {_THINGS} (?:matter|are (?:the )?(?:most )?(?:important|relevant)|drive|influence|affect"
    r"|determine|count|explain|contribute)\w*(?: (?:the )?most)?|\bwhat (?:drives|influences|determines|affects)\b"
    rf"|\b(?:most )?important {_THINGS}\b|\b(?:feature|variable|column)[- ]importances?\b"
    rf"|\bimportances? of (?:the |each |all ){_THINGS}\b"
    r"|\bexplanations? (?:of|for) (?:the|its|each) (?:model|prediction)s?"
    r"|\berklar\w* (?:es|ihn|sie|warum|das modell|das netz|die vorhersagen?|seine vorhersagen?|welche \w+)"
    rf"|\bwelche[rsn]? {_DINGE}(?: \w+)? (?:wichtig|entscheidend|zahl\w*|beeinfluss\w+|bestimm\w+|treib\w+|relevant)\w*"
    rf"|\bwichtig(?:keit|ste) ?(?:n|r)? (?:der |jeder |aller )?{_DINGE}|\bmerkmalswichtigkeit\w*"
    r"|\bwas (?:treibt|beeinflusst|bestimmt)\b"
)


def wishes_explained(plain: str) -> bool:
    """Whether an explanation of the model is asked for, and not ruled out."""
    return bool(_found(plain))


def methods_named(plain: str) -> tuple[str, ...]:
    """The methods that the request calls by name."""
    return tuple(name for name, pattern in _METHODS.items() if _unruled(plain, pattern))


def of_a_new_model(plain: str, *, files: bool) -> bool:
    """Whether it is of a model that the same request has trained from its file, and not of one that is there."""
    return files and wishes_explained(plain) and not EXISTING.search(without_explaining(plain))


def without_explaining(plain: str) -> str:
    """The request without the words that ask for an explanation: what is to be trained."""
    for start, end in reversed(_found(plain)):
        plain = f"{plain[:start]} {plain[end:]}"
    return plain


def _found(plain: str) -> list[tuple[int, int]]:
    """Where the wish and the methods stand, apart from each other and in order."""
    spans = [match.span() for pattern in (_WISH, *_METHODS.values()) if (match := _unruled(plain, pattern))]
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _unruled(plain: str, pattern: re.Pattern[str]) -> re.Match[str] | None:
    """The first match that no "without" stands before."""
    return next((match for match in pattern.finditer(plain) if not NEGATED.search(plain[: match.start()])), None)
