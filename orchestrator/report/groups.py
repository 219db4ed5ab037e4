"""The groups of people on the page: a table for every sensitive column, and the gaps between its groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from orchestrator.core.evidence import Evidence
from orchestrator.report.record import Record
from orchestrator.report.tables import ScoreTable

TITLE = "groups of "
GAP, DIFFERENCE = "gap.", "_difference"
RATES = ("demographic_parity", "equalized_odds", "equal_opportunity", "false_positive_rate")


@dataclass(frozen=True)
class Line:
    """One group: its name, rows, the metric with its interval, and further numbers; None where it is too small."""

    name: str
    n: int
    value: float | None
    interval: tuple[float, float] | None
    more: tuple[float | None, ...]


@dataclass(frozen=True)
class GroupTable:
    """The groups of one column, by `metric`; `heads` name the further numbers."""

    column: str
    metric: str
    heads: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class GapDrawing:
    """A drawing of gaps and what it shows, in whole sentences."""

    svg: Markup
    caption: str


@dataclass(frozen=True)
class GroupSection:
    """All that the page shows of groups; `noted` names those that are too small to compare."""

    tables: tuple[GroupTable, ...]
    drawings: tuple[GapDrawing, ...]
    noted: tuple[str, ...]


def of_groups(table: ScoreTable) -> bool:
    return table.title.startswith(TITLE)


def group_section(record: Record, tables: Sequence[ScoreTable]) -> GroupSection | None:
    """None where the run measured no groups."""
    found = tuple(_table(table) for table in tables if of_groups(table))
    if not found:
        return None
    gaps = [entry for entry in record.evidence if entry.name.startswith(GAP) and entry.name.endswith(DIFFERENCE)]
    metric = record.plan.data.metric if record.plan and record.plan.data else ""
    rates = [gap for gap in gaps if _measure(gap) in RATES]
    others = [gap for gap in gaps if _measure(gap) not in RATES]
    kinds = {measure: [gap for gap in others if _measure(gap) == measure] for measure in map(_measure, others)}
    drawn = [*([("rates", rates)] if rates else []), *kinds.items()]
    noted = tuple(f"{entry.subject}: {entry.text}." for entry in record.evidence if entry.name == "groups.small")
    return GroupSection(found, tuple(_drawing(name, own, metric) for name, own in drawn if _shown(own)), noted)


def _table(table: ScoreTable) -> GroupTable:
    """The columns are: group, n, metric, low, high, and further numbers."""
    lines = []
    for row in table.rows:
        name, n, value, low, high, *more = (cell.value for cell in row)
        interval = (low, high) if isinstance(low, int | float) and isinstance(high, int | float) else None
        numbers = tuple(cell if isinstance(cell, int | float) else None for cell in more)
        metric = value if isinstance(value, int | float) else None
        lines.append(Line(str(name), int(str(n)), metric, interval, numbers))
    return GroupTable(table.columns[0], table.columns[2], table.columns[5:], tuple(lines))


def _measure(gap: Evidence) -> str:
    return gap.name.removeprefix(GAP).removesuffix(DIFFERENCE)


def _shown(gaps: list[Evidence]) -> bool:
    return any(gap.value is not None for gap in gaps)


def _drawing(name: str, gaps: list[Evidence], metric: str) -> GapDrawing:
    caption = _caption(name, gaps, metric)
    try:
        from orchestrator.report.group_figures import draw_gaps  # loads matplotlib, on first use

        return GapDrawing(draw_gaps([gap for gap in gaps if gap.value is not None], name), caption)
    except Exception as error:  # noqa: BLE001  a figure that cannot be drawn must not cost the user a finished run
        return GapDrawing(Markup(), f"{caption} It could not be drawn: {type(error).__name__}: {error}.")


def _caption(name: str, gaps: list[Evidence], metric: str) -> str:
    what = "rates of predictions" if name == "rates" else name.replace("_", " ")
    certain = [gap for gap in gaps if gap.interval is not None and gap.interval[0] > 0]
    said = (
        f"Each dot is the largest difference in {what} between two groups of a column; the line is its 95 % interval, "
        "which holds for all pairs of groups and all gaps at once."
    )
    if not certain:
        return f"{said} Every line reaches zero, so each of these gaps may be chance."
    shown = " and ".join(dict.fromkeys(gap.subject for gap in certain))
    return f"{said} Lines that stay above zero (filled dots) are gaps that chance does not explain: here of {shown}."
