"""What the answer of an evaluation claims: each sentence quotes one measured number."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan
from orchestrator.gates.evaluation import differs
from orchestrator.measure.evaluation import OTHER, RECALIBRATED, SETS, THRESHOLD
from orchestrator.nodes.detail_sentences import learning_claims, slice_claims
from orchestrator.report.intervals import interval_words

OF_CALIBRATION = ("calibration_error", "log_loss", "brier")
CONSTANT, DELIVERED = "constant", "delivered"


def evaluation_claims(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """The models' metric beside a constant guess, their difference, and how what was fitted does on the sealed rows."""
    assert plan.data is not None and plan.evaluated is not None
    subject = plan.evaluated.subject.name
    other = plan.evaluated.other.name if plan.evaluated.other else ""
    names = {DELIVERED: subject, OTHER: other, RECALIBRATED: f"{subject}, recalibrated", CONSTANT: "a constant guess"}
    for entry in evidence:
        if told := _told(entry, plan.data.metric, names):
            yield f"{told}{_range(entry)}", entry
    yield from slice_claims(evidence)
    yield from learning_claims(evidence)


def _told(entry: Evidence, metric: str, names: dict[str, str]) -> str:
    who = names.get(entry.subject, "")
    kind = entry.name.replace("_", " ")
    if entry.name == metric and entry.subject == DELIVERED:
        return f"{kind} of {who} on {entry.n} sealed rows"
    if entry.name == metric and entry.subject in (OTHER, CONSTANT):
        return f"{kind} of {who} on the same rows"
    if entry.name == "paired_difference" and entry.subject == f"{DELIVERED} vs {OTHER}":
        return f"By how much {names[DELIVERED]} is better than {names[OTHER]} in {metric}, row by row: {differs(entry)}"
    if entry.name in OF_CALIBRATION and entry.subject == RECALIBRATED:
        return f"{kind} of {who} on the same rows"
    if entry.name in OF_CALIBRATION and entry.subject == DELIVERED and entry.name != metric:
        return f"{kind} of {who} as it is"
    if entry.subject == THRESHOLD:
        return f"{kind} at the threshold that was chosen on the validation rows"
    if entry.name == "coverage" and entry.subject == DELIVERED:
        return f"Share of sealed rows inside the prediction intervals of {who}: {entry.text}"
    if entry.subject == SETS:
        return f"Sets of classes: {'their mean size' if entry.name == 'set_size' else entry.text}"
    if entry.name == "accesses":
        return entry.text[:1].upper() + entry.text[1:]
    return ""


def _range(entry: Evidence) -> str:
    words = interval_words(entry)
    return f" ({words})" if words else ""
