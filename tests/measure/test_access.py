"""How often sealed labels are read: journalled every time, told from the second time on."""

from __future__ import annotations

from pathlib import Path

from orchestrator.journal.journal import Journal, read_events
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.access import other_access, own_access, reads_of
from orchestrator.measure.evidence import EvidenceBook


def test_a_run_that_scores_its_rows_again_after_another_plan_says_so(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path)
    journal = Journal(run.journal, run.run_id)
    told = []
    for _ in range(3):
        book = EvidenceBook(run, "", "", 0)
        own_access(book, run, journal, "train")
        told.append([(entry.name, entry.value) for entry in book.entries])
    journal.close()
    assert told == [[], [("accesses", 2.0)], [("accesses", 3.0)]]
    assert [event.data["access"] for event in read_events(run.journal) if event.event == "labels.read"] == [1, 2, 3]


def test_another_run_counts_from_what_the_rows_own_run_has_read(tmp_path: Path) -> None:
    theirs, ours = RunDirectory.create(tmp_path), RunDirectory.create(tmp_path)
    for run, times in ((theirs, 2), (ours, 0)):
        journal = Journal(run.journal, run.run_id)
        for _ in range(times):
            own_access(EvidenceBook(run, "", "", 0), run, journal, "train")
        journal.close()
    journal, book = Journal(ours.journal, ours.run_id), EvidenceBook(ours, "", "", 0)
    other_access(book, ours, theirs.run_id, journal, "evaluate")
    journal.close()
    assert [entry.value for entry in book.entries] == [3.0]
    assert reads_of(theirs) == 3 and reads_of(RunDirectory.create(tmp_path)) == 0
