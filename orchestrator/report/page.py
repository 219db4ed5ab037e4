"""The report of a run: one page that holds everything, needs nothing and runs no script."""

from __future__ import annotations

import json
import time
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from pydantic import JsonValue

from orchestrator.core.answer import Answer
from orchestrator.journal.rundir import RunDirectory, write_text
from orchestrator.report.bounds import bound_of
from orchestrator.report.checklist import by_id, checklist
from orchestrator.report.comparison import comparisons, grid
from orchestrator.report.drawings import drawings
from orchestrator.report.groups import group_section, of_groups
from orchestrator.report.intervals import interval_beside
from orchestrator.report.leading import leading
from orchestrator.report.numbers import spell, spell_bytes, spell_interval, spell_seconds
from orchestrator.report.performance import performance
from orchestrator.report.plan_graph import HIGH, WIDE, plan_graph
from orchestrator.report.record import Record, read_record
from orchestrator.report.result import main_results
from orchestrator.report.tables import read_tables
from orchestrator.report.text import STAGES
from orchestrator.report.timeline import timeline
from orchestrator.report.verdict_words import HEADLINES, RULED, again, because, sentence

OPEN_BOXES = "Nothing was isolated: the boxes were plain processes, and test labels were sealed by convention only."
TEMPLATES = Path(__file__).parent / "templates"


def write_report(run: RunDirectory) -> Path:
    """Write `report.html` of a run, whatever state it is in; returns its path."""
    write_text(run.report, render_page(read_record(run)))
    return run.report


def render_page(record: Record) -> str:
    """The page as one string. Every text of the run is escaped; only our own drawings are markup."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=spell, interval=spell_interval, bytes=spell_bytes, seconds=spell_seconds, date=_date, plain=_plain
    )
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return environment.get_template("report.html.j2").render(**_facts(record), style=Markup(style))  # noqa: S704


def _facts(record: Record) -> dict[str, object]:
    """Everything the template shows, by name."""
    answer = record.answer or _unfinished(record)
    groups = comparisons(answer.claims, record.evidence)
    shown = performance(record)
    tables = read_tables(record.directory.measured, shown.drawn)
    return {
        "record": record,
        "answer": answer,
        "status_word": HEADLINES[answer.status],
        "sentence": sentence(answer),
        "further": because(answer)[1:] if answer.status == "not_validated" else (),
        "remarks": _remarks(record, answer),
        "leading_numbers": leading(main_results(record.plan, record.evidence, answer.checks)) if record.plan else (),
        "evidence": by_id(record.evidence),
        "beside": interval_beside,
        "bound": bound_of,
        "stages": STAGES,
        "graph": plan_graph(record.plan) if record.plan else None,
        "graph_size": (WIDE, HIGH),
        "planned_ids": {inner.id for step in record.plan.steps for inner in (step, *step.body)}
        if record.plan
        else set(),
        "timeline": timeline(record.events),
        **drawings(record, groups),
        "pictures": shown.pictures,
        "grid": grid(groups) if groups else None,
        "tables": tuple(table for table in tables if not of_groups(table)),
        "groups": group_section(record, tables),
        "checklist": checklist(record),
        "again": again(answer, record.request),
        "environment": _environment(record.environment),
        "started": record.events[0].ts if record.events else None,
        "notes": tuple(dict.fromkeys(str(e.data.get("text", "")) for e in record.events if e.event == "note")),
    }


def _remarks(record: Record, answer: Answer) -> tuple[str, ...]:
    """What must be read with the verdict: that nothing was isolated; the message, where it says more than the page."""
    isolated = all(outcome.isolated for outcome in record.outcomes.values())
    routing = record.routing
    more = answer.status in RULED and routing is not None and (routing.language != "en" or routing.then)
    return (*(() if isolated else (OPEN_BOXES,)), *((answer.message,) if more else ()))


def _unfinished(record: Record) -> Answer:
    """What stands for the answer of a run that has not given one."""
    route = record.routing.route.value if record.routing else ""
    return Answer(
        run_id=record.directory.run_id,
        run_dir=str(record.directory.path),
        status="interrupted",
        route=route,
        params=record.routing.params if record.routing else {},
        message="The run has not answered: it still goes on, or it was stopped. What it has done so far is below.",
        plan=record.plan,
    )


def _environment(value: dict[str, JsonValue]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The environment as (name, text) pairs: the plain facts, and the long lists such as packages."""
    plain = [
        (key, _plain(inner)) for key, inner in value.items() if not isinstance(inner, dict) and inner not in (None, "")
    ]
    nested = [
        (f"{key}.{name}" if key != "packages" else name, _plain(inner))
        for key, group in value.items()
        if isinstance(group, dict)
        for name, inner in group.items()
    ]
    return plain, nested


def _plain(value: JsonValue) -> str:
    """A JSON value as a person writes it: text without quotes, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _date(ts: float) -> str:
    return time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(ts))
