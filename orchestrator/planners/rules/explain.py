"""Answers questions about methods from the framework's tables, and from nothing else."""

from __future__ import annotations

import re

from orchestrator.planners.rules.framework import Choice
from orchestrator.planners.rules.leads import LEADS
from orchestrator.planners.rules.topics import ABILITIES, TOPICS, Topic

_MOST = 2
_HEADINGS: dict[str, tuple[str, str, str]] = {
    "en": ("When", "Why", "From the decision framework; nothing was run."),
    "de": ("Wann", "Warum", "Aus dem Entscheidungsrahmen (Tabellen auf Englisch); nichts wurde ausgeführt."),
    "fr": ("Quand", "Pourquoi", "Tiré du cadre de décision (tables en anglais) ; rien n'a été exécuté."),
    "es": ("Cuándo", "Por qué", "Del marco de decisión (tablas en inglés); no se ha ejecutado nada."),
    "it": ("Quando", "Perché", "Dal quadro decisionale (tabelle in inglese); nulla è stato eseguito."),
    "pt": ("Quando", "Porquê", "Do quadro de decisão (tabelas em inglês); nada foi executado."),
    "zh": ("何时", "原因", "出自决策框架（表格为英文）；没有运行任何程序。"),
    "ja": ("いつ", "理由", "判断の枠組みより（表は英語）。何も実行していません。"),
}
_ABOUT_US = re.compile(
    r"can you do|what are you|who are you|kannst du|sais-tu|puedes hacer|sai fare|voce (?:pode"
    r"|sabe)|你能做什么|何ができ"
)


def known(plain: str) -> bool:
    """Whether any topic is asked about."""
    return bool(_ABOUT_US.search(plain) or _topics(plain))


def answer(plain: str, language: str) -> str:
    """The explanation in Markdown: at most two topics, the ones whose words come up most."""
    when, why, source = _HEADINGS.get(language, _HEADINGS["en"])
    topics = _topics(plain)
    if _ABOUT_US.search(plain) or not topics:
        return f"{ABILITIES}\n\n_{source}_"
    parts = [_written(topic, when, why, language, plain) for topic in topics[:_MOST]]
    return "\n\n".join((*parts, f"_{source}_"))


def _topics(plain: str) -> list[Topic]:
    """Topics by how many different words of theirs occur; ties in the order of the table."""
    counted = [(len({match[0] for match in topic.words.finditer(plain)}), topic) for topic in TOPICS]
    found = [(count, topic) for count, topic in counted if count]
    top = max((count for count, _ in found), default=0)
    return [topic for count, topic in sorted(found, key=lambda pair: -pair[0]) if count >= max(1, top - 1)]


def _written(topic: Topic, when: str, why: str, language: str, plain: str) -> str:
    lead = LEADS.get(topic.name, {}).get(language, topic.lead)
    lines = [f"**{topic.name}.** {lead}", *(_row(row, when, why) for row in _asked(topic.rows, plain))]
    return "\n".join(lines)


def _asked(rows: tuple[Choice, ...], plain: str) -> tuple[Choice, ...]:
    """The rows that are named in the question stand first."""
    named = [row for row in rows if any(part in plain for part in re.findall(r"[a-z]{3,}", row.name.lower()))]
    return (*named, *(row for row in rows if row not in named))


def _row(row: Choice, when: str, why: str) -> str:
    return f"- **{row.name}**. {when}: {row.when}. {why}: {row.why}."
