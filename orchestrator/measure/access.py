"""Counts how often the sealed labels of a run are read: once is a measurement, every further time is told."""

from __future__ import annotations

from orchestrator.journal.events import EventKind
from orchestrator.journal.journal import Journal, read_events
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.evidence import EvidenceBook

READ: EventKind = "labels.read"


def reads_of(run: RunDirectory) -> int:
    """How often the labels of a run were read by now, as its journal tells; 0 where it told nothing."""
    told = [event.data.get("access") for event in read_events(run.journal) if event.event == READ]
    return max((count for count in told if isinstance(count, int)), default=0)


def own_access(book: EvidenceBook, run: RunDirectory, journal: Journal, step: str) -> None:
    """Journal that a run reads its own sealed labels; evidence `accesses` where it has done so before."""
    count = reads_of(run) + 1
    journal.tell(READ, step, access=count)
    if count > 1:
        text = f"the sealed rows are scored for time {count} in this run; choices made after looking at them flatter"
        book.add("accesses", float(count), run.split, step, subject="split", text=text)


def other_access(book: EvidenceBook, run: RunDirectory, run_id: str, journal: Journal, step: str) -> None:
    """Note in both journals that the sealed labels of another run are read; evidence `accesses`: how often by now.

    The run's own measurement was the first.
    """
    theirs = RunDirectory(run.runs_dir, run_id)
    count = max(1, reads_of(theirs)) + 1
    with_theirs = Journal(theirs.journal, run_id)
    try:
        with_theirs.tell(READ, by=run.run_id, access=count)
    finally:
        with_theirs.close()
    journal.tell(READ, step, of=run_id, access=count)
    text = f"the sealed rows of run {run_id} are read for time {count}; choices made after looking at them flatter"
    book.add("accesses", float(count), run.split, step, subject="split", text=text)
