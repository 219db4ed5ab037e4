"""Is a model's prediction the same twice, and are its inputs scaled?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured


def scaled_range(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """The largest absolute value of what enters the model."""
    subject = str(params.get("subject", ""))
    with np.load(files["features"], allow_pickle=False) as held:
        features = np.asarray(held["features"], dtype=np.float64)
    if not features.size or not np.all(np.isfinite(features)):
        return unmeasured("scaled_range", "the features are empty or not finite", subject=subject)
    return Scored((Score("scaled_range", float(np.abs(features).max()), n=len(features), subject=subject),))


def prediction_repeat(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """The largest absolute difference between two predictions of the same inputs by the same model."""
    subject = str(params.get("subject", ""))
    outputs = []
    for name in ("predictions", "again"):
        with np.load(files[name], allow_pickle=False) as held:
            outputs.append(np.asarray(held["outputs"], dtype=np.float64))
    first, again = outputs
    if first.shape != again.shape or not first.size:
        text = f"the predictions have shapes {first.shape} and {again.shape}"
        return unmeasured("prediction_repeat", text, subject=subject)
    if not np.all(np.isfinite(first)) or not np.all(np.isfinite(again)):
        return unmeasured("prediction_repeat", "the predictions are not finite", subject=subject)
    value = float(np.abs(first - again).max())
    return Scored((Score("prediction_repeat", value, n=len(first), subject=subject),))


SCORERS: dict[str, Scorer] = {"scaled_range": scaled_range, "prediction_repeat": prediction_repeat}
