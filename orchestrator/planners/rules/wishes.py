"""Splits a request into its wishes: what to do first, and what comes after ("and then deploy it")."""

from __future__ import annotations

import re

from orchestrator.core.request import Route
from orchestrator.planners.rules.classify import is_question, scores

_THEN = re.compile(
    r"(?:[,;.]\s*)?(?:\b(?:and )?(?:then|afterwards?|after that|finally|next|subsequently)\b(?! (?:month|week"
    r"|year|day|hour|quarter|step))|\b(?:und )?(?:dann|danach|anschliessend|anschließend)\b|"
    r"\b(?:et )?(?:puis|ensuite|apres cela)\b|\b(?:y )?(?:luego|despues|a continuacion)\b|\b(?:e )?(?:poi|dopo"
    r"|quindi|depois|em seguida)\b)[,:]?|然后|接着|之后再|再(?=部署|评估)|その後|それから|してから"
)
_VERBS = (
    r"deploy|serve|evaluate|tune|optimi[sz]e the hyper|containeri[sz]e|export|sweep|benchmark|simulate|train"
    r"|predict|write|search|find|review|port|put|bewerte|stelle|simuliere|trainiere|deploye|deploie|evalue"
    r"|evalua|"
    r"entraine|entrena|despliega|valuta|avalie|implante"
)
_AND_VERB = re.compile(
    rf"(?:\s*[,;.&]\s*(?:and |und |et |y |e )?|\s+(?:and|und|et|y|e|plus|&|\+)\s+)(?=(?:it |also |auch "
    rf")?(?:{_VERBS})\b)"
)
_WISHES = frozenset(set(Route) - {Route.EXPLAIN, Route.CLARIFY, Route.REFUSE})
_LEAST = 4.0


def clauses(plain: str) -> tuple[tuple[str, ...], ...]:
    """The request's parts in order: split at "then", each of them split where "and VERB" begins."""
    parts = [part.strip() for part in _THEN.split(plain)]
    return tuple(tuple(piece.strip() for piece in _AND_VERB.split(part) if piece.strip()) for part in parts if part)


def then(plain: str, first: Route) -> tuple[Route, ...]:
    """Further wishes, in order, each route once and never the first one again.

    A later clause must speak clearly for its route, so that "…, and report the accuracy" is none.
    """
    found: list[Route] = []
    pieces = [piece for part in clauses(plain) for piece in part]
    for piece in pieces[1:]:
        scored = scores(piece)
        best = scored.best
        if best in _WISHES and best is not first and scored.top >= _LEAST and not is_question(piece):
            found.append(best)
    return tuple(dict.fromkeys(found))


def leading(plain: str) -> str:
    """The clause that decides the route: the first that speaks for one, else everything."""
    pieces = [piece for part in clauses(plain) for piece in part]
    if len(pieces) > 1:
        for piece in pieces:
            if scores(piece).top >= _LEAST:
                return piece
    return plain
