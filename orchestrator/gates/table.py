"""Checks of a model trained on a table."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.gates import forecast
from orchestrator.gates.known import Known, unknown

MIN_TEST_ROWS = 10  # below that a bootstrap interval says little (heuristic)
MIN_UNITS = 10  # rows, groups or blocks in time that the bootstrap draws (heuristic)
WIDEST = 0.5  # an interval may span half of the scale that the metric can use (heuristic)
OF_ONE = ("accuracy", "balanced_accuracy", "f1", "precision", "recall", "roc_auc", "pr_auc", "r2")
NOMINAL_COVERAGE = 0.9
CALIBRATED = 0.05  # the calibration error up to which probabilities hold what they promise (heuristic)
CALIBRATION, LATENCY = "calibration_error", "latency_ms"
RECALIBRATE = 'recalibrate it on rows of its own: mlexpert run "Evaluate and recalibrate run RUN"'
CONSTANT = "constant"  # the guess that the host makes from the training rows
OPPONENTS = frozenset({"linear", "forest"})  # a straight and a bent family, at least
OFF_SCALE = 10.0  # training deviations; drift over time moves a scaled column by a few, raw units by far more


def leakage(known: Known) -> Verdict:
    """No leak found by any of the host's measurements on the two sides of the split, or none but those overridden.

    A leak by columns that the request wants kept, each by name, passes and is told: the user took it upon himself.
    """
    check = "data.leakage"
    leaks = known.find("leaks", "split")
    if leaks is None or leaks.value is None:
        return unknown(check, (leaks.text if leaks else "") or "leakage was not measured")
    every = [entry for entry in known.evidence if entry.name.startswith(("leak.", "leak_overridden."))]
    over = [entry for entry in every if _over(entry)]
    overridden = [entry for entry in over if entry.name.startswith("leak_overridden.")]
    passed = leaks.value == 0
    told = "; ".join(f"overridden by the request, {entry.text}" for entry in overridden)
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=leaks.value, threshold=0.0,
        evidence=(leaks.id, *(entry.id for entry in every)),
        reason=(told if passed and told else "; ".join(filter(None, (leaks.text, told)))),
        remedy="" if passed else "drop the columns named, or split by group or time",
        columns={entry.name.removeprefix("leak."): entry.columns for entry in over if entry not in overridden},
    )  # fmt: skip


def _over(entry: Evidence) -> bool:
    return entry.value is not None and entry.bound is not None and entry.value > entry.bound


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
    """No other candidate is significantly better than the delivered one on the sealed rows; two families at least."""
    check = "model.inductive_bias"
    metric = known.plan.data.metric if known.plan.data else ""
    others = {entry.subject for entry in known.all(metric)} - {"delivered", CONSTANT, *forecast.NAMES}
    pairs = [e for e in known.all("paired_difference") if e.subject.removeprefix("delivered vs ") in others]
    if absent := sorted(OPPONENTS - others):
        told = known.find("paired_difference", f"delivered vs {absent[0]}")
        why = f"the delivered model was not compared with {' and '.join(absent)}{f': {told.text}' if told else ''}"
        return unknown(check, why, (told,) if told else ())
    if len(pairs) < len(others) or any(pair.interval is None for pair in pairs):
        why = next((pair.text for pair in pairs if pair.interval is None and pair.text), "")
        return unknown(check, f"not every candidate was compared on the sealed rows: {why}".rstrip(": "), tuple(pairs))
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
    """Better than the host's own constant guess, with the whole interval of the difference above zero.

    A series must beat the best of the forecasts without a model.
    """
    check = "model.baseline"
    if known.plan.data is not None and known.plan.data.series is not None:
        return forecast.baseline(known)
    pair = known.find("paired_difference", f"delivered vs {CONSTANT}")
    if pair is None or pair.value is None or pair.interval is None:
        return unknown(check, pair.text if pair else "the constant guess was not measured")
    passed = pair.interval[0] > 0
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=pair.interval[0], threshold=0.0, evidence=(pair.id,),
        reason=pair.text if passed else f"no skill beyond a constant guess: {pair.text}",
        remedy="" if passed else "these columns do not predict the target; more or other data may",
    )  # fmt: skip


def loss(known: Known) -> Verdict:
    """Does the trainer's cross-validated score hold on the sealed rows, to both sides?

    Optimism is the sign of overfitting; a claim clearly worse than what was measured does not describe this model.
    `cv_gap` is by how much the claim is better than the measured score, with its 95 % interval. Passed where
    the interval is at most half its own width away from 0: about three standard errors in all. Folds in time
    order train on less and on other seasons than the final model, so there a claim may be worse by up to what
    the model gains over the constant guess.
    """
    check = "training.loss"
    gap = known.find("cv_gap")
    if gap is None or gap.value is None or gap.interval is None:
        return unknown(check, gap.text if gap else "the cross-validated score was not compared")
    low, high = gap.interval
    optimistic = low > 0
    away, allowed = max(low, -high), (high - low) / 2
    data, gained = known.plan.data, known.find("paired_difference", f"delivered vs {CONSTANT}")
    ordered = data is not None and (data.split.kind == "time" or not data.split.shuffle)
    if ordered and not optimistic and gained is not None and gained.value is not None:
        allowed = max(allowed, gained.value)
    if away <= allowed:
        return Verdict(
            id=check, verdict="passed", value=away, threshold=allowed, evidence=(gap.id,), reason=gap.text
        )  # fmt: skip
    overfit = "the model overfits: simplify it or give more data"
    strange = "the claimed score does not describe this model, or the test rows are easier: look at both"
    return Verdict(
        id=check, verdict="failed", value=away, threshold=allowed, evidence=(gap.id,), reason=gap.text,
        remedy=overfit if optimistic else strange,
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
    bounds = [(_measured(known, str(bound.get("metric"))), bound) for bound in data.constraints]
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
    """The metric's interval rests on enough rows and says something; so do regression's 90 % prediction intervals."""
    check = "evaluation.uncertainty"
    data = known.plan.data
    measured = known.find(data.metric, "delivered") if data else None
    if data is None or measured is None or measured.interval is None:
        return unknown(check, "the metric has no interval")
    found = _metric_interval(check, known, measured)
    if found.verdict != "passed" or data.task != "regression":
        return found
    intervals = _prediction_intervals(check, known)
    return intervals.model_copy(
        update={"reason": f"{found.reason}; {intervals.reason}", "evidence": (*found.evidence, *intervals.evidence)}
    )


def _metric_interval(check: str, known: Known, measured: Evidence) -> Verdict:
    """Failed where the bootstrap drew few units, or the interval is as wide as half the metric's scale.

    The scale is 1 for metrics that end at 1, and for errors the constant guess's own error.
    """
    units, guess = known.find("bootstrap_units", "delivered"), known.find(measured.name, CONSTANT)
    if units is None or units.value is None:
        return unknown(check, "what the bootstrap drew was not told", (measured,))
    scale = 1.0 if measured.name in OF_ONE else (guess.value if guess else None)
    if scale is None:
        return unknown(check, f"the constant guess's {measured.name} was not measured", (measured, units))
    low, high = measured.interval or (0.0, 0.0)
    width, widest = high - low, WIDEST * scale
    told = f"{measured.name}: 95 % interval [{low:.4g}, {high:.4g}] over {units.value:.0f} units"
    ids = (measured.id, units.id, *((guess.id,) if guess and measured.name not in OF_ONE else ()))
    if units.value < MIN_UNITS:
        return Verdict(
            id=check, verdict="failed", value=units.value, threshold=float(MIN_UNITS), evidence=ids,
            reason=f"{told}; {MIN_UNITS} are needed", remedy="give more rows, or more groups",
        )  # fmt: skip
    passed = width <= widest
    return Verdict(
        id=check, verdict="passed" if passed else "failed", value=width, threshold=widest, evidence=ids,
        reason=told if passed else f"{told}; it may be {widest:.4g} wide",
        remedy="" if passed else "give more rows: so wide an interval tells little",
    )  # fmt: skip


def _prediction_intervals(check: str, known: Known) -> Verdict:
    """Failed where they hold fewer labels than promised, or are wider than those of the constant guess."""
    covered, width = known.find("coverage", "delivered"), known.find("interval_width", "delivered")
    widest = known.find("interval_width", CONSTANT)
    if covered is None or covered.value is None or covered.interval is None:
        return unknown(check, covered.text if covered else "coverage was not measured")
    if width is None or widest is None or width.value is None or widest.value is None:
        return unknown(check, "the width of the prediction intervals was not measured", (covered,))
    ids = (covered.id, width.id, widest.id)
    told = f"prediction intervals: {covered.text}, {width.value:.4g} wide, {widest.value:.4g} for a constant guess"
    if covered.interval[1] < NOMINAL_COVERAGE:
        return Verdict(
            id=check, verdict="failed", value=covered.value, threshold=NOMINAL_COVERAGE, evidence=ids, reason=told,
            remedy="the rows changed between training and test: widen or recalibrate the intervals",
        )  # fmt: skip
    if not width.value <= widest.value:
        return Verdict(
            id=check, verdict="failed", value=width.value, threshold=widest.value, evidence=ids, reason=told,
            remedy="intervals wider than those of a constant guess say nothing: a better model narrows them",
        )  # fmt: skip
    return Verdict(
        id=check, verdict="passed", value=covered.value, threshold=NOMINAL_COVERAGE, evidence=ids, reason=told
    )


def _measured(known: Known, metric: str) -> Evidence | None:
    return known.find(metric, "delivered, batch 1" if metric == LATENCY else "delivered")


def _bound(check: str, found: Evidence, bound: Mapping[str, object]) -> Verdict | None:
    """A failed verdict where a bound of the request is not met; None where it is."""
    value = found.value if found.value is not None else float("nan")
    if found.name == CALIBRATION and found.interval is not None:
        value = found.interval[0]  # chance alone keeps the error itself above zero
    least, most = bound.get("at_least"), bound.get("at_most")
    below = isinstance(least, int | float) and not value >= least
    above = isinstance(most, int | float) and not value <= most
    if not below and not above:
        return None
    limit, shown = least if below else most, "" if value == found.value else f" ({value:.4g} at least)"
    value = found.value if found.value is not None else value
    return Verdict(
        id=check, verdict="failed", value=value, threshold=float(str(limit)), evidence=(found.id,),
        reason=f"{found.name} is {value:.4g}{shown}, the request asks for {'at least' if below else 'at most'} {limit}",
        remedy=RECALIBRATE if found.name == CALIBRATION else "loosen the bound, or give more or better data",
    )  # fmt: skip
