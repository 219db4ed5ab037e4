"""Personal data in the files of a run: counted, named by file, and looked for in columns that are to be kept out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.personal import book_traces

MAILS = ("ada.lovelace@first.example", "alan.turing@second.example", "grace.hopper@third.example")


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    pd.DataFrame({"mail": MAILS, "x": [1, 2, 3], "y": [0, 1, 0]}).to_csv(tmp_path / "people.csv", index=False)
    made = RunDirectory.create(tmp_path / "runs")
    made.plan.write_text("{}")
    return made


def booked(run: RunDirectory, **data: object) -> tuple[Evidence, ...]:
    told = {"personal": {"mail": "e-mail addresses"}, **data}
    strategy = DataStrategy.model_validate(
        {
            "file": str(run.runs_dir.parent / "people.csv"), "sha256": "", "target": "y", "task": "binary",
            "features": ("x",), "split": SplitPlan(kind="stratified"), "metric": "roc_auc", **told,
        }
    )  # fmt: skip
    book = EvidenceBook(run, "", "", 0)
    book_traces(book, strategy, "train")
    return book.entries


def test_rows_themselves_are_no_trace_and_any_other_file_is(run: RunDirectory) -> None:
    run.data.mkdir(exist_ok=True)
    (run.data / "train.csv").write_text("\n".join(MAILS))
    (clean,) = booked(run)
    assert (clean.name, clean.value, clean.n) == ("personal.traces", 0.0, 3) and "none found" in clean.text
    log = run.out("train").parent / "log.txt"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(f"row 2: {MAILS[1]} and {MAILS[2]} could not be read")
    (found,) = booked(run)
    assert found.value == 2.0 and "log.txt" in found.text and MAILS[1] not in found.text


def test_columns_that_are_kept_by_name_are_not_looked_for(run: RunDirectory) -> None:
    (run.path / "note.txt").write_text(MAILS[0])
    assert booked(run, kept=("mail",)) == () and booked(run, personal={}) == ()


def test_a_file_that_is_gone_leaves_it_unknown(run: RunDirectory) -> None:
    (run.runs_dir.parent / "people.csv").unlink()
    (lost,) = booked(run)
    assert lost.value is None and "people.csv" in lost.text
