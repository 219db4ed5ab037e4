"""Waits, claims, fails."""

from __future__ import annotations

import time
from pathlib import Path

from skills.runtime.job import Job, UserMistake


def work(job: Job) -> None:
    spec = job.spec
    (job.out / "seen.txt").write_text("\n".join(sorted(job.inputs)))
    job.progress(done=0, total=1, loss=spec.value)
    end = time.monotonic() + spec.seconds
    while time.monotonic() < end:
        time.sleep(0.02)
    if spec.fail and not (spec.fail_unless and Path(spec.fail_unless).exists()):
        fail(spec.fail, job.out)
    job.claim("error", spec.value / spec.resolution, file="seen.txt")
    job.artifact("seen.txt", "log")


def fail(how: str, out: Path) -> None:
    if how == "mistake":
        raise UserMistake("the column 'x' holds nothing", "fill it")
    if how == "memory":
        hoard = [bytearray(16 << 20) for _ in range(64)]
        time.sleep(len(hoard))
    if how == "disk":
        with (out / "big.bin").open("wb") as stream:
            for _ in range(64):
                stream.write(bytes(1 << 20))
                stream.flush()
                time.sleep(0.05)
    if how == "hang":
        time.sleep(600)
    raise RuntimeError("the toy broke")
