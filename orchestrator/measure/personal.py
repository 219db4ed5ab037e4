"""Books whether values of personal columns stand in what a run has written so far."""

from __future__ import annotations

from pathlib import Path

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import DataStrategy
from orchestrator.data.readers import read_table
from orchestrator.data.traces import find_traces
from orchestrator.gates.ethics import TRACES, hidden_columns
from orchestrator.measure.evidence import EvidenceBook

MOST_NAMED = 3


def book_traces(book: EvidenceBook, data: DataStrategy, step: str) -> None:
    """Evidence `personal.traces`: how many values of columns that are to be kept out stand in a file of the run.

    The folder `data` holds the rows themselves and is not looked through.
    """
    columns = hidden_columns(data)
    if not columns:
        return
    run, path = book.run, Path(data.file).expanduser()
    try:
        frame = read_table(path).frame
    except BadInput as gone:
        book.add(TRACES, None, run.plan, step, subject="run", columns=columns, text=gone.message)
        return
    files = [file for file in run.path.rglob("*") if not file.is_relative_to(run.data)]
    found = find_traces(frame, columns, run.path, files)
    told = f"{found.looked_for} values of {', '.join(columns)} looked for in {found.files} files of the run"
    where = f"{found.found} of them stand in {', '.join(found.where[:MOST_NAMED])}" if found.found else "none found"
    values, told = float(found.found), f"{told}: {where}"
    book.add(TRACES, values, run.plan, step, n=found.looked_for, subject="run", columns=columns, text=told)
