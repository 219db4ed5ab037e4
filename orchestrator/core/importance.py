"""Importances beside planted noise: which of them tell something."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence

IMPORTANCE = "permutation_importance"  # evidence by column or block, and of the planted noise
NOISE = "noise (control)"


def stands_out(entry: Evidence, noise: Evidence | None) -> bool:
    """Whether an importance is told from noise: its whole interval lies above 0 and above that of the planted noise.

    At 95 % each: of forty columns that tell nothing, one may clear its own interval, and it must clear the noise's too.
    """
    if entry.value is None or entry.interval is None:
        return False
    floor = max(0.0, noise.interval[1]) if noise is not None and noise.interval else 0.0
    return entry.interval[0] > floor
