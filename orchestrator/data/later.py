"""Columns that may be known only after the target: by their names, or as one tells far more than all others."""

from __future__ import annotations

import re
from itertools import pairwise

import pandas as pd

from orchestrator.core.plan import DataStrategy
from orchestrator.data.finding import LeakFinding
from orchestrator.data.units import MOMENT

LEAST_NAMED = 0.3  # a column with such a name must tell so much of the target, beyond the commonest class
LEAST_ASKED = 0.7  # a column with any name must tell so much before the user is asked
LESS_LEFT = 0.5  # and leave at most this share of what the next best column leaves untold

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LATER = frozenset({
    "refund", "refunded", "refunds", "chargeback", "discharge", "discharged", "final", "outcome", "resolution",
    "resolved", "settlement", "settled", "payout", "cancellation", "cancelled", "canceled", "churned", "returned",
    "followup", "afterwards", "aftermath", "realized", "realised", "autopsy", "deceased", "died", "relapse",
    "relapsed", "verdict", "recovered", "recoveries", "collections", "chargeoff", "termination", "terminated",
    "exit", "review", "reviewed", "closing", "closed",
})  # fmt: skip
_PAIRS = frozenset(
    {("follow", "up"), ("charge", "off"), ("pay", "out"), ("charged", "off"), ("written", "off"), ("paid", "out")}
)


def sounds_later(name: str) -> bool:
    """Whether a name is that of something written down at the end. A heuristic: words of a short English list."""
    parts = [part.lower() for part in _PARTS.findall(name)]
    return not _LATER.isdisjoint(parts) or not _PAIRS.isdisjoint(pairwise(parts))


def known_later(alone: dict[str, float], classes: pd.Series | None, data: DataStrategy, rows: int) -> LeakFinding:
    """The column that tells most of those that sound late, else the one that tells most of all.

    `alone` is how well each feature tells the target (`explained`), `classes` all labels, None for a number. Only a
    name makes a leak of it; a column that tells far more than every other one is asked about (`question`).
    """
    skill = {name: _beyond_commonest(share, classes) for name, share in alone.items()}
    late = {name: share for name, share in skill.items() if sounds_later(name)}
    telling = tuple(name for name, share in late.items() if share > LEAST_NAMED)
    best, *others = sorted(late or skill, key=lambda name: -skill[name])
    named = telling or (best,)
    keep = " ".join(f"`keep column {name}`" for name in named)
    remedy = (
        f"{', '.join(named)} sounds as if it were known only after {data.target}, and tells much of it: leave it out, "
        f"or say {keep} if it is known before"
    )
    next_best = max((skill[name] for name in others), default=0.0)
    asks = (
        not late
        and not MOMENT.fullmatch(best)
        and skill[best] >= LEAST_ASKED
        and 1.0 - skill[best] <= LESS_LEFT * (1.0 - next_best)
    )
    question = (
        f"is {best} known when the prediction is made? It tells {data.target} far better than any other column; if it "
        f"is not, say `known only afterwards: {best}`"
    )
    return LeakFinding(
        kind="afterwards", value=skill[named[0]], threshold=LEAST_NAMED if late else 1.0, columns=named, rows=rows,
        remedy=remedy, question=question if asks else "",
    )  # fmt: skip


def _beyond_commonest(share: float, classes: pd.Series | None) -> float:
    """What a share of right rows is worth beyond naming the commonest class; a number's R² or |rho| as it is."""
    if classes is None:
        return share
    common = float(classes.value_counts(normalize=True).iloc[0])
    return max(0.0, (share - common) / (1.0 - common)) if common < 1 else 0.0
