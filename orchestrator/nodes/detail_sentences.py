"""What an answer tells of a model beyond its metric: probabilities that miss their promise, the worst slice."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.evidence import Evidence
from orchestrator.gates.table import CALIBRATED, CALIBRATION
from orchestrator.report.intervals import interval_words
from orchestrator.report.numbers import spell

DELIVERED = "delivered"


def calibration_claims(evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """The calibration error, where its whole interval lies above what passes as calibrated."""
    error = _own(evidence, CALIBRATION)
    if error is not None and error.interval is not None and error.interval[0] > CALIBRATED:
        what = error.text.partition(";")[0]
        told = f"Its probabilities miss what they promise: expected calibration error of the {what}"
        yield f"{told} ({interval_words(error)}; up to {CALIBRATED:g} would pass as calibrated)", error


def slice_claims(evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """The worst slice of the table, where it is worse than all rows beyond chance."""
    worst, worse = _own(evidence, "worst_slice"), _own(evidence, "slices.worse")
    if worst is not None and worse is not None and worse.value:
        told = f"It errs most, beyond what chance explains, on {worst.n} of the sealed rows: {worst.text}"
        yield f"{told} ({interval_words(worst)}, which holds for all slices at once)", worst


def latency_claims(evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """How long one call takes, by the number of its rows, where that was measured."""
    for entry in evidence:
        who, _, batch = entry.subject.partition(", batch ")
        if entry.name == "latency_ms" and who == DELIVERED and entry.value is not None:
            rows = "one row" if batch == "1" else f"{batch} rows"
            yield f"Time of a prediction of {rows} on this machine ({interval_words(entry)})", entry


def learning_claims(evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """What the last and largest part of the training rows was worth, where a learning curve was measured."""
    scores = {entry.subject: entry for entry in evidence if entry.name == "learning.score" and entry.value is not None}
    gains = [entry for entry in evidence if entry.name == "learning.gain" and entry.value is not None]
    last = gains[-1] if gains else None
    if last is None or last.interval is None:
        return
    named = ", ".join(f"{spell(entry.value)} after {rows}" for rows, entry in scores.items())
    metric = last.text.partition(":")[0]
    told = "more rows may help further" if last.interval[0] > 0 else "that may be chance, so more rows need not help"
    yield (
        f"Learning curve, {metric} on the sealed rows by training rows: {named}; what the last step ({last.subject}) "
        f"gains ({interval_words(last)}): {told}",
        last,
    )


def _own(evidence: tuple[Evidence, ...], name: str) -> Evidence | None:
    found = (entry for entry in evidence if entry.name == name and entry.subject == DELIVERED)
    return next((entry for entry in found if entry.value is not None), None)
