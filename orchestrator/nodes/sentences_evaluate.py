"""What the answer of an evaluation claims: each sentence quotes one measured number."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan
from orchestrator.core.request import Route
from orchestrator.gates.evaluation import differs
from orchestrator.measure.decisions import THRESHOLD, VALUE
from orchestrator.measure.evaluation import OTHER, RECALIBRATED, SETS
from orchestrator.nodes.detail_sentences import learning_claims, slice_claims
from orchestrator.nodes.sentences_deploy import service_claims
from orchestrator.report.intervals import interval_words

OF_CALIBRATION = ("calibration_error", "log_loss", "brier")
CONSTANT, DELIVERED = "constant", "delivered"


def evaluation_claims(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """The models' metric beside a constant guess, their difference, and how what was fitted does on the sealed rows.

    Of a model that is deployed: what was measured of its service.
    """
    if plan.route is Route.DEPLOY:
        yield from service_claims(plan, evidence)
        return
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
    """What an entry says; empty where the answer does not quote it."""
    if entry.name == "paired_difference":
        return _difference(entry, metric, names)
    if entry.subject in (THRESHOLD, SETS):
        return _decided(entry)
    who, kind = names.get(entry.subject, ""), entry.name.replace("_", " ")
    if entry.name == metric and entry.subject == DELIVERED:
        return f"{kind} of {who} on {entry.n} sealed rows"
    if entry.name == metric and entry.subject in (OTHER, CONSTANT):
        return f"{kind} of {who} on the same rows"
    if entry.name in OF_CALIBRATION and entry.subject == RECALIBRATED:
        return f"{kind} of {who} on the same rows"
    if entry.name in OF_CALIBRATION and entry.subject == DELIVERED and entry.name != metric:
        return f"{kind} of {who} as it is"
    if entry.name == "coverage" and entry.subject == DELIVERED:
        return f"Share of sealed rows inside the prediction intervals of {who}: {entry.text}"
    return entry.text[:1].upper() + entry.text[1:] if entry.name == "accesses" else ""


def _difference(pair: Evidence, metric: str, names: dict[str, str]) -> str:
    ours = names[DELIVERED]
    if pair.subject == f"{DELIVERED} vs {OTHER}":
        return f"By how much {ours} is better than {names[OTHER]} in {metric}, row by row: {differs(pair)}"
    if pair.subject == f"{DELIVERED} vs {RECALIBRATED}":
        return f"By how much {ours} as it is has the better log loss than recalibrated, row by row: {differs(pair)}"
    return ""


def _decided(entry: Evidence) -> str:
    """Of the threshold that was chosen, and of conformal sets."""
    if entry.name == VALUE:
        return f"The threshold, {entry.text}"
    if entry.subject == THRESHOLD:
        return f"{entry.name.replace('_', ' ')} at the threshold that was chosen on the validation rows"
    return f"Sets of classes: {'their mean size' if entry.name == 'set_size' else entry.text}"


def _range(entry: Evidence) -> str:
    words = interval_words(entry)
    return f" ({words})" if words else ""
