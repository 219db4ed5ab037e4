"""Column names of a request: the target, groups, time, and what to leave out or keep."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import JsonValue

from orchestrator.planners.rules.text import Reading


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


WORD = r"(?:\x01+|[^\W\d][\w$%]*(?:[.\-][\w]+)*)"
_STOP = (
    r"(?:in|from|using|with|on|based|for|by|and|given|as|at|to|of|is|are|was|via|out|per|into|over|please|that|which|"
    r"column|columns|target|label|values?|optimi[sz]ing|optimi[sz]e|maximi[sz]ing|minimi[sz]ing|file|data|dataset|next|"
    r"im|aus|mit|auf|fur|von|und|dans|avec|sur|pour|depuis|et|en|con|desde|para|del|de|di|da|nel|nella|nei|dal"
    r"|dai|em|do|no|na|com|"
    r"vorher|voraus|ohne|without|then|but|if|when|while|seed|group|grouped|so|e)\b"
)
_PHRASE = rf"(?P<col>\x01+|{WORD}(?: (?!{_STOP}){WORD}){{0,2}})"
_ONE = rf"(?P<col>{WORD})"
ARTICLE = r"(?:the |a |an |die |der |das |den |le |la |l'|les |el |lo |il |los |las |o |a |os |as )?"
_COLUMN = r"(?:column |columns |variable |feature |field |spalte |colonne |colonna |columna |coluna |列 ?)"
_IS = (
    r"(?:\s*[=:为是は]\s*|\s+(?:is called|is named|is|are|named|called|heisst|ist|est|es|e)\s+(?:the )?|\s+"
    r"|(?<=[列量目标標数ト]))"
)

# Said in so many words: "target y", "label column y", "Zielspalte y".
_EXPLICIT = (
    rf"\b(?:target|response|label|outcome|dependent)(?: ?column| variable| feature)?{_IS}(?:column )?{_ONE}",
    rf"\b(?:zielspalte|zielvariable|ziel|zielgrosse|cible|variable cible|colonne cible|objetivo|variable objetivo"
    rf"|columna objetivo|"
    rf"obiettivo|variabile obiettivo|alvo|variavel alvo)\b{_IS}{_ONE}",
    rf"(?:目标列|目标变量|目标|目標列|目的変数|ターゲット){_IS}{_ONE}",
    rf"{_ONE} (?:as|als|comme|como|come) (?:the |der |la |el |o |il )?(?:target|label|ziel\w*|cible|objetivo"
    rf"|obiettivo|alvo)\b",
    rf"{_ONE} is the (?:target|label|response|outcome)\b",
    rf"\(\s*{_COLUMN}(?:is |named |called |= ?|: ?)?{_ONE}\s*\)",
)
# Implied by the verb: "predict y", "y vorhersagen", "预测 y".
_IMPLIED = (
    rf"\b(?:predict|predicts|predicting|forecast|forecasts|forecasting|estimate|regress|infer) "
    rf"{ARTICLE}(?:{_COLUMN}|values? of |value for )?{_PHRASE}",
    rf"\b(?:prediction|predictions|predictor|forecast|classifier|regression|regression model|classification"
    rf"|model|regressor|vorhersage|"
    rf"prognose|prediccion|prevision|previsione|previsao|predizione) (?:of|for|von|fur|de|di|del|della|da|do) "
    rf"{ARTICLE}{_COLUMN}?{_PHRASE}",
    rf"\b(?:sage|sag|prognostiziere) (?:mir )?{ARTICLE}{_COLUMN}?{_ONE}[^.]{{0,80}}?\b(?:vorher|voraus)\b",
    rf"{_ONE} (?:in [^ ]+ |aus [^ ]+ )?vorhersagen\b",
    rf"\b(?:predis|predire|prevois|predice|predecir|prever|prevedi|prevedere|predici|preveja|preve|prediz"
    rf"|vorhersage(?!n)) {ARTICLE}{_COLUMN}?{_ONE}",
    rf"预测(?!\s*\x02)\s*(?:\w*?中的)?\s*{_ONE}",
    r"预测\s*\x02+\s*(?:中的?|里的?)?\s*(?P<col>[A-Za-z_][A-Za-z0-9_]*|\x01+)",
    r"(?P<col>[a-z_][a-z0-9_]*|\x01+)\s*(?:列)?\s*を予測",
    rf"\bclassify {ARTICLE}{_PHRASE}(?= (?:in|from|of|with|using) )",
    r"(?<!time )(?<!group )(?<!date )(?<!drop )(?<!ignore )(?<!by )\b(?:column|spalte|colonne|columna|colonna"
    r"|coluna) (?P<col>\x01+)",
)
_NOT_A_COLUMN = _words(
    "von fur de di del della da do "
    "which what whether if who how when the a an it them me my our your something anything everything this "
    "that these those "
    "values value column columns outcomes result results future data model and or y's using with in on from "
    "is are was not for by of to classification regression vs versus classes leakage each every all some "
    "la le el il o der die das variable feature features file table rows row model models time series accuracy"
)
_ENDS_A_LIST = _words("target label predict seed metric group time test split train column")
_GROUP = (
    rf"\bgroup(?:ed|ing|s)?(?: ?column| variable| split| k-?fold)?(?: is| are| by| on| =|:|=)?{_IS}(?:the "
    rf")?(?:column )?{_ONE}",
    rf"\b(?:keep|put|hold) (?:each|every|all|the same|one) {_ONE} (?:in one|in the same|together|on one|rows? "
    rf"(?:together|in))",
    rf"\bsame {_ONE} (?:must|should|may|can)(?:n't| not|not)? (?:never )?(?:be|appear|land|occur)",
    rf"\b(?:gruppiert nach|gruppiere nach|gruppenspalte|groupe par|par groupe|grupos? por|agrupado por|agrupa "
    rf"por|raggruppa per|gruppi per) {_COLUMN}?{_ONE}",
    rf"\bsplit by {_ONE}",
)
_TIME = (
    rf"\b(?:time ?stamp|time|date|datetime|temporal) (?:column|index|variable|field){_IS}{_ONE}",
    rf"\b(?:zeitspalte|datumsspalte|colonne (?:temporelle|de temps|de date|temporale|del tempo)|columna (?:de "
    rf"tiempo|temporal|de fecha)|"
    rf"coluna (?:de tempo|temporal|de data)|时间列|時間列|日付列){_IS}{_ONE}",
    r"\b(?:ordered|sorted|sort|order|chronologically|chronological|split) by (?:time |the )?(?:column "
    r")?(?P<col>\x01+|\w*(?:date|time|day|year|month|stamp)\w*)",
    rf"{_ONE} is the (?:time|date|timestamp)(?: column)?\b",
)
LIST = rf"(?P<cols>{WORD}(?:\s*(?:,|and|und|et|y|e|&)\s*(?:the )?{WORD})*)"
_DROP = (
    rf"\b(?:drop|remove|discard) (?:the )?(?:columns? )?(?!duplicates|outliers|rows|missing|nan|the )\s*{LIST}",
    rf"\b(?:ignore|exclude|without|leave out|skip|ohne|sans|sin|senza|sem) (?:the |die |la |las |les "
    rf")?(?:columns?|features?|spalten?|colonnes?|columnas?|colonn[ae]|colunas?) {LIST}",
    r"\b(?:ignore|exclude|leave out|ohne|sans|without) (?P<cols>\x01+(?:\s*(?:,|and|und|et|y|e)\s*\x01+)*)",
)
_KEEP = (
    rf"\b(?:on|using|use|from|with) (?:the )?(?:columns? |features? )?(?!gpu|cpu|cuda|the ){LIST} only\b",
    rf"\b(?:using|use|from|with) only (?:the )?(?:columns? |features? )?{LIST}",
    rf"\bonly (?:use|from) (?:the )?(?:columns? |features? )?{LIST}",
    rf"\b(?:features|predictors|inputs)\s*(?:=|:|are)\s*{LIST}",
    rf"\b(?:from|using|with) (?:the )?(?:columns|features|predictors) {LIST}",
)
_JOIN = re.compile(r"\s*(?:,|&|\band\b|\bund\b|\bet\b|\by\b|\be\b)\s*(?:the )?")
_TWO_TARGETS = re.compile(rf"\bpredict (?P<first>{WORD}) and (?P<second>{WORD})(?= (?:in|from|using) )")


@dataclass(frozen=True)
class Found:
    """A column name as the user wrote it, and the phrase that named it."""

    name: str
    phrase: str


def targets(reading: Reading) -> tuple[Found, ...]:
    """What is to be predicted: explicit names if there are any, else the first implied one."""
    explicit = _all(_EXPLICIT_RE, reading)
    if explicit:
        return explicit
    if (pair := _TWO_TARGETS.search(reading.plain)) and not {pair["first"], pair["second"]} & _NOT_A_COLUMN:
        return tuple(Found(reading.at(*pair.span(part)), pair[0]) for part in ("first", "second"))
    return _all(_IMPLIED_RE, reading)[:1]


def column_params(reading: Reading) -> dict[str, JsonValue]:
    """`target`, `group_column`, `time_column`, `drop`, `features`, as far as they are named."""
    params: dict[str, JsonValue] = {}
    if found := targets(reading):
        params["target"] = found[0].name
    for key, patterns in (("group_column", _GROUP_RE), ("time_column", _TIME_RE)):
        if named := [each for each in _all(patterns, reading) if key != "group_column" or not _is_manner(each.name)]:
            params[key] = named[0].name
    for key, patterns in (("drop", _DROP_RE), ("features", _KEEP_RE)):
        if named_in_list := listed(patterns, reading):
            params[key] = list(named_in_list)
    return params


def _is_manner(name: str) -> bool:
    """ "split by time", "group by hand": a manner, not a column."""
    return name.lower() in {
        "time",
        "date",
        "group",
        "groups",
        "chronologically",
        "random",
        "hand",
        "split",
        "column",
        "k",
        "shuffle",
    }


def _all(patterns: tuple[re.Pattern[str], ...], reading: Reading) -> tuple[Found, ...]:
    hits: list[tuple[int, Found]] = []
    for pattern in patterns:
        for match in pattern.finditer(reading.plain):
            name = reading.at(*match.span("col")).strip()
            quoted = reading.plain[match.start("col")] == "\x01"
            if name and (quoted or name.lower().split()[0] not in _NOT_A_COLUMN):
                hits.append((match.start("col"), Found(name, reading.raw[match.start() : match.end()].strip())))
    unique: dict[str, Found] = {}
    for _, found in sorted(hits, key=lambda hit: hit[0]):
        unique.setdefault(found.name, found)
    return tuple(unique.values())


def listed(patterns: tuple[re.Pattern[str], ...], reading: Reading) -> tuple[str, ...]:
    """The names in every list that the patterns find (their group `cols`), as they are written."""
    names: list[str] = []
    for pattern in patterns:
        for match in pattern.finditer(reading.plain):
            position = match.start("cols")
            for part in _JOIN.split(match["cols"]):
                start = reading.plain.find(part, position)
                position = start + len(part)
                if part in _ENDS_A_LIST:
                    break
                if part and (part[0] == "\x01" or part not in _NOT_A_COLUMN):
                    names.append(reading.at(start, start + len(part)).strip())
    return tuple(dict.fromkeys(names))


def compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


_EXPLICIT_RE = compiled(_EXPLICIT)
_IMPLIED_RE = compiled(_IMPLIED)
_GROUP_RE = compiled(_GROUP)
_TIME_RE = compiled(_TIME)
_DROP_RE = compiled(_DROP)
_KEEP_RE = compiled(_KEEP)
