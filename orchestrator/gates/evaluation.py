"""Checks of a model that was there before: nothing of its training was seen."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.gates import table
from orchestrator.gates.known import Known, unknown

THRESHOLD, SETS = "threshold", "sets"
REMEDY = "name the rows that it was trained on: --trained-on FILE"


def leakage(known: Known) -> Verdict:
    """No sealed row is a copy, exact or near, of a row that the model was trained on; unknown without those rows."""
    check = "data.leakage"
    leaks = known.find("leaks", "split")
    if leaks is None or leaks.value is None:
        return unknown(check, leaks.text if leaks else "leakage was not measured", (leaks,) if leaks else (), REMEDY)
    found = table.leakage(known)
    return found.model_copy(
        update={"remedy": "" if found.verdict == "passed" else "evaluate on rows that it never met"}
    )


def seeds(known: Known) -> Verdict:
    """Do two fresh boxes predict the same bits? Nothing else is drawn here but by the host, from the run's seed."""
    check = "reproducibility.seeds"
    repeated = known.find("prediction_repeat")
    if repeated is None or repeated.value is None:
        return unknown(check, (repeated.text if repeated else "") or "the model was not asked twice")
    passed = repeated.value == 0.0
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=repeated.value, threshold=0.0,
        evidence=(repeated.id,), reason=f"two fresh boxes differ by {repeated.value:.3g}",
        remedy="" if passed else "the model draws at random when it predicts: fix its seed",
    )  # fmt: skip


def metric(known: Known) -> Verdict:
    """As for any table; and a chosen threshold keeps to its bound on the sealed rows, as far as they can tell."""
    found = table.metric(known)
    if found.verdict != "passed":
        return found
    bound = _bound(known)
    if bound is None:
        return found
    name, least, most = bound
    measured = known.find(name, THRESHOLD)
    if measured is None or measured.value is None:
        why = (measured.text if measured else "") or "it was not measured"
        return unknown(found.id, f"{name} at the chosen threshold: {why}", (measured,) if measured else ())
    kept = measured.value >= least if least is not None else measured.value <= (most or 0.0)
    low, high = measured.interval or (measured.value, measured.value)
    missed = high < least if least is not None else low > (most or 0.0)
    asked = f"at least {least:g}" if least is not None else f"at most {most:g}"
    told = f"at the threshold {name.replace('_', ' ')} is {measured.value:.4g} (95 % interval {low:.4g} to {high:.4g})"
    reason = f"{told}, asked is {asked}" + ("" if kept or missed else ", which lies in its interval")
    return found.model_copy(
        update={
            "verdict": "failed" if missed else "passed",
            "evidence": (*found.evidence, measured.id),
            "reason": f"{found.reason}; {reason}",
            "remedy": "no threshold of this model keeps to that: loosen the bound, or take another model" * missed,
        }
    )


def uncertainty(known: Known) -> Verdict:
    """As for any table; sets of classes, where asked for, hold the true class as often as promised."""
    found = table.uncertainty(known)
    held = known.find("set_coverage", SETS)
    if found.verdict != "passed" or not _spec(known).get("sets"):
        return found
    if held is None or held.value is None or held.interval is None:
        return unknown(found.id, (held.text if held else "") or "the sets were not measured", (held,) if held else ())
    promised = float(str(_spec(known).get("coverage", table.NOMINAL_COVERAGE)))
    passed = held.interval[1] >= promised
    return found.model_copy(
        update={
            "verdict": "passed" if passed else "failed",
            "evidence": (*found.evidence, held.id),
            "reason": f"{found.reason}; sets of classes: {held.text}",
            "remedy": "" if passed else "the rows changed between validation and test: fit the sets on newer rows",
        }
    )


def _spec(known: Known) -> dict[str, object]:
    return dict(known.plan.steps[0].spec) if known.plan.steps else {}


def _bound(known: Known) -> tuple[str, float | None, float | None] | None:
    """(metric, at_least, at_most) that the threshold keeps to; None where there is none."""
    point = _spec(known).get("operating_point")
    bound = point.get("bound") if isinstance(point, dict) else None
    if not isinstance(bound, dict):
        return None
    least, most = bound.get("at_least"), bound.get("at_most")
    return str(bound["metric"]), _number(least), _number(most)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def differs(pair: Evidence) -> str:
    """Whether a paired difference is shown to be one, in words."""
    low, high = pair.interval or (0.0, 0.0)
    if low > 0:
        return "better, beyond what chance explains"
    return "worse, beyond what chance explains" if high < 0 else "not shown to differ"
