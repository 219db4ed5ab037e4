"""What an answer says of groups of people: the largest gap between them that chance does not explain."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan
from orchestrator.gates.ethics import GAP, gap_words, largest
from orchestrator.report.numbers import spell, spell_interval

LARGEST = {
    "en": "Between groups, the largest gap that chance does not explain is {value} ({range}): {what}.",
    "de": "Der größte Abstand zwischen Gruppen, den der Zufall nicht erklärt, ist {value} ({range}): {what}.",
    "fr": "Le plus grand écart entre groupes que le hasard n'explique pas est {value} ({range}) : {what}.",
    "es": "La mayor brecha entre grupos que el azar no explica es {value} ({range}): {what}.",
    "it": "Il maggior divario tra gruppi che il caso non spiega è {value} ({range}): {what}.",
    "pt": "A maior diferença entre grupos que o acaso não explica é {value} ({range}): {what}.",
    "zh": "各组之间不能用偶然解释的最大差距为 {value}（{range}）：{what}。",
    "ja": "偶然では説明できない群間の最大の差は {value}（{range}）：{what}。",
}
NO_GAP = {
    "en": "No gap between the groups of {columns} is larger than chance could make it.",
    "de": "Kein Abstand zwischen den Gruppen von {columns} ist größer, als der Zufall ihn machen könnte.",
    "fr": "Aucun écart entre les groupes de {columns} n'est plus grand que le hasard ne pourrait le produire.",
    "es": "Ninguna brecha entre los grupos de {columns} es mayor de lo que el azar podría producir.",
    "it": "Nessun divario tra i gruppi di {columns} è più grande di quanto il caso potrebbe produrre.",
    "pt": "Nenhuma diferença entre os grupos de {columns} é maior do que o acaso poderia produzir.",
    "zh": "{columns} 各组之间没有超出偶然可能造成的差距。",
    "ja": "{columns} の群間に偶然を超える差はありません。",
}


def group_sentence(plan: Plan | None, evidence: tuple[Evidence, ...], language: str) -> str:
    """One sentence on the gaps between groups; empty where no gap was measured with an interval."""
    gaps = _gaps(plan, evidence)
    found = largest(gaps)
    if found is not None and found.interval is not None:
        words = LARGEST.get(language, LARGEST["en"])
        return words.format(
            value=spell(found.value, found.unit), range=f"95 %: {spell_interval(found.interval)}", what=_what(found)
        )
    columns = dict.fromkeys(gap.subject for gap in gaps if gap.interval is not None)
    return NO_GAP.get(language, NO_GAP["en"]).format(columns=", ".join(columns)) if columns else ""


def group_claims(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """The largest gap that chance does not explain; without one, every column's gap of the plan's metric."""
    gaps = _gaps(plan, evidence)
    found = largest(gaps)
    if found is not None:
        yield f"Largest gap between groups that chance does not explain, {_what(found)}{_range(found)}", found
        return
    metric = plan.data.metric if plan.data else ""
    for gap in gaps:
        if gap.name == f"{GAP}{metric}_difference":
            more = "; it may be chance" if gap.interval is not None else ""
            yield f"Gap between groups, {_what(gap)}{_range(gap)}{more}", gap


def _gaps(plan: Plan | None, evidence: tuple[Evidence, ...]) -> tuple[Evidence, ...]:
    columns = plan.data.sensitive if plan and plan.data else ()
    return tuple(entry for entry in evidence if entry.name.startswith(GAP) and entry.subject in columns)


def _what(gap: Evidence) -> str:
    """ "equal opportunity difference of sex: true positive rate of 'yes', female against male"."""
    return f"{gap_words(gap)} of {gap.subject}" + (f": {gap.text}" if gap.text else "")


def _range(gap: Evidence) -> str:
    return f" (95 % interval {spell_interval(gap.interval)})" if gap.interval else ""
