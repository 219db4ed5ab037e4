"""From the words of a request to its route."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.core.request import Request, Route, Routing
from orchestrator.planners.rules import classify, explain, params, safety, wishes
from orchestrator.planners.rules.equation import written_equation
from orchestrator.planners.rules.fields import named_equation
from orchestrator.planners.rules.language import detect
from orchestrator.planners.rules.lexicon import EXISTING
from orchestrator.planners.rules.replies import NEAREST, say
from orchestrator.planners.rules.spelling import corrected
from orchestrator.planners.rules.text import Reading, read

_LEAST = 3.0
_SOLVES = re.compile(
    r"\b(?:produce|solve|compute|integrate|calculate|give|find|get|make|generate|solution|lose|berechne|resous"
    r"|calcule|resuelve|calcula|risolvi|calcola)\b"
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def route(request: Request) -> Routing:
    """The routing of a request. Never raises on any text; what it cannot place, it asks about."""
    first = read(request.text)
    language = detect(first.plain, first.raw)
    reading = corrected(first)
    files = tuple(dict.fromkeys((*request.files, *first.files)))
    found = _decide(reading, files)
    if found in {Route.REFUSE, Route.EXPLAIN}:
        return _in_words(found, reading, files, language)
    if found is None:
        return _ask(("wish",), {}, files, language)
    told = _collect(first, reading, language, found)
    missing = _missing(found, told, files, reading)
    if missing:
        return _ask(missing, told, files, language, reading.urls)
    message = say("later", language, route=found.value, nearest=NEAREST[found]) if found in NEAREST else ""
    then = wishes.then(reading.plain, found)
    return Routing(route=found, params=told, files=files, language=language, message=message, then=then)


def _decide(reading: Reading, files: tuple[str, ...]) -> Route | None:
    plain = reading.plain
    if safety.is_harmful(plain):
        return Route.REFUSE
    trade = classify.in_trade(plain)
    if safety.is_elsewhere(plain, in_trade=trade or bool(files)):
        return Route.REFUSE
    scored = classify.scores(wishes.leading(plain))
    best = scored.best if scored.top >= _LEAST else None
    if safety.is_injection(plain) and (best is None or not (files or _names_equation(plain))):
        return Route.REFUSE
    if classify.wants_words(plain, files=bool(files or reading.urls), concrete=_concrete(plain, best)):
        return Route.EXPLAIN if trade or explain.known(plain) else Route.REFUSE
    if not trade and not files and safety.is_other_work(classify.polite_free(plain)):
        return Route.REFUSE
    if best is None and classify.is_question(plain) and not (trade or files) and len(_WORD.findall(plain)) > 3:
        return Route.REFUSE
    if best is None and _names_equation(plain) and (_SOLVES.search(plain) or re.search(r"\d", plain)):
        return Route.SIMULATE
    if best is None and (files or trade) and _trains(plain):
        return Route.TABULAR
    if best is Route.SIMULATE and scored.top < 5 and not _names_equation(plain):
        return None
    return best


def _concrete(plain: str, best: Route | None) -> bool:
    """A "how do I" that names a problem which can be run here is a wish, not a question."""
    if best in {Route.PINN, Route.SIMULATE}:
        return _names_equation(plain)
    return best is not None and bool(EXISTING.search(plain))


def _names_equation(plain: str) -> bool:
    return bool(named_equation(plain) or written_equation(plain))


def _trains(plain: str) -> bool:
    return bool(
        re.search(
            r"\b(?:train|fit|build|learn|model|machine|trainier|entrain|entrena|addestr|trein)"
            r"|训练|学习|学習|訓練|モデル",
            plain,
        )
    )


def _in_words(found: Route, reading: Reading, files: tuple[str, ...], language: str) -> Routing:
    if found is Route.EXPLAIN:
        return Routing(route=found, files=files, language=language, message=explain.answer(reading.plain, language))
    key = "harmful" if safety.is_harmful(reading.plain) else "outside"
    return Routing(route=found, files=files, language=language, message=say(key, language))


def _collect(first: Reading, reading: Reading, language: str, found: Route) -> dict[str, JsonValue]:
    """Params of the text as written; what only the mended text shows is added."""
    told = params.collect(first, language, found)
    if first.plain != reading.plain:
        told = {**params.collect(reading, language, found), **told}
    return told


def _missing(found: Route, told: dict[str, JsonValue], files: tuple[str, ...], reading: Reading) -> tuple[str, ...]:
    if found is Route.PINN and "equation" not in told:
        return ("equation",)
    if (
        found is Route.SIMULATE
        and "equation" not in told
        and not re.search(r"molecular|monte|lammps|body|\bmd\b|ising|fluid|cfd|分子", reading.plain)
    ):
        return ("equation",)
    if found is not Route.TABULAR:
        return ()
    if reading.urls and not files:
        return ("file",)
    if not files:
        return ("file",) if "target" in told else ("file", "target")
    if not _WORD.search(reading.plain):
        return ("wish",)
    return ()


def _ask(
    missing: tuple[str, ...],
    told: dict[str, JsonValue],
    files: tuple[str, ...],
    language: str,
    urls: tuple[str, ...] = (),
) -> Routing:
    if missing == ("wish",):
        key = "wish" if files else "wish_open"
        message = say(key, language, files=", ".join(f"`{name}`" for name in files))
    elif urls and "file" in missing:
        message = say("url", language, files=", ".join(urls))
    else:
        message = " ".join(say(name, language) for name in missing)
    return Routing(route=Route.CLARIFY, params=told, files=files, language=language, message=message, missing=missing)
