"""What is to be found from data, and over which ranges: unknown coefficients, and data sets over parameters."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.planners.rules.library import BY_COEFFICIENT, spellings, words_of
from orchestrator.planners.rules.numbers import NUMBER, number
from orchestrator.planners.rules.page import Page
from orchestrator.problems import library

Params = dict[str, JsonValue]
SEEK = re.compile(
    r"\b(?:find(?: out)?|infer(?:s|red|ring)?|estimat(?:e|ing)|identif(?:y|ying)|recover\w*|determin(?:e|ing)"
    r"|calibrat(?:e|ing)|discover\w*|invert for"
    r"|fit(?:ting)?|learn|what (?:is|are)(?: the values? of)?|unknown|bestimm(?:e|en)|schatz(?:e|en)|ermittle"
    r"|finde|identifizier\w*"
    r"|unbekannte[nrs]?|estime[rz]?|determine[rz]?|(?:re)?trouve[rz]?|ajuste[rz]?|calibre[rz]?|identifie[rz]?|inconnue?|estima\w*|determina\w*|encuentra|identifica\w*"
    r"|desconocid[ao]|stima\w*|trova\w*|incognit[ao]|encontr[ae]\w*|inverse problem (?:for|of))\b|推断|估计|辨识|识别"
    r"|推定"
    r"|同定|反演"
)
_STOP = re.compile(
    r"\b(?:in|for (?:the )?\w+ equation|of the \w+ (?:equation|system|model|problem)|from|given|using|with"
    r"|to fit|aus|von der|dans|de l'"
    r"|en la|nella?|na|a partir|über|uber|by|at)\b|[,.;\x02]|从|的|から|を"
)
_BETWEEN = (
    r"\s*(?:values? )?(?:,)?\s*(?:is |are |lies? |ranging |varying |uniform(?:ly)? )*(?:between|from|in|within"
    r"|zwischen|von|entre|de|da|tra"
    rf"|∈|=)\s*(?P<open>[\[(])?\s*(?P<low>{NUMBER})(?![,.]?\d)"
    rf"(?:\s+(?:and|to|bis|und|et|y|e|a)\s+|\s*\.\.\s*|(?(open)\s*[,;]\s*|(?!)))(?P<high>{NUMBER})\s*[\])]?"
)
SAMPLES = re.compile(
    rf"(?P<count>{NUMBER})\s*(?:synthetic |different |random |training |reference |\w+[- ]equation "
    rf"|\w+ equation |\w+ ){{0,4}}?"
    r"(?:solutions?|samples|simulations?|trajectories|profiles|instances|realisations|realizations|losungen|solutions|soluciones|soluzioni"
    r"|trajektorien|simulationen|个?解|サンプル)|(?:data ?set|training set|datensatz|jeu de donnees) (?:of|von|de"
    r"|with) (?P<of>\d+)"
)
_NOISE = re.compile(
    rf"(?:noise|rauschen|bruit|ruido|rumore|noise level|noise std)(?: (?:level|of|with|std|sigma"
    rf"|standard deviation))*\s*(?:=|:|is|von|de)?\s*"
    rf"(?P<minus>[-−]\s*)?(?P<value>{NUMBER})(?P<percent>\s*%)?|(?P<share>{NUMBER}\s*(?:%|percent"
    rf"|prozent)\s*(?:of )?(?:gaussian )?(?:noise|rauschen|bruit|ruido|rumore))"
)
# A search in data for what is no coefficient of the problem.
AMISS = re.compile(
    r"\b(?:find|estimate|infer|identify|determine|recover) (?:the )?(?:(?:value|coefficient|parameter|constant)s? "
    r"(?:of )?)?(?!solution|field)[a-z]\w* (?:in|of|for)\b[^.;]{0,60}?\bfrom (?:the |my |some |noisy |measured "
    r"|experimental )*(?:data|measurements|observations)\b"
)
MANY = re.compile(
    r"[dD]ata ?set|training (?:set|data)|synthetic|generate|many|parameter (?:range|sweep)s?|datensatz|jeu de donnees"
)


def entry_by_coefficient(plain: str, files: bool) -> str | None:
    """The entry that a sought coefficient speaks of where no equation is named ("the diffusivity from data.csv")."""
    match = SEEK.search(plain)
    if not files or not match:
        return None
    phrase = _phrase(plain, match.end())
    return next((entry for entry, words in BY_COEFFICIENT if words.search(phrase)), None)


def coefficients(page: Page, entry: str | None, names: tuple[str, ...], *, written_out: bool) -> Params:
    """`unknown` with the ranges that are told, `samples` and `ranges` of a data set, `noise`."""
    found: Params = {}
    if noise := page.find(_NOISE):
        if noise["share"] or noise["percent"] or noise["minus"]:
            found["unread"] = [noise[0].strip()]  # of what it is a share is not said, and none is negative
        else:
            found["noise"] = number(noise["value"], page.language)
    labels = _labels(None if written_out and entry and not _shares(entry, names) else entry, names)
    unknown = _unknown(page, labels)
    count = None if unknown else page.find(SAMPLES)
    ranges: dict[str, JsonValue] = {}
    for name, label in labels:
        if name not in ranges and (match := page.find(rf"(?<![a-z_])(?:{label})(?![a-z_]){_BETWEEN}")):
            ranges[name] = [number(match["low"], page.language), number(match["high"], page.language)]
    if unknown:
        found["unknown"] = {name: ranges.pop(name, None) for name in unknown}
    if count and (ranges or MANY.search(page.reading.plain)):
        found["samples"] = int(number(count["count"] or count["of"], page.language))
    if ranges:
        found["ranges"] = ranges
    if not found and (amiss := page.find(AMISS)):
        found["unread"] = [amiss[0]]
    return found


def _shares(entry: str, names: tuple[str, ...]) -> bool:
    """Whether written equations use the entry's own symbols."""
    return bool(set(library()[entry].statement.parameters) & set(names))


def _labels(entry: str | None, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """(coefficient, pattern of words or spellings for it)."""
    found = []
    known = tuple(library()[entry].statement.parameters) if entry else ()
    if entry:
        found += list(words_of(entry).items())
        found += [(name, re.escape(spelled)) for spelled, name in spellings(entry, known).items()]
    return found + [(name, re.escape(name.lower())) for name in names if name not in known]


def _unknown(page: Page, labels: list[tuple[str, str]]) -> list[str]:
    """Coefficients in the phrase behind a verb of seeking."""
    found: list[str] = []
    for match in SEEK.finditer(page.free):
        phrase = _phrase(page.free, match.end())
        for name, label in labels:
            if name not in found and re.search(rf"(?<![a-z_'])(?:{label})(?![a-z_'(]|\s*=){_alone(label)}", phrase):
                found.append(name)
    for name, label in labels:
        if name not in found and re.search(
            rf"(?<![a-z_])(?:{label})(?![a-z_]) (?:is|are|ist|est) (?:unknown|unbekannt|inconnu)", page.free
        ):
            found.append(name)
    return found


def _alone(label: str) -> str:
    """One letter counts only where it does not begin a phrase of its own ("find a solution")."""
    return r"(?=\s*(?:$|[,)]|(?:and|und|et|y|e|or|of|in)\b))" if len(label) == 1 else ""


def _phrase(plain: str, start: int) -> str:
    """The object of a verb: up to the word that says where it stands or where the data are."""
    rest = plain[start : start + 120]
    stop = _STOP.search(rest, 2)
    return rest[: stop.start()] if stop else rest
