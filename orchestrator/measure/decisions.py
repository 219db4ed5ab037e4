"""Books the threshold that was chosen on validation rows, where the sealed predictions show that it is the one used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import BaseModel, FiniteFloat, ValidationError

from orchestrator.measure.edge import load_json, load_predictions
from orchestrator.measure.evidence import EvidenceBook

THRESHOLD, VALUE = "threshold", "threshold.value"


class Chosen(BaseModel):
    """`met` tells whether the bound was kept on the validation rows, `rows` how many there were."""

    threshold: FiniteFloat
    met: bool
    rows: int


class Decision(BaseModel):
    """`decision.json` of an evaluation with a threshold."""

    positive: str
    threshold: Chosen


def book_threshold(book: EvidenceBook, model: Path, scores: Path, decisions: Path, rows: int, step: str) -> None:
    """Evidence `threshold.value`: from this probability on a row counts as positive.

    `scores` and `decisions` are predictions of the sealed rows by the model as it is and at the threshold. Without a
    value where the decisions are not what the threshold makes of the probabilities.
    """
    path = model / "decision.json"
    read, asked, decided = load_json(path), load_predictions(scores, rows), load_predictions(decisions, rows)
    try:
        told = Decision.model_validate(read.value)
        column = asked.held["output_names"].tolist().index(told.positive)
        above = asked.held["outputs"][:, column] >= told.threshold.threshold
        same = bool(np.array_equal(above, decided.held["outputs"][:, column] == 1))
    except (ValidationError, ValueError, KeyError, IndexError) as error:
        why = read.why or asked.why or decided.why or f"decision.json cannot be used: {type(error).__name__}"
        book.add(VALUE, None, path, step, subject=THRESHOLD, text=why)
        return
    if not same:
        book.add(VALUE, None, path, step, subject=THRESHOLD, text="the decisions are not those of the threshold told")
        return
    kept = "where the bound is kept" if told.threshold.met else "where no threshold keeps to the bound: the nearest"
    text = f"of the probability of {told.positive!r}, chosen on {told.threshold.rows} validation rows, {kept}"
    book.add(VALUE, told.threshold.threshold, path, step, n=told.threshold.rows, subject=THRESHOLD, text=text)
