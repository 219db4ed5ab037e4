"""From the words of a request to its route."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.core.request import Request, Route, Routing
from orchestrator.planners.rules import classify, explain, interpret_words, params, safety, sought, told, wishes
from orchestrator.planners.rules.deep_words import deep_params, names_network
from orchestrator.planners.rules.deploy_words import deploy_params
from orchestrator.planners.rules.evaluate_words import evaluate_params, is_of_models, operating_point, without_point
from orchestrator.planners.rules.language import detect
from orchestrator.planners.rules.lexicon import EXISTING
from orchestrator.planners.rules.library import named_equation
from orchestrator.planners.rules.replies import NEAREST, say
from orchestrator.planners.rules.search_space import space_file
from orchestrator.planners.rules.spelling import corrected
from orchestrator.planners.rules.stating import base, given, problem_file
from orchestrator.planners.rules.text import Reading, read
from orchestrator.planners.rules.training_words import learning_params, training_params
from orchestrator.planners.rules.written import DERIVATIVE
from orchestrator.problems import Problem

_LEAST = 3.0
_SOLVES = re.compile(
    r"\b(?:produce|solve|compute|integrate|calculate|give|find|get|make|generate|solution|lose|berechne|resous"
    r"|calcule|resuelve|calcula|risolvi|calcola)\b"
)
_IN_JAX = re.compile(
    r"\bjax\b|\bflax\b|\bvmap|\bjit\b|\boptax\b|(?:optimi[sz]e|speed up|accelerate|faster?) (?:at |the )?inference"
)
_BY_NETWORK = re.compile(
    r"\b(?:with|using|by|via|mit|durch|avec|con|com) (?:a |an |einem |un |una |uma )?(?:\w+ )?"
    r"(?:neural net\w*|neuronal\w* netz\w*|reseau de neurones|red neuronal|rete neurale|rede neural|mlp)\b"
)
_WORD = re.compile(r"[^\W\d_]{2,}")


def route(request: Request) -> Routing:
    """The routing of a request. Never raises on any text; what it cannot place, it asks about."""
    first = read(request.text)
    language = detect(first.plain, first.raw)
    reading = corrected(first)
    files = tuple(dict.fromkeys((*request.files, *first.files)))
    found = _decide(reading, files, language, given=given(request) is not None)
    if found in {Route.REFUSE, Route.EXPLAIN}:
        return _in_words(found, reading, files, language)
    if found is None:
        return _ask(("wish",), {}, files, language)
    if found is Route.TABULAR and any(file.lower().endswith(".npz") for file in files) and names_network(reading.plain):
        found = Route.DEEP  # vectors look like a table; the network that is named tells what is wanted
    collected = _collect(first, reading, language, found, files, base(request, files))
    if found in (Route.DEEP, Route.TABULAR):
        said = deep_params(reading)
        collected |= said if found is Route.DEEP else {key: said[key] for key in said.keys() & {"image_size"}}
        collected |= training_params(reading)
        if point := operating_point(reading.plain, language):
            collected = without_point({**collected, "operating_point": point})
    if found is Route.EVALUATE:
        collected |= evaluate_params(reading, files, language) | learning_params(reading)
    if found is Route.DEPLOY:
        collected |= deploy_params(reading, files)
    if found is Route.SWEEP:
        files = tuple(sorted(files, key=lambda name: name == space_file(files)))  # the data first
    missing = () if given(request) is not None else _missing(found, collected, files, reading)
    if missing:
        return _ask(missing, collected, files, language, reading.urls)
    message = say("later", language, route=found.value, nearest=NEAREST[found]) if found in NEAREST else ""
    then = wishes.then(interpret_words.without_explaining(reading.plain), found)
    return Routing(route=found, params=collected, files=files, language=language, message=message, then=then)


def _decide(reading: Reading, files: tuple[str, ...], language: str, *, given: bool) -> Route | None:
    plain = reading.plain
    trade = classify.in_trade(plain)
    if safety.is_harmful(plain) or safety.is_elsewhere(plain, in_trade=trade or bool(files)):
        return Route.REFUSE
    trained = interpret_words.of_a_new_model(plain, files=bool(files))
    scored = classify.scores(wishes.leading(interpret_words.without_explaining(plain) if trained else plain))
    best = scored.best if scored.top >= _LEAST else Route.TABULAR if trained else None
    if safety.is_injection(plain) and (best is None or not (files or _names_equation(plain))):
        return Route.REFUSE
    if special := _special(reading, files, language, best, given=given):
        return special
    if classify.wants_words(plain, files=bool(files or reading.urls), concrete=_concrete(plain, best)):
        return Route.EXPLAIN if trade or explain.known(plain) or _names_equation(plain) else Route.REFUSE
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


def _special(
    reading: Reading, files: tuple[str, ...], language: str, best: Route | None, *, given: bool
) -> Route | None:
    """Routes that the problem itself decides: a file, Python, "with a neural network", and those of `_by_problem`."""
    plain = reading.plain
    if files or not classify.is_question(plain):
        found = _by_problem(reading, files, language, best)
        if found is not None:
            return found
    if best in {None, Route.SIMULATE} and _names_equation(plain) and _BY_NETWORK.search(plain):
        return Route.PINN
    if best in {None, Route.TABULAR} and is_of_models(files, plain):
        return Route.EVALUATE
    if given or (best in {None, Route.SIMULATE} and problem_file(files) and _SOLVES.search(plain)):
        return best if best in {Route.PINN, Route.JAX} else Route.SIMULATE
    return None


def _by_problem(reading: Reading, files: tuple[str, ...], language: str, best: Route | None) -> Route | None:
    """Coefficients sought from data, many solutions over a range, and JAX by name."""
    plain = reading.plain
    in_jax = best in {Route.PINN, Route.SIMULATE, Route.DEEP} and bool(_IN_JAX.search(plain)) and _names_equation(plain)
    if sought.SEEK.search(plain) and best not in {Route.OPERATOR, Route.RESEARCH, Route.SWEEP}:
        problem = told.problem_told(reading, language, files)
        if "unknown" in problem:
            return Route.JAX if _IN_JAX.search(plain) else Route.PINN
    if best not in {Route.PINN, Route.OPERATOR, Route.JAX} and sought.SAMPLES.search(plain):
        problem = told.problem_told(reading, language, files)
        if "samples" in problem and "ranges" in problem:
            return Route.SIMULATE
    return Route.JAX if in_jax else None


def _concrete(plain: str, best: Route | None) -> bool:
    """A "how do I" that names a problem which can be run here is a wish, not a question."""
    if best in {Route.PINN, Route.SIMULATE}:
        return _names_equation(plain)
    return best is not None and bool(EXISTING.search(plain))


def _names_equation(plain: str) -> bool:
    return bool(named_equation(plain) or DERIVATIVE.search(plain))


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


def _collect(
    first: Reading, reading: Reading, language: str, found: Route, files: tuple[str, ...], base: Problem | None
) -> dict[str, JsonValue]:
    """Params of the text as written; what only the mended text shows is added."""
    collected = params.collect(first, language, found, files, base)
    if first.plain != reading.plain:
        mended = params.collect(reading, language, found, files, base)
        collected = mended if _understands_more(mended, collected) else {**mended, **collected}
    return collected


def _understands_more(mended: dict[str, JsonValue], first: dict[str, JsonValue]) -> bool:
    """Whether the mended text says more of a problem in symbols, or leaves less of it over."""
    new, old = mended.get("problem"), first.get("problem")
    if not isinstance(new, dict) or not isinstance(old, dict):
        return isinstance(new, dict) and "equation" not in first
    return _left_over(new) < _left_over(old)


def _left_over(problem: dict[str, JsonValue]) -> int:
    return sum(len(part) for key in ("unused", "unread") if isinstance(part := problem.get(key), list))


def _missing(found: Route, told: dict[str, JsonValue], files: tuple[str, ...], reading: Reading) -> tuple[str, ...]:
    stated = bool({"equation", "problem", "problem_file"} & set(told))
    if found is Route.PINN and not stated:
        return ("equation",)
    if (
        found is Route.SIMULATE
        and not stated
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
