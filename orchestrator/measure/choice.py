"""Reads why a candidate was delivered: the scores in cross-validation, and the gain that a paired test was about."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, FiniteFloat, ValidationError

from orchestrator.measure.edge import load_json
from orchestrator.measure.evidence import EvidenceBook

SCORE, GAIN = "choice.score", "choice.gain"
WEIGHED = "training.class_weights"
DELIVERED = "delivered"  # how the text of the delivered candidate's score begins


class Candidate(BaseModel):
    """`mean` over folds with its standard `error`, or `score` over all held-out rows; None where it gave no numbers."""

    model: str
    mean: FiniteFloat | None = None
    error: FiniteFloat | None = None
    score: FiniteFloat | None = None


class Gain(BaseModel):
    better: str
    over: str
    value: FiniteFloat
    low: FiniteFloat | None = None
    high: FiniteFloat | None = None
    p: FiniteFloat | None = None
    rivals: int


class Weighing(BaseModel):
    used: bool
    why: str
    ratio: FiniteFloat | None = None


class Choice(BaseModel):
    """`choice.json` of a step that compares candidates."""

    delivered: str
    metric: str
    test: str
    folds: int
    candidates: tuple[Candidate, ...]
    gain: Gain | None = None
    class_weights: Weighing | None = None


def record_choice(book: EvidenceBook, out: Path, step: str) -> None:
    """Evidence `choice.score` of every candidate, the delivered one named by its text, and `choice.gain`.

    `training.class_weights` is how much the rarest class was weighed over the commonest, where classes were weighed.

    A step that chose among no candidates has no such file, and nothing is booked.
    """
    path = out / "choice.json"
    if not path.is_file():
        return
    read = load_json(path)
    try:
        told = Choice.model_validate(read.value)
    except ValidationError as error:
        why = read.why or f"choice.json cannot be used: {error.error_count()} values are missing or of the wrong kind"
        book.add(GAIN, None, path, step, text=why)
        return
    for one in told.candidates:
        found = one.mean if one.mean is not None else one.score
        text = f"{DELIVERED if one.model == told.delivered else 'compared'} by {told.metric} in cross-validation"
        book.add(SCORE, found, path, step, n=told.folds, subject=one.model, text=text)
    if told.class_weights is not None and told.class_weights.used:
        book.add(WEIGHED, told.class_weights.ratio, path, step, subject=DELIVERED, text=told.class_weights.why)
    if told.gain is not None:
        gain, more = told.gain, f", its interval allows for {told.gain.rivals} rivals" if told.gain.rivals > 1 else ""
        ends = (gain.low, gain.high) if gain.low is not None and gain.high is not None else None
        test = f"{told.test}{'' if gain.p is None else f', p = {gain.p:.2g}'}"
        book.add(
            GAIN, gain.value, path, step, interval=ends, n=told.folds, subject=f"{gain.better} over {gain.over}",
            text=f"{told.metric}: {test}{more if ends else ''}",
        )  # fmt: skip


def claimed_error(book: EvidenceBook, out: Path, step: str) -> float:
    """The standard error of the delivered candidate's mean score over folds; 0 where our own skill told none."""
    if step in book.unvouched:
        return 0.0
    try:
        told = Choice.model_validate(load_json(out / "choice.json").value)
    except ValidationError:
        return 0.0
    return next((one.error for one in told.candidates if one.model == told.delivered and one.error), 0.0)
