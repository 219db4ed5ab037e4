"""Words on a split that the user brings, on groups and times together, and on how often folds are drawn anew."""

from __future__ import annotations

import re

from pydantic import JsonValue

from orchestrator.planners.rules.columns import ARTICLE, WORD
from orchestrator.planners.rules.text import Reading
from orchestrator.planners.rules.ways import SPLITS

_TESTS = r"(?:test(?:ing)?|hold-?out|held[- ]out|evaluation)"
_FILE = r"(?P<file>\x02+)"
_ROWS = r"(?:set|rows?|data|file|table|part|split|sample)"
_TEST_FILES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:test|tested|testing|teste|validate|evaluate|score|measure) (?:it |them |the model )?"
        rf"(?:on|with|against|auf|mit) (?:the )?(?:{_ROWS} (?:in|of|from) )?{_FILE}",
        rf"\b{_TESTS}[- ]?{_ROWS}?(?: is| are| in| from| lies in| lie in| =|:|=){{0,2}} ?{_FILE}",
        rf"{_FILE} (?:as|is|are|for|holds|has) (?:the |my |our |a )?{_TESTS}(?:[- ]?{_ROWS})?\b",
        rf"\b(?:testdaten|testdatei|testzeilen|donnees de test|datos de prueba|dati di test|dados de teste)"
        rf"(?: sind| ist| in| est| sont| son| sono| sao|:|=)* ?{_FILE}",
        rf"(?:测试集|テストデータ)[:=为是は]? ?{_FILE}",
    )
)
_COL = rf"(?P<col>{WORD})"
_OWN = r"(?:own|given|existing|predefined|pre-?defined|fixed|official|original|my|our|the)"
_COLUMNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(?:split|side|partition|subset) (?:column|variable)(?: is| =|=|:)? {ARTICLE}{_COL}",
        rf"\b(?:{_OWN} )+split (?:in|of|from|is in|given (?:by|in)|lies in|stands in) {ARTICLE}(?:column )?{_COL}",
        rf"(?<!\w)(?:column )?{_COL} (?:says|tells|marks|holds|names|gives|shows) (?:which|what) "
        rf"(?:rows? (?:is|are|belongs? to) (?:the )?(?:{_TESTS}|train)|side|split|set)",
        rf"(?<!\w)(?:column )?{_COL} (?:says|marks|holds|is|names) "
        rf"(?:\x01+|train(?:ing)?) (?:or|and|/) (?:\x01+|{_TESTS})",
        rf"\b{_TESTS} rows? (?:are|is|have|those) (?:those )?(?:where|with|of) (?:column )?{_COL}",
        rf"\b(?:rows?|those) (?:where|with|whose) (?:column )?{_COL} (?:is|=|==|equals) (?:\x01+|{_TESTS})\b",
        rf"(?<!\w){_COL} as (?:the |my |our )?(?:{_OWN} )?(?:train[-/ ]?(?:and )?test )?split\b",
    )
)
_NO_COLUMN = frozenset({"a", "an", "the", "random", "stratified", "time", "group", "it", "this", "that", "column"})
_TIMES = {"once": 1, "two": 2, "twice": 2, "three": 3, "thrice": 3, "four": 4, "five": 5, "ten": 10}
_COUNT = rf"(?P<count>\d{{1,3}}|{'|'.join(_TIMES)})"
_CV = r"(?:\w+ )?(?:\d+[- ]?fold|k-?fold|folds?|cross[- ]?validation|cv)"
_BOTH = re.compile(
    r"\bby groups? and (?:by )?(?:time|date)\b|\bby time and (?:by )?groups?\b|\bgroups?[- ]and[- ]time\b"
)
_REPEATS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\brepeat(?:ed|ing)? (?:it |this |the |{_CV} |cross[- ]?validation ){{0,4}}(?:for )?{_COUNT}(?: times)?\b",
        rf"\b{_COUNT} (?:repeats|repetitions|repeat\b)",
        rf"\b{_COUNT}(?: ?[x×] ?| times (?:repeated )?){_CV}",
        rf"\b{_COUNT}[- ]?(?:mal|fach) wiederholt",
        r"(?P<none>\b(?:without repeat\w*|no repeats|not repeated|unrepeated|do not repeat))",
    )
)


def own_split_params(reading: Reading) -> dict[str, JsonValue]:
    """`test_file`, `split_column`, `repeats` (and `folds`), `split` = "group_time": those that the request names."""
    params: dict[str, JsonValue] = {}
    for pattern in _TEST_FILES:
        if (match := pattern.search(reading.plain)) and len(reading.files) > 1:
            params["test_file"] = reading.at(*match.span("file")).strip().removeprefix("@")
            break
    for pattern in _COLUMNS:
        if (match := pattern.search(reading.plain)) and match["col"] not in _NO_COLUMN:
            params["split_column"] = reading.at(*match.span("col")).strip()
            break
    if match := next((found for pattern in _REPEATS if (found := pattern.search(reading.plain))), None):
        told = match.groupdict().get("count")
        params["repeats"] = 1 if told is None else _TIMES.get(told) or int(told)
        if folds := re.search(r"[x×] ?(\d+)[- ]?folds?", match[0]):
            params["folds"] = int(folds[1])
    kinds = {kind for kind, pattern in SPLITS if pattern.search(reading.plain)}
    both = {"group", "time"} <= kinds or _BOTH.search(reading.plain)
    return params | ({"split": "group_time"} if both else {})
