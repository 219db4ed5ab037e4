"""Measures a search: how many trials ended how, what they tuned, and that none saw a sealed row."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as parquet  # type: ignore[import-untyped]
from pydantic import ValidationError

from orchestrator.core.plan import Plan, Step
from orchestrator.data.seal import ROW_ID
from orchestrator.data.split import SplitRecord
from orchestrator.measure.edge import load_json
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.search.history import History

HISTORY, USED = "search.json", "hyperparameters.json"


def measure_search(book: EvidenceBook, plan: Plan, split: SplitRecord) -> None:
    """Fill the book for the plan's search. What a trial scored is its own claim; the counts are the host's."""
    for step in plan.steps:
        if step.search is None:
            continue
        source = book.run.out(step.id) / HISTORY
        try:
            history = History.model_validate(load_json(source).value)
        except ValidationError as error:
            why = f"the record of the search cannot be read: {error.error_count()} values are wrong"
            book.add("search.missing", None, source, step.id, text=why)
            return
        _counts(book, history, source, step)
        _scores(book, history, source, step)
        _separate(book, plan, history, split, step)


def _counts(book: EvidenceBook, history: History, source: Path, step: Step) -> None:
    counts, planned = history.counts(), history.search.trials
    ended = len(history.trials)
    told = f"{ended} of {planned} trials ended: {counts['done']} finished, {counts['pruned']} stopped early, " \
           f"{counts['failed']} failed"  # fmt: skip
    book.add("search.missing", float(planned - ended), source, step.id, n=planned, text=told)
    book.add("search.failed", float(counts["failed"]), source, step.id, n=ended, text=told)


def _scores(book: EvidenceBook, history: History, source: Path, step: Step) -> None:
    """Of the best trial and of the usual setting, as the trials claimed them."""
    best = history.best_trial
    claim = history.search.objectives[0].claim
    if best is not None:
        book.add("search.tuned", best.values[0], source, step.id, n=len(history.trials), subject=claim,
                 text=f"trial {best.number}, the best of {len(history.trials)}, as it claims")  # fmt: skip
        for name, value in best.setting.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                book.add("search.best", float(value), source, step.id, subject=name, text=f"trial {best.number}")
    usual = next((trial for trial in history.trials if history.search.first and trial.number == 0), None)
    if usual is not None and usual.state == "done":
        book.add("search.usual", usual.values[0], source, step.id, subject=claim, text="the usual setting, trial 0")


def _separate(book: EvidenceBook, plan: Plan, history: History, split: SplitRecord, step: Step) -> None:
    """Row ids on both sides of the split, and where the setting that was trained differs from the best trial's."""
    train, test = _ids(Path(split.train)), _ids(Path(split.test_inputs))
    shared = len(train & test)
    book.add("search.shared_rows", float(shared), Path(split.train), step.id, n=len(test),
             text=f"{shared} of {len(test)} sealed rows were in the trials' boxes")  # fmt: skip
    best = history.best_trial.setting if history.best_trial else {}
    after = [one for one in plan.steps if step.id in one.needs]
    used = load_json(book.run.out(after[0].id) / USED).value if after else None
    used = used if isinstance(used, dict) else {}
    moved = sorted(name for name, value in best.items() if used.get(name) != value)
    told = (
        f"trained otherwise than the best trial: {', '.join(moved)}" if moved else "trained at the best trial's setting"
    )
    found = float(len(moved)) if best and after else None
    book.add(
        "search.setting_differences",
        found,
        book.run.out(after[0].id) / USED if after else book.run.plan,
        step.id,
        n=len(best),
        text=told,
    )


def _ids(path: Path) -> set[int]:
    return set(parquet.read_table(path, columns=[ROW_ID]).column(ROW_ID).to_pylist())
