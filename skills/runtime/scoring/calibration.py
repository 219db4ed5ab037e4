"""Are probabilities what they promise? Promised shares beside seen ones, on the sealed rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import LEVEL, RESAMPLES, draw, ends
from skills.runtime.scoring.gaps import wilson
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import Classified, Regressed
from skills.runtime.scoring.tables import NO_INTERVAL, Labels, Unmatched, read_labels, read_subject, without_miss
from skills.runtime.scoring.weights import Given, Weights

Array = NDArray[np.float64]

BINS = 10
LEAST_IN_A_BIN = 10
BARS = 20  # of the histogram of probabilities
DRAWS, AT_ONCE = 1000, 50  # of outcomes, if every promise held
MANY_ROWS = 20_000


def calibration_error(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """The mean distance between what is promised and what is seen, over ten bins of equally many rows.

    Of two classes the positive one's probability counts, of more the predicted class's. Expected calibration error
    with bins of equal mass (Nguyen and O'Connor 2015, arXiv:1508.05154). Chance alone keeps it above zero and resamples
    add as much again, hence the interval's low end is reflected at the value (the basic bootstrap, Davison and Hinkley
    1997, section 5.2); its high end is the resamples' own, on the safe side.
    Score `overconfidence`: mean promise less seen share. Tables `calibration-SUBJECT`, a line a
    bin, and `probabilities-SUBJECT`, how often each probability is promised.
    """
    subject, labels = str(params.get("subject", "")), read_labels(files["labels"])
    try:
        found = read_subject(files["predictions"], labels, params)
    except (Unmatched, ValueError) as wrong:
        return unmeasured("calibration_error", str(wrong), subject=subject)
    if isinstance(found, Regressed):
        return unmeasured("calibration_error", "the labels are numbers, not classes", subject=subject)
    promised, seen, what = promises(found)
    if len(seen) < 2 * LEAST_IN_A_BIN:
        return unmeasured("calibration_error", f"{len(seen)} rows are too few to compare shares", subject=subject)
    bins = min(BINS, len(seen) // LEAST_IN_A_BIN)
    place = np.minimum(np.argsort(np.argsort(promised, kind="stable")) * bins // len(seen), bins - 1)
    member = (place[:, None] == np.arange(bins)).astype(float)

    def error(weights: Weights) -> Array:
        sums = weights.sums(np.c_[member * (promised - seen)[:, None], np.ones(len(seen))])
        return np.asarray(np.abs(sums[:, :-1]).sum(axis=1) / sums[:, -1], dtype=np.float64)

    told = f"{what}; {bins} bins of equally many rows"
    chance = _by_chance(promised, member, params)
    scores = (
        _score("calibration_error", error, labels, params, told, chance),
        _sureness(promised, seen, labels, params, what),
    )
    tables = {f"calibration-{subject}": _table(promised, seen, place, bins, labels)}
    return Scored(scores, tables | {f"probabilities-{subject}": _histogram(promised)})


def promises(subject: Classified) -> tuple[Array, Array, str]:
    """(promised probability, whether it came true, whose probability that is) of every row."""
    if subject.binary:
        seen = (subject.truth == subject.positive).astype(float)
        return subject.probability[:, subject.positive], seen, f"probability of {subject.classes[subject.positive]!r}"
    seen = (subject.predicted == subject.truth).astype(float)
    return subject.probability.max(axis=1), seen, "probability of the predicted class"


def _table(promised: Array, seen: Array, place: NDArray[np.int64], bins: int, labels: Labels) -> dict[str, list[Any]]:
    """A line a bin; the ends are Wilson's interval of the share, counting drawn units."""
    rows = []
    for one in range(bins):
        own = place == one
        units = np.array([len(np.unique(labels.units[own]))], dtype=float)
        low, high = wilson(np.array([seen[own].mean()]), units)[0]
        rows.append([float(promised[own].mean()), float(seen[own].mean()), float(low), float(high), int(own.sum())])
    return {"columns": ["promised", "seen", "low", "high", "rows"], "rows": rows}


def _histogram(promised: Array) -> dict[str, list[Any]]:
    counts, edges = np.histogram(promised, bins=BARS, range=(0.0, 1.0))
    rows = [[float(edges[k]), float(edges[k + 1]), int(counts[k])] for k in range(BARS)]
    return {"columns": ["from", "to", "rows"], "rows": rows}


def _sureness(promised: Array, seen: Array, labels: Labels, params: Mapping[str, Any], what: str) -> Score:
    """Mean promise less the share that came true; where all did or none, with the bound of a share without a miss."""

    def sureness(weights: Weights) -> Array:
        apart, total = weights.sums(np.c_[promised - seen, np.ones(len(seen))]).T
        return np.asarray(apart / total, dtype=np.float64)

    score = _score("overconfidence", sureness, labels, params, f"{what}: mean promise less the share that came true")
    if len(np.unique(seen)) > 1:
        return score
    room, middle = 1 - without_miss(len(np.unique(labels.units))), float(promised.mean())
    low, high = (middle - 1, middle - 1 + room) if seen[0] else (middle - room, middle)
    return replace(score, low=low, high=high)


def _by_chance(promised: Array, member: Array, params: Mapping[str, Any]) -> float:
    """The error that promises which all hold stay below in 95 % of draws.

    Bröcker and Smith (2007), doi:10.1175/WAF993.1. Rows are drawn one by one: rows that come in groups or in time order
    vary more. Of many rows the sums of the bins are drawn, which are normal then.
    """
    generator = np.random.default_rng([int(params.get("seed", 0)), 2])
    if len(promised) > MANY_ROWS:
        spread = np.sqrt((promised * (1 - promised)) @ member)
        apart = np.abs(generator.normal(size=(DRAWS, len(spread))) * spread)
        return float(np.quantile(apart.sum(axis=1) / len(promised), LEVEL))
    found: list[Array] = []
    for _ in range(DRAWS // AT_ONCE):
        seen = (generator.random((AT_ONCE, len(promised))) < promised).astype(float)
        found.append(np.abs((promised - seen) @ member).sum(axis=1) / len(promised))
    return float(np.quantile(np.concatenate(found), LEVEL))


def _score(
    name: str, function: Callable[[Weights], Array], labels: Labels, params: Mapping[str, Any], told: str,
    chance: float | None = None,
) -> Score:  # fmt: skip
    """With `chance`, what chance alone stays below, the interval's low end is reflected, and 0 up to there."""
    n, subject = len(labels.row_ids), str(params.get("subject", ""))
    seed, resamples = int(params.get("seed", 0)), int(params.get("resamples", RESAMPLES))
    value = float(function(Given(np.ones((1, n))))[0])
    drawn = draw(labels.units, seed=seed, resamples=resamples)
    between = None if drawn is None else ends(function(drawn))
    text = f"{told}; 95 % bootstrap interval over {labels.drawn}" if between else f"{told}; {NO_INTERVAL}"
    if between and chance is not None:
        low = max(0.0, 2 * value - between[1]) if value > chance else 0.0
        between = low, max(value, between[1])
        text += f", less what chance adds: promises that all hold stay below {chance:.2g} here"
    return Score(name, value, "", *(between or (None, None)), n, subject, text)


SCORERS: dict[str, Scorer] = {"calibration_error": calibration_error}
