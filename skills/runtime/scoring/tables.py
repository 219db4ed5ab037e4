"""Scorers of tables: predictions against sealed labels, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.scoring.bootstrap import RESAMPLES, draw, ends, units_of
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import (
    REGISTRY,
    Classified,
    Regressed,
    classified,
    gain,
    value,
    weighted,
)
from skills.runtime.scoring.weights import Drawn

Array = NDArray[np.float64]

NO_INTERVAL = "no interval: too many resamples lack what it needs"
RANKED = ("roc_auc", "pr_auc", "median_ae")  # metrics that want every row in its order in every resample
MOST_RANKED, LEAST_RESAMPLES = 100_000_000, 500  # rows times resamples times curves
FLAT = 1e-9  # a column that varies less than this share of its size is constant but for rounding


class Unmatched(ValueError):
    """Raised when predictions do not answer the labels row by row."""


@dataclass(frozen=True)
class Labels:
    """Sealed labels: `values` are text for classes; `units` are what a bootstrap draws."""

    row_ids: NDArray[np.int64]
    values: NDArray[Any]
    units: NDArray[np.int64]
    drawn: str

    @property
    def text(self) -> bool:
        return self.values.dtype.kind in "US"


def regression(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """rmse, mae, r2, median_ae and mape (or `params["metrics"]`) of `predictions` against `labels`."""
    return _all_metrics("regression", files, params)


def classification(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """All metrics of classes, and the table `confusion`; `params["positive"]` names the positive one of two."""
    return _all_metrics("classification", files, params)


def paired_difference(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """By how much `predictions` beats `other` in `params["metric"]` on the same rows; positive is better."""
    return _compare("paired_difference", files, params, lambda name, ours, other: gain(name, ours, other))


def skill_over_dummy(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """The share of the way from `other` (the dummy) to a perfect metric: 1 is perfect, 0 no better, below 0 worse."""

    def skill(name: str, ours: Any, other: Any) -> Any:
        room = gain(name, REGISTRY[name]["perfect"], other)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(room > 0, gain(name, ours, other) / room, np.nan)

    return _compare("skill_over_dummy", files, params, skill)


def coverage(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """The share of labels inside the predicted intervals, with Wilson's interval at 95 % (doi:10.2307/2276774).

    The intervals are the columns TARGET.low and TARGET.high; `interval_width` is their mean width.
    """
    subject = str(params.get("subject", ""))
    labels = read_labels(files["labels"])
    try:
        outputs, names = read_predictions(files["predictions"], labels)
        target = names[_target_column(names, params)]
    except Unmatched as wrong:
        return unmeasured("coverage", str(wrong), subject=subject)
    if not {f"{target}.low", f"{target}.high"} <= set(names):
        return unmeasured("coverage", "the predictions hold no interval", subject=subject)
    low, high = names.index(f"{target}.low"), names.index(f"{target}.high")
    inside = (labels.values >= outputs[:, low]) & (labels.values <= outputs[:, high])
    n, share, z = len(inside), float(inside.mean()), 1.959964
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    text = f"{int(inside.sum())} of {n} inside; {float(params.get('nominal', 0.9)):g} was promised"
    width = Score("interval_width", float(np.mean(outputs[:, high] - outputs[:, low])), n=n, subject=subject)
    return Scored((Score("coverage", share, "", centre - half, centre + half, n, subject, text), width))


def scaling(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """How far `features` (n, m) are from mean 0 and deviation 1.

    Columns without any spread are left out of the deviations; they carry nothing to scale.
    """
    subject = str(params.get("subject", ""))
    with np.load(files["features"], allow_pickle=False) as held:
        features = np.asarray(held["features"], dtype=np.float64)
    if features.ndim != 2 or not features.size:
        return unmeasured("feature_mean", f"features have shape {features.shape}", subject=subject)
    if not np.isfinite(features).all():
        return unmeasured("feature_mean", "features hold NaN or infinity", subject=subject)
    deviations = features.std(axis=0)
    spread = deviations[deviations > FLAT * (1 + np.abs(features).max(axis=0))]
    n, (_, columns) = len(features), features.shape
    text = f"{columns} columns, {columns - len(spread)} of them without spread"
    return Scored(
        (
            Score("feature_mean", float(np.abs(features.mean(axis=0)).max()), n=n, subject=subject, text=text),
            Score("feature_deviation_high", float(spread.max()) if len(spread) else None, n=n, subject=subject),
            Score("feature_deviation_low", float(spread.min()) if len(spread) else None, n=n, subject=subject),
            Score("feature_range", float(np.abs(features).max()), n=n, subject=subject),
        )
    )


def _all_metrics(task: str, files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    names = tuple(params.get("metrics") or (name for name, told in REGISTRY.items() if told["task"] == task))
    labels = read_labels(files["labels"])
    try:
        subject = read_subject(files["predictions"], labels, params)
    except Unmatched as wrong:
        return Scored(tuple(Score(name, None, subject=_told(params), text=str(wrong)) for name in names))
    scores = tuple(score_metric(name, subject, labels, params) for name in names)
    told = f"{labels.drawn} drawn by the bootstrap"
    units = Score(
        "bootstrap_units",
        float(len(np.unique(labels.units))),
        "",
        n=len(labels.row_ids),
        subject=_told(params),
        text=told,
    )
    tables = {} if isinstance(subject, Regressed) else {_table_name(params): _confusion(subject)}
    return Scored((*scores, units), tables)


def score_metric(name: str, subject: Regressed | Classified, labels: Labels, params: Mapping[str, Any]) -> Score:
    told, n = str(params.get("subject", "")), len(labels.row_ids)
    wanted = "regression" if isinstance(subject, Regressed) else "classification"
    if REGISTRY.get(name, {}).get("task") != wanted:
        return Score(name, None, n=n, subject=told, text=f"not a metric of {wanted}")
    found = value(name, subject)
    if not np.isfinite(found):
        why = "the target is 0 in some row" if name == "mape" else "the test rows do not hold what it needs"
        return Score(name, None, n=n, subject=told, text=why)
    drawn = drawn_for(name, subject, labels, params)
    between = None if drawn is None else ends(weighted(name, subject, drawn))
    low, high = between or (None, None)
    text = f"95 % bootstrap interval over {labels.drawn}{_fewer(name, subject, params)}" if between else NO_INTERVAL
    if isinstance(subject, Classified) and found == 1 and low == 1 and REGISTRY[name]["higher_is_better"]:
        low, text = _without_error(name, subject, labels)
    if isinstance(subject, Classified) and subject.binary and name in ("f1", "precision", "recall", "pr_auc"):
        text += f"; positive class {subject.classes[subject.positive]!r}"
    unit = str(params.get("unit", "")) if REGISTRY[name]["unit"] == "target" else REGISTRY[name]["unit"]
    return Score(name, found, unit, low, high, n, told, text)


def drawn_for(name: str, subject: Regressed | Classified, labels: Labels, params: Mapping[str, Any]) -> Drawn | None:
    """The resamples for one metric; None where one unit is all there is."""
    seed = int(params.get("seed", 0))
    return draw(labels.units, seed=seed, resamples=resamples_of(name, subject, params))


def resamples_of(name: str, subject: Regressed | Classified, params: Mapping[str, Any]) -> int:
    """As many as are asked for; fewer where a metric ranks so many rows that they would take minutes.

    The ends of an interval from 500 resamples are off by an eighth of a standard error, from 2000 by a sixteenth.
    """
    asked = int(params.get("resamples", RESAMPLES))
    if name not in RANKED:
        return asked
    curves = 1 if isinstance(subject, Regressed) or subject.binary else len(subject.classes)
    return min(asked, max(LEAST_RESAMPLES, MOST_RANKED // (len(subject.truth) * curves)))


def _fewer(name: str, subject: Regressed | Classified, params: Mapping[str, Any]) -> str:
    """Words for resamples that are fewer than usual, for the sake of time."""
    found = resamples_of(name, subject, params)
    return f", {found} resamples" if found < int(params.get("resamples", RESAMPLES)) else ""


def _without_error(name: str, subject: Classified, labels: Labels) -> tuple[float, str]:
    """The lower end where no error was seen, of which a bootstrap knows nothing: every resample is perfect too.

    Clopper and Pearson's bound 0.025^(1/n) (doi:10.1093/biomet/26.4.404) with n the drawn units, for metrics that weigh
    classes alike those of the rarest class. Exact for accuracy; for the others a cautious heuristic.
    """
    places = [labels.units] if name == "accuracy" else [labels.units[subject.truth == k] for k in set(subject.truth)]
    n = min(len(np.unique(units)) for units in places)
    return without_miss(n), f"no error seen; exact binomial bound at 95 % for {n} {labels.drawn.split()[0]}"


def without_miss(n: int) -> float:
    """The lower end at 95 % of a rate of which n trials showed no miss (Clopper and Pearson 1934)."""
    return float(0.025 ** (1 / n))


def _compare(kind: str, files: Mapping[str, Path], params: Mapping[str, Any], combine: Any) -> Scored:
    name, told = str(params["metric"]), str(params.get("subject", ""))
    labels = read_labels(files["labels"])
    try:
        ours, other = (read_subject(files[key], labels, params) for key in ("predictions", "other"))
    except Unmatched as wrong:
        return unmeasured(kind, str(wrong), subject=told)
    both = value(name, ours), value(name, other)
    found = float(combine(name, *both))
    if not np.isfinite(found):
        return unmeasured(kind, f"{name} is {both[0]:g} and {both[1]:g}: no comparison", subject=told)
    drawn = drawn_for(name, ours, labels, params)
    between = drawn and ends(combine(name, weighted(name, ours, drawn), weighted(name, other, drawn)))
    low, high = between or (None, None)
    against = params.get("other", "the other")
    over = f"over {labels.drawn}{_fewer(name, ours, params)}"
    text = f"{name}: {both[0]:.6g} against {both[1]:.6g} of {against}; positive is better; {over}"
    unit = str(params.get("unit", "")) if kind == "paired_difference" and REGISTRY[name]["unit"] == "target" else ""
    return Scored((Score(kind, found, unit, low, high, len(labels.row_ids), told, text),))


def read_labels(path: Path) -> Labels:
    with np.load(path, allow_pickle=False) as held:
        arrays = {name: held[name] for name in held.files}
    row_ids, values = arrays["row_ids"], arrays["labels"]
    units, drawn = units_of(len(row_ids), arrays.get("groups"), arrays.get("times"))
    return Labels(row_ids, values, units, drawn)


def read_predictions(path: Path, labels: Labels) -> tuple[Array, tuple[str, ...]]:
    """Outputs in the labels' order. Raises: Unmatched where a row is missing, extra, double or not a number."""
    with np.load(path, allow_pickle=False) as held:
        if "row_ids" not in held.files:
            raise Unmatched("the predictions have no row_ids")
        ids, outputs = held["row_ids"], np.asarray(held["outputs"], dtype=np.float64)
        names = tuple(str(name) for name in held["output_names"])
    if len(ids) != len(outputs):
        raise Unmatched(f"{len(outputs)} predictions for {len(ids)} row ids")
    if len(np.unique(ids)) != len(ids):
        raise Unmatched(f"{len(ids) - len(np.unique(ids))} row ids are predicted twice")
    missing, extra = np.setdiff1d(labels.row_ids, ids), np.setdiff1d(ids, labels.row_ids)
    if len(missing) or len(extra):
        raise Unmatched(f"{len(missing)} test rows have no prediction, {len(extra)} predictions belong to no test row")
    if not np.isfinite(outputs).all():
        raise Unmatched(f"{int((~np.isfinite(outputs)).any(axis=1).sum())} predictions are NaN or infinite")
    order = np.argsort(ids)
    return outputs[order[np.searchsorted(ids[order], labels.row_ids)]], names


def read_subject(path: Path, labels: Labels, params: Mapping[str, Any]) -> Regressed | Classified:
    outputs, names = read_predictions(path, labels)
    if not labels.text:
        return Regressed(np.asarray(labels.values, dtype=np.float64), outputs[:, _target_column(names, params)])
    if outputs.min() < 0 or outputs.max() > 1 + 1e-6 or np.abs(outputs.sum(axis=1) - 1).max() > 1e-3:
        raise Unmatched("the outputs are not class probabilities: each row must be in [0, 1] and sum to 1")
    positive = params.get("positive")
    return classified(labels.values.tolist(), outputs, names, None if positive is None else str(positive))


def _target_column(names: Sequence[str], params: Mapping[str, Any]) -> int:
    """The column named `params["target"]`; without that name, the only one that is no end of another's interval.

    Raises: Unmatched where there is no such column.
    """
    ends = {f"{name}{end}" for name in names for end in (".low", ".high")}
    target = params.get("target")
    found = [str(target)] if target is not None else [name for name in names if name not in ends]
    if len(found) != 1 or found[0] not in names:
        raise Unmatched(f"the predictions hold {', '.join(names)}: no column for {target or 'one target'!r}")
    return names.index(found[0])


def _told(params: Mapping[str, Any]) -> str:
    return str(params.get("subject", ""))


def _table_name(params: Mapping[str, Any]) -> str:
    subject = str(params.get("subject", ""))
    return f"confusion-{subject}" if subject else "confusion"


def _confusion(subject: Classified) -> dict[str, list[Any]]:
    k = len(subject.classes)
    counts = np.bincount(subject.truth * k + subject.predicted, minlength=k * k).reshape(k, k)
    rows = [[name, *map(int, line)] for name, line in zip(subject.classes, counts, strict=True)]
    return {"columns": ["true \\ predicted", *subject.classes], "rows": rows}


SCORERS: dict[str, Scorer] = {
    "regression": regression,
    "classification": classification,
    "paired_difference": paired_difference,
    "skill_over_dummy": skill_over_dummy,
    "coverage": coverage,
    "scaling": scaling,
}
