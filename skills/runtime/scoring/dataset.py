"""How far a data set of solutions is from its own limit, recomputed from the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured


def dataset(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """`dataset_error`: the largest relative L2 change of a sample's field from half its grid; `dataset_lost`.

    The file holds `outputs` (samples, …, fields), `half` of the same shape, and `failed`, the numbers of samples that
    could not be solved; `dataset_lost` counts those, the samples in which a value is not finite, and those that
    are missing of the `samples` asked for.
    """
    subject = str(params.get("subject", "dataset"))
    with np.load(files["dataset"], allow_pickle=False) as held:
        fine, half = (np.asarray(held[name], dtype=np.float64) for name in ("outputs", "half"))
        failed = len(held["failed"]) if "failed" in held.files else 0
    if fine.shape != half.shape or fine.ndim < 2 or not fine.size:
        why = f"the data set holds outputs of shape {fine.shape} and half-grid outputs of shape {half.shape}"
        return unmeasured("dataset_error", why, subject=subject)
    rows, other = (values.reshape(len(values), -1, values.shape[-1]) for values in (fine, half))
    lost = int(np.sum(~np.isfinite(rows).all(axis=(1, 2)) | ~np.isfinite(other).all(axis=(1, 2))))
    asked = max(len(rows) + failed, int(params.get("samples", 0)))
    gone = float(lost + asked - len(rows))
    count = Score("dataset_lost", gone, n=asked, subject=subject, text=f"of {asked} samples")
    if lost:
        missed = unmeasured("dataset_error", f"{lost} of {len(rows)} samples are not finite", subject=subject)
        return Scored((*missed.scores, count))
    norms = np.linalg.norm(rows, axis=1)
    norms = np.where(norms > 0, norms, norms.max(axis=1, keepdims=True))
    if not norms.all():
        missed = unmeasured("dataset_error", "a sample is zero everywhere", subject=subject)
        return Scored((*missed.scores, count))
    changes = np.linalg.norm(rows - other, axis=1) / norms
    worst, usual = int(np.argmax(changes.max(axis=1))), float(np.median(changes.max(axis=1)))
    text = f"the worst of {len(rows)} samples, number {worst}; the median changes by {usual:.2g}"
    error = Score("dataset_error", float(changes.max()), n=len(rows), subject=subject, text=text)
    return Scored((error, count))


SCORERS: dict[str, Scorer] = {"dataset": dataset}
