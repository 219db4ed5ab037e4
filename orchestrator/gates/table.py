"""Checks of a model trained on a table."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.gates.known import Known, unknown

MIN_TEST_ROWS = 10  # below that a bootstrap interval says little (heuristic)
NOMINAL_COVERAGE = 0.9
OFF_SCALE = 10.0  # training deviations; drift over time moves a scaled column by a few, raw units by far more


def leakage(known: Known) -> Verdict:
    """No leak found by any of the host's measurements on the two sides of the split."""
    check = "data.leakage"
    leaks = known.find("leaks", "split")
    if leaks is None or leaks.value is None:
        return unknown(check, "leakage was not measured")
    ids = (leaks.id, *(entry.id for entry in known.evidence if entry.name.startswith("leak.")))
    passed = leaks.value == 0
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=leaks.value, threshold=0.0, evidence=ids,
        reason=leaks.text, remedy="" if passed else "drop the columns named, or split by group or time",
    )  # fmt: skip


def scaling(known: Known) -> Verdict:
    """What enters the linear candidate lies on one scale: column means and deviations on the sealed rows are small."""
    check = "data.scaling"
    mean, spread = known.find("feature_mean", "delivered"), known.find("feature_deviation_high", "delivered")
    if mean is None or spread is None or mean.value is None or spread.value is None:
        return unknown(check, (mean.text if mean else "") or "the features were not measured")
    farthest = max(mean.value, spread.value)
    passed = farthest <= OFF_SCALE
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=farthest, threshold=OFF_SCALE,
        evidence=(mean.id, spread.id),
        reason=f"scaled features: largest |mean| {mean.value:.3g}, largest deviation {spread.value:.3g}",
        remedy="" if passed else "scale the features inside the pipeline",
    )  # fmt: skip


def inductive_bias(known: Known) -> Verdict:
    """No other candidate is significantly better than the delivered one on the sealed rows."""
    check = "model.inductive_bias"
    metric = known.plan.data.metric if known.plan.data else ""
    others = {entry.subject for entry in known.all(metric)} - {"delivered"}
    pairs = [e for e in known.all("paired_difference") if e.subject.removeprefix("delivered vs ") in others]
    if not others or len(pairs) < len(others) or any(pair.interval is None for pair in pairs):
        return unknown(check, "not every candidate was compared on the sealed rows", tuple(pairs))
    worst = min(pairs, key=lambda pair: pair.interval[1] if pair.interval else 0.0)
    upper = worst.interval[1] if worst.interval else 0.0
    passed = upper >= 0
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=worst.value, threshold=0.0,
        evidence=tuple(pair.id for pair in pairs),
        reason="no candidate is significantly better than the delivered one" if passed else worst.text,
        remedy="" if passed else "another family suits the data better: name it in the request",
    )  # fmt: skip


def baseline(known: Known) -> Verdict:
    """Better than a constant guess, with the whole interval of the difference above zero."""
    check = "model.baseline"
    pair = known.find("paired_difference", "delivered vs dummy")
    if pair is None or pair.value is None or pair.interval is None:
        return unknown(check, pair.text if pair else "the constant guess was not measured")
    passed = pair.interval[0] > 0
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=pair.interval[0], threshold=0.0, evidence=(pair.id,),
        reason=pair.text if passed else f"no skill beyond a constant guess: {pair.text}",
        remedy="" if passed else "these columns do not predict the target; more or other data may",
    )  # fmt: skip


def loss(known: Known) -> Verdict:
    """Does the trainer's cross-validated score hold on the sealed rows? Optimism is the sign of overfitting.

    `cv_gap` is by how much the claim is better than the measured score, with its 95 % interval. Passed where
    the gap's lower end is at most half the interval's width: about three standard errors in all.
    """
    check = "training.loss"
    gap = known.find("cv_gap")
    if gap is None or gap.value is None or gap.interval is None:
        return unknown(check, gap.text if gap else "the cross-validated score was not compared")
    low, high = gap.interval
    passed = low <= (high - low) / 2
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=low, threshold=(high - low) / 2, evidence=(gap.id,),
        reason=gap.text, remedy="" if passed else "the model overfits: simplify it or give more data",
    )  # fmt: skip


def metric(known: Known) -> Verdict:
    """The metric that was asked for is measured on enough sealed rows, and meets the request's bounds."""
    check = "evaluation.metric"
    data = known.plan.data
    measured = known.find(data.metric, "delivered") if data else None
    if data is None or measured is None or measured.value is None:
        return unknown(check, measured.text if measured else "the metric was not measured")
    if measured.n < MIN_TEST_ROWS:
        return unknown(
            check, f"only {measured.n} sealed rows, {MIN_TEST_ROWS} are needed", (measured,), "give more rows"
        )
    bounds = [(known.find(str(bound.get("metric")), "delivered"), bound) for bound in data.constraints]
    for found, bound in bounds:
        if found is None or found.value is None:
            return unknown(check, f"the bound on {bound.get('metric')!r} could not be measured", (measured,))
        verdict = _bound(check, found, bound)
        if verdict is not None:
            return verdict
    ids = (measured.id, *(found.id for found, _ in bounds if found is not None))
    told = f"{data.metric} {measured.value:.4g} on {measured.n} sealed rows"
    met = f"; {len(bounds)} bounds of the request met" if bounds else ""
    return Verdict(id=check, verdict="passed", value=measured.value, evidence=ids, reason=told + met)


def uncertainty(known: Known) -> Verdict:
    """The metric has an interval; for regression the delivered 90 % intervals also cover what they promise."""
    check = "evaluation.uncertainty"
    data = known.plan.data
    measured = known.find(data.metric, "delivered") if data else None
    if data is None or measured is None or measured.interval is None:
        return unknown(check, "the metric has no interval")
    low, high = measured.interval
    told = f"{data.metric}: 95 % interval [{low:.4g}, {high:.4g}]"
    if data.task != "regression":
        return Verdict(id=check, verdict="passed", value=high - low, evidence=(measured.id,), reason=told)
    covered = known.find("coverage", "delivered")
    if covered is None or covered.value is None or covered.interval is None:
        return unknown(check, covered.text if covered else "coverage was not measured", (measured,))
    passed = covered.interval[1] >= NOMINAL_COVERAGE
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=covered.value, threshold=NOMINAL_COVERAGE,
        evidence=(measured.id, covered.id), reason=f"{told}; prediction intervals: {covered.text}",
        remedy="" if passed else "the rows changed between training and test: widen or recalibrate the intervals",
    )  # fmt: skip


def _bound(check: str, found: Evidence, bound: Mapping[str, object]) -> Verdict | None:
    """A failed verdict where a bound of the request is not met; None where it is."""
    value = found.value if found.value is not None else float("nan")
    least, most = bound.get("at_least"), bound.get("at_most")
    below = isinstance(least, int | float) and not value >= least
    above = isinstance(most, int | float) and not value <= most
    if not below and not above:
        return None
    limit = least if below else most
    return Verdict(
        id=check, verdict="failed", value=value, threshold=float(str(limit)), evidence=(found.id,),
        reason=f"{found.name} is {value:.4g}, the request asks for {'at least' if below else 'at most'} {limit}",
        remedy="loosen the bound, or give more or better data",
    )  # fmt: skip
