"""Checks of a search for hyperparameters: was it made as planned, and is the reported score another than the tuned?"""

from __future__ import annotations

from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan
from orchestrator.gates.known import Known, unknown

FAILED_SHARE = 0.5  # of the trials that may fail (heuristic)
TUNED = "search.tuned"


def complete(known: Known) -> Verdict:
    """Every planned trial ended, and at most half of them failed.

    A search that a clock stopped would be another one on another machine.
    """
    check = "search.complete"
    missing, failed = known.find("search.missing"), known.find("search.failed")
    if missing is None or failed is None or missing.value is None or failed.value is None:
        return unknown(check, (missing.text if missing else "") or "the trials were not counted")
    late, broken = missing.value > 0, failed.value > FAILED_SHARE * max(1, failed.n)
    remedy = "give the search more time, or ask for fewer trials" if late else "narrow the search space"
    return Verdict(
        id=check, verdict="failed" if late or broken else "passed", value=missing.value, threshold=0.0,
        evidence=(missing.id, failed.id), reason=missing.text, remedy=remedy if late or broken else "",
    )  # fmt: skip


def searched(plan: Plan) -> str:
    """The family whose settings were sought; empty where none was."""
    bodies = [step.body[0] for step in plan.steps if step.search is not None]
    models = bodies[0].spec.get("models") if bodies else None
    return str(models[0]) if isinstance(models, list) and models else ""


def nested(known: Known) -> Verdict:
    """No trial saw a row that the reported score rests on, and that score was measured at the setting found.

    Cawley, G. & Talbot, N. (2010) On over-fitting in model selection, JMLR 11: a score that chose is optimistic.
    """
    check = "search.nested"
    shared, tuned, moved = known.find("search.shared_rows"), known.find(TUNED), known.find("search.setting_differences")
    metric = known.plan.data.metric if known.plan.data else ""
    outer = known.find(metric, searched(known.plan))
    needed = (shared, tuned, moved, outer)
    if any(entry is None or entry.value is None for entry in needed):
        told = next((entry.text for entry in needed if entry and entry.value is None and entry.text), "")
        return unknown(check, told or "the score at the best setting was not measured on sealed rows")
    assert shared is not None and tuned is not None and moved is not None and outer is not None
    passed = shared.value == 0 and moved.value == 0
    said = "; ".join(entry.text for entry in (shared, moved) if entry.value)
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=shared.value, threshold=0.0,
        evidence=(shared.id, tuned.id, moved.id, outer.id),
        reason=said
        or f"{metric} at the best setting: {tuned.value:.4g} on the trials' folds, which chose it, "
        f"{outer.value:.4g} on rows that no trial saw",
        remedy="" if passed else "start the request anew",
    )  # fmt: skip
