"""Learning rates as functions of the step alone, so that a resumed training has no state of theirs to restore."""

from __future__ import annotations

import math

from skills.deep.spec import Spec

LAST = 0.001  # share of the rate at the end of a schedule that falls
START = 0.04  # where one cycle begins
RISE = 0.3  # of one cycle, where the spec names a shorter warm-up
FALL, WAIT = 0.5, 3  # a plateau halves the rate after a third of the patience


def share_of(spec: Spec, step: int, steps: int) -> float:
    """What share of the rate step 0 ≤ step < steps takes.

    cosine: Loshchilov, I. & Hutter, F. (2017) arXiv:1608.03983, without restarts. one_cycle: Smith, L. & Topin, N.
    (2018) arXiv:1708.07120, the rate alone. plateau and constant stay at 1 after the warm-up.
    """
    done = step / max(1, steps - 1)
    if spec.schedule == "one_cycle":
        rise = max(spec.warmup, RISE)
        if done < rise:
            return START + (1 - START) * _cosine(1 - done / rise)
        return LAST + (1 - LAST) * _cosine((done - rise) / (1 - rise))
    if done < spec.warmup:
        return (step + 1) / (spec.warmup * max(1, steps - 1) + 1)
    if spec.schedule == "cosine":
        return LAST + (1 - LAST) * _cosine((done - spec.warmup) / (1 - spec.warmup))
    return 1.0


def words(spec: Spec, rate: float) -> str:
    """For the history: optimizer, rate, schedule and stopping rule."""
    kind = {"one_cycle": "one cycle", "plateau": "halved on a plateau"}.get(spec.schedule, spec.schedule)
    warm = f", warm-up over {spec.warmup:.0%}" if spec.warmup and spec.schedule != "one_cycle" else ""
    return (
        f"{spec.optimizer}, rate {rate:g}, {kind}{warm}; early stopping on {spec.held_out:.0%} of the training rows "
        f"with patience {spec.patience}"
    )


def _cosine(done: float) -> float:
    """From 1 at 0 to 0 at 1."""
    return 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, done))))
