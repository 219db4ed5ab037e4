"""Groups of people on the page: a line for each with its interval, small ones told, gaps drawn."""

from __future__ import annotations

import json
from pathlib import Path

from orchestrator.core.evidence import Evidence
from orchestrator.journal.rundir import RunDirectory, write_text
from orchestrator.report.groups import group_section, of_groups
from orchestrator.report.page import render_page
from orchestrator.report.record import Record, read_record
from orchestrator.report.tables import read_tables

TABLE = {
    "columns": ["sex", "n", "roc_auc", "low", "high", "selection rate"],
    "rows": [
        ["female", 120, 0.71, 0.6, 0.8, 0.2], ["male", 90, 0.83, 0.75, 0.9, 0.4], ["<x>", 6, None, None, None, None],
    ],
}  # fmt: skip


def gap(at: int, name: str, value: float | None, interval: tuple[float, float] | None, unit: str = "") -> Evidence:
    return Evidence(
        id=f"e{at}", name=f"gap.{name}_difference", value=value, interval=interval, subject="sex", unit=unit
    )


SURE = gap(1, "demographic_parity", 0.2, (0.05, 0.35))
OPEN = gap(2, "equal_opportunity", 0.1, (-0.1, 0.3))
ERRORS = gap(3, "rmse", 12.0, (2.0, 22.0), "kg")
SMALL = Evidence(id="e4", name="groups.small", value=1.0, subject="sex", text="not compared: <x> (6)")


def record(tmp_path: Path, *evidence: Evidence, tables: bool = True) -> Record:
    run = RunDirectory.create(tmp_path, "20261126-000000-abcdef")
    found = {"groups of sex": TABLE, "confusion": {"columns": ["", "a"], "rows": [["a", 3]]}} if tables else {}
    write_text(run.measured / "scores" / "scores.json", json.dumps({"scores": [], "tables": found}))
    write_text(run.evidence, "".join(entry.model_dump_json() + "\n" for entry in evidence))
    return read_record(run)


def test_every_group_has_a_line_and_a_small_one_no_number(tmp_path: Path) -> None:
    made = record(tmp_path, SURE, SMALL)
    section = group_section(made, read_tables(made.directory.measured))
    assert section is not None
    (table,) = section.tables
    assert (table.column, table.metric, table.heads) == ("sex", "roc_auc", ("selection rate",))
    assert [(line.name, line.n, line.interval) for line in table.lines] == [
        ("female", 120, (0.6, 0.8)), ("male", 90, (0.75, 0.9)), ("<x>", 6, None),
    ]  # fmt: skip
    assert table.lines[2].value is None and section.noted == ("sex: not compared: <x> (6).",)


def test_gaps_of_rates_and_of_errors_are_drawn_apart_with_whole_sentences(tmp_path: Path) -> None:
    made = record(tmp_path, SURE, OPEN, ERRORS)
    section = group_section(made, read_tables(made.directory.measured))
    assert section is not None and len(section.drawings) == 2
    rates, errors = section.drawings
    assert "sex: equal opportunity" in rates.svg and "sex: rmse" not in rates.svg and "[kg]" in errors.svg
    assert rates.caption.endswith("here of sex.") and "for all pairs of groups and all gaps at once" in rates.caption


def test_gaps_that_may_be_chance_are_said_to_be(tmp_path: Path) -> None:
    made = record(tmp_path, OPEN, gap(5, "equalized_odds", None, None))
    section = group_section(made, read_tables(made.directory.measured))
    assert section is not None and section.drawings[0].caption.endswith("each of these gaps may be chance.")
    assert "equalized odds" not in section.drawings[0].svg


def test_the_page_shows_groups_once_and_escaped(tmp_path: Path) -> None:
    made = record(tmp_path, SURE, SMALL)
    page = render_page(made)
    assert page.count("Groups of people") == 1 and "groups of sex" not in page
    assert "&lt;x&gt;" in page and "<x>" not in page and "not compared" in page
    assert [of_groups(table) for table in read_tables(made.directory.measured)] == [True, False]


def test_a_run_without_groups_has_no_section(tmp_path: Path) -> None:
    made = record(tmp_path, tables=False)
    assert group_section(made, read_tables(made.directory.measured)) is None
    assert "Groups of people" not in render_page(made)
