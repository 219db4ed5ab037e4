"""McNemar's test: do two classifiers make equally many mistakes that the other one does not make?"""

from __future__ import annotations

from collections.abc import Mapping
from math import comb, erfc, sqrt
from pathlib import Path
from typing import Any

import numpy as np

from skills.runtime.scoring.scored import Score, Scored, Scorer, unmeasured
from skills.runtime.scoring.table_metrics import Regressed
from skills.runtime.scoring.tables import Unmatched, read_labels, read_subject


def mcnemar(files: Mapping[str, Path], params: Mapping[str, Any]) -> Scored:
    """The p-value against each model in `params["others"]`, files of those names, corrected for their number.

    Exact and two-sided, from the rows that only one of the two gets right (McNemar 1947, doi:10.1007/BF02295996), then
    Holm's correction (1979, doi:10.2307/4615733). Rows count as independent of one another. Table `mcnemar-SUBJECT`.
    """
    told, labels = str(params.get("subject", "")), read_labels(files["labels"])
    others = [str(name) for name in params["others"]]
    right = {}
    for name in ("predictions", *others):
        try:
            found = read_subject(files[name], labels, params)
        except (Unmatched, ValueError) as wrong:
            return unmeasured("mcnemar_p", f"{name}: {wrong}", subject=told)
        if isinstance(found, Regressed):
            return unmeasured("mcnemar_p", "the labels are numbers, not classes", subject=told)
        right[name] = found.predicted == found.truth
    ours, n = right["predictions"], len(labels.row_ids)
    won = [int((ours & ~right[name]).sum()) for name in others]
    lost = [int((~ours & right[name]).sum()) for name in others]
    plain = [exact(a, b) for a, b in zip(won, lost, strict=True)]
    held = holm(plain)
    scores, rows = [], []
    for name, a, b, p, corrected in zip(others, won, lost, plain, held, strict=True):
        text = f"only {told} right in {a} rows, only {name} in {b}; exact and two-sided, {p:.3g} before the correction"
        scores.append(Score("mcnemar_p", corrected, n=n, subject=f"{told} vs {name}", text=f"{text} for {len(others)}"))
        rows.append([name, int((ours & right[name]).sum()), a, b, int((~ours & ~right[name]).sum()), p, corrected])
    heads = ["other", "both right", f"only {told} right", "only the other right", "both wrong", "p", "p, corrected"]
    return Scored(tuple(scores), {f"mcnemar-{told}": {"columns": heads, "rows": rows}})


def exact(won: int, lost: int) -> float:
    """The two-sided binomial probability of a split at least as uneven; 1 where no row tells them apart."""
    n, few = won + lost, min(won, lost)
    if n > 1000:  # beyond it the tail's whole numbers grow long, and the normal curve with its continuity is as good
        return min(1.0, erfc(max(0.0, abs(won - lost) - 1) / sqrt(2 * n)))
    return min(1.0, 2 * sum(comb(n, k) for k in range(few + 1)) / 2**n)


def holm(values: list[float]) -> list[float]:
    """The p-values made to hold for all at once, in their own order."""
    order = np.argsort(values, kind="stable")
    held, least = [0.0] * len(values), 0.0
    for rank, place in enumerate(order):
        least = max(least, min(1.0, (len(values) - rank) * values[place]))
        held[place] = least
    return held


SCORERS: dict[str, Scorer] = {"mcnemar": mcnemar}
