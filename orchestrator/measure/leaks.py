"""Books what was measured of leakage between the two sides of a split."""

from __future__ import annotations

from pathlib import Path

from orchestrator.core.errors import BadInput
from orchestrator.core.plan import DataStrategy
from orchestrator.data.arrays_leaks import find_array_leaks
from orchestrator.data.finding import LeakFinding
from orchestrator.data.leaks import find_leaks
from orchestrator.data.split import SplitRecord
from orchestrator.measure.evidence import EvidenceBook


def book_leaks(book: EvidenceBook, split: SplitRecord, data: DataStrategy, source: Path, step: str) -> None:
    """Evidence `leak.KIND` for each measurement, and `leaks` for how many are over their limit.

    A leak of columns that the request wants kept by name is not among those: it is booked as `leak_overridden.KIND`.
    """
    try:
        found = find_leaks(split, data) if data.arrays is None else find_array_leaks(split, data)
    except BadInput as gone:
        book.add("leaks", None, source, step, subject="split", text=gone.message)
        return
    for leak in found:
        name = f"leak_overridden.{leak.kind}" if leak.overridden(data) else f"leak.{leak.kind}"
        told = f"{_named(leak)}: {leak.value:.3g}, allowed up to {leak.threshold:.3g}"
        book.add(
            name, leak.value, source, step, n=leak.rows, subject="split", bound=leak.threshold, text=told,
            columns=leak.columns,
        )  # fmt: skip
    leaks = [leak for leak in found if leak.leaks and not leak.overridden(data)]
    told = "; ".join(f"{_named(leak)}: {leak.remedy}" for leak in leaks)
    searched = f"{len(found)} kinds of leak looked for ({', '.join(leak.kind for leak in found)}), none found"
    questions = [leak for leak in found if leak.question and not set(leak.columns) <= set(data.kept)]
    for leak in questions:
        book.add("leak_question", leak.value, source, step, n=leak.rows, subject="split", text=leak.question)
    asked = "; ".join(leak.question for leak in questions)
    text = told or "; ".join(filter(None, (searched, asked)))
    book.add("leaks", float(len(leaks)), source, step, n=len(found), subject="split", text=text)


def _named(leak: LeakFinding) -> str:
    return leak.kind + (f" ({', '.join(leak.columns)})" if leak.columns else "")
