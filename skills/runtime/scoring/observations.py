"""How a field fits observations that were held out, in units of their noise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skills.runtime.problem import Problem
from skills.runtime.scoring.bootstrap import interval
from skills.runtime.scoring.readings import Unusable, read
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured

Array = NDArray[np.float64]


def observations_chi2(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """Mean of ((field - observed) / noise)²: 1 in expectation for the true field, with the interval over rows.

    `params["noise"]` is the standard deviation of every value, or None.
    """
    problem, subject, noise = Problem.model_validate(params["problem"]), str(params["subject"]), params["noise"]
    try:
        if noise is None:
            raise Unusable("the noise of the observations is not known")
        points, found = read(problem, files["predictions"], files["probes"]).block("observations")
        places, observed, fields = _held_out(files["labels"])
        if not np.array_equal(points, places):
            raise Unusable("the model was not asked at the held-out observations")
    except Unusable as why:
        return unmeasured("observations_chi2", str(why), subject=subject)
    misses = np.square((found[:, [problem.fields.index(name) for name in fields]] - observed) / float(noise))
    seen = np.isfinite(observed)
    sums, counts = np.where(seen, misses, 0.0).sum(axis=1), seen.sum(axis=1).astype(np.float64)

    def statistic(drawn: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return (drawn @ sums) / (drawn @ counts)

    low, high = interval(statistic, np.arange(len(sums)), seed=int(params["seed"])) or (None, None)
    text = f"{int(counts.sum())} values in {len(sums)} held-out rows, noise {float(noise):.4g}"
    value = float(sums.sum() / counts.sum())
    return Scored(
        (Score("observations_chi2", value, low=low, high=high, n=int(counts.sum()), subject=subject, text=text),)
    )


def _held_out(path: Path) -> tuple[Array, Array, list[str]]:
    """(points (n, d), observed (n, k) with NaN where nothing was, names of the fields)."""
    with np.load(path, allow_pickle=False) as held:
        names = [str(name) for name in held["output_names"]]
        return held["inputs"].astype(np.float64), held["outputs"].astype(np.float64), names


SCORERS: dict[str, Scorer] = {"observations_chi2": observations_chi2}
