"""Scores a setting: best at x = 0.3, a little better where it is bent."""

from __future__ import annotations

import time

from skills.runtime.job import Job, UserMistake


def work(job: Job) -> None:
    spec = job.spec
    if spec.x > spec.fails_above:
        raise UserMistake(f"x is {spec.x:.3f}", "take a smaller one")
    score = -((spec.x - 0.3) ** 2) + (0.01 * (1 - abs(spec.bend)) if spec.kind == "bent" else 0.0)
    for place in range(1, spec.places + 1):
        time.sleep(spec.pause_s)
        job.progress(place=place, value=score - 0.1 / place)
    job.claim(spec.states, score)
    job.claim("size", 1.0 + spec.x)
