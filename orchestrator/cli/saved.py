"""`mlexpert show` and `mlexpert report`: a finished run, read back from its folder."""

from __future__ import annotations

from orchestrator.cli.options import Place
from orchestrator.cli.output import error_answer, only_results
from orchestrator.cli.place import runs_dir_of
from orchestrator.core.answer import Answer
from orchestrator.core.errors import Interrupted
from orchestrator.journal.rundir import RunDirectory
from orchestrator.report.page import write_report
from orchestrator.report.record import read_record
from orchestrator.report.text import render_answer


def find_run(place: Place, run_id: str) -> RunDirectory:
    """The folder of a run.

    Raises:
        BadInput: no run, or more than one, goes by that id.
    """
    return RunDirectory.find(runs_dir_of(place), run_id)


def show(place: Place, run_id: str) -> int:
    """Print the answer of a run again. Exit 0: showing worked, whatever the answer says."""
    run = find_run(place, run_id)
    record = read_record(run)
    answer = record.answer or _unfinished(run)
    with only_results(place.format) as output:
        output.shown(answer, render_answer(answer, record.evidence))
    return 0


def report(place: Place, run_id: str) -> int:
    """Print the path of the run's page; write it first where it is missing or older than the answer."""
    run = find_run(place, run_id)
    path = run.report if _is_current(run) else write_report(run)
    with only_results(place.format) as output:
        output.value({"run_id": run.run_id, "path": str(path)}, f"{path}\n")
    return 0


def _is_current(run: RunDirectory) -> bool:
    if not run.report.is_file() or not run.answer.is_file():
        return False
    return run.report.stat().st_mtime >= run.answer.stat().st_mtime


def _unfinished(run: RunDirectory) -> Answer:
    error = Interrupted(
        f"the run {run.run_id} has not answered yet: it goes on, or it was stopped",
        remedy=f"mlexpert run --resume {run.run_id}",
    )
    return error_answer(error, run.run_id, str(run.path))
