"""What the interval of a measured number means, in words: 95 % confidence, or what measuring itself adds."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence
from orchestrator.report.numbers import spell, spell_interval

MEASURING = ("residual", "initial_error", "boundary_error", "dataset_difference")
LAW = "law."
CONFIDENCE, ADDED = "95 % interval", "with what measuring adds"


def bounds_measuring(name: str) -> bool:
    """Whether the interval of evidence of this name is the error of measuring it; others are of 95 % confidence."""
    return name in MEASURING or name.startswith(LAW)


def interval_words(entry: Evidence) -> str:
    """The interval in words; empty where there is none, or where measuring adds less than is shown of the number."""
    if entry.interval is None:
        return ""
    if not bounds_measuring(entry.name):
        return f"{CONFIDENCE} {spell_interval(entry.interval)}"
    shown = {spell(entry.value), *map(spell, entry.interval)}
    return f"{spell_interval(entry.interval)} {ADDED}" if len(shown) > 1 else ""


def interval_beside(entry: Evidence, text: str) -> str:
    """The interval in words for a place beside `text`; empty where the text tells it already."""
    return "" if CONFIDENCE in text or ADDED in text else interval_words(entry)
