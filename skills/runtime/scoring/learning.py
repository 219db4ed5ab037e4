"""The learning curve: a model's metric on the sealed rows, by the number of rows that it was fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from skills.runtime.scoring.bootstrap import ends
from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import REGISTRY, gain, value, weighted
from skills.runtime.scoring.tables import NO_INTERVAL, Unmatched, drawn_for, read_labels, read_subject

PART = "rows-"


def learning_curve(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """`params["metric"]` of `predictions`, whose model saw `params["rows"]` rows, and of each file `rows-N` before it.

    Scores: `learning.score` for "N rows", each with its interval, and `learning.gain` for "N over M rows": by how much
    every step made the metric better on the same rows, by a paired bootstrap. The parts are one draw of rows each, so
    the intervals know how much test rows vary, and not how much training rows do. Table `learning-SUBJECT`.
    """
    told, name, labels = str(params.get("subject", "")), str(params["metric"]), read_labels(files["labels"])
    sizes = {int(key.removeprefix(PART)): key for key in files if key.startswith(PART)}
    named = [*sorted(sizes.items()), (int(params["rows"]), "predictions")]
    try:
        subjects = [(rows, read_subject(files[key], labels, params)) for rows, key in named]
    except (Unmatched, ValueError) as wrong:
        return unmeasured("learning.score", str(wrong), subject=told)
    scores, values, n = [], [], len(labels.row_ids)
    unit = str(params.get("unit", "")) if REGISTRY[name]["unit"] == "target" else REGISTRY[name]["unit"]
    before: Any = None
    for rows, subject in subjects:
        drawn = drawn_for(name, subject, labels, params)
        now = value(name, subject), None if drawn is None else weighted(name, subject, drawn)
        low, high = (None if now[1] is None else ends(now[1])) or (None, None)
        found = now[0] if np.isfinite(now[0]) else None
        text = f"{name}; 95 % bootstrap interval over {labels.drawn}" if low is not None else f"{name}; {NO_INTERVAL}"
        scores.append(Score("learning.score", found, unit, low, high, n, f"{rows} rows", text))
        values.append([rows, found, low, high])
        if before is not None:
            better = float(gain(name, now[0], before[1]))
            both = None if now[1] is None or before[2] is None else ends(gain(name, now[1], before[2]))
            told_of = f"{name}: {now[0]:.6g} after {before[1]:.6g} on the same rows; positive is better"
            pair = f"{rows} over {before[0]} rows"
            scores.append(Score("learning.gain", better, unit, *(both or (None, None)), n, pair, told_of))
        before = (rows, *now)
    columns = ["training rows", name, "low", "high"]
    return Scored(tuple(scores), {f"learning-{told}": {"columns": columns, "rows": values}})


SCORERS: dict[str, Scorer] = {"learning_curve": learning_curve}
