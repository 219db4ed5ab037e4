"""Counts, writes checkpoints of all kinds, goes on from one, or stumbles over it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from skills.runtime.job import Job

Writer = Callable[[Path, np.ndarray], object]


def work(job: Job) -> None:
    spec, state = job.spec, np.array([0.0, 0.1])
    if "checkpoint" in job.inputs:
        if spec.stumbles:
            raise RuntimeError("this checkpoint is none that I can read")
        with np.load(job.inputs["checkpoint"], allow_pickle=False) as held:
            state = held["state"]
    while state[0] < spec.counts:
        time.sleep(spec.pause_s)
        state = np.array([state[0] + 1, np.sin(state[1]) + 1e-3 * state[0]])
        new = job.out / "new"
        WRITERS[spec.checkpoint](new, state)
        new.replace(job.out / "checkpoint.npz")
        job.progress(done=state[0], total=spec.counts)
        if state[0] == spec.hoards_at and "checkpoint" not in job.inputs:
            hoard = [bytearray(16 << 20) for _ in range(64)]
            time.sleep(len(hoard))
    np.savez(job.model_folder / "state.npz", state=state)
    job.claim("training_cpu_s", 1.0, "s")
    job.artifact("model", "model")


def whole(path: Path, state: np.ndarray) -> None:
    with path.open("wb") as stream:
        np.savez(stream, state=state)


def with_an_object(path: Path, state: np.ndarray) -> None:
    with path.open("wb") as stream:
        np.savez(stream, state=state, more=np.array([{"an": "object"}], dtype=object))


WRITERS: dict[str, Writer] = {
    "whole": whole,
    "link": lambda path, _: path.symlink_to("/etc/passwd"),
    "fifo": lambda path, _: os.mkfifo(path),
    "object": with_an_object,
    "text": lambda path, _: path.write_text("import os"),
}
