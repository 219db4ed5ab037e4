"""Processes that hold leases, and the machine that they share."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from sandbox.leases.demand import Capacity, Gpu

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("lease_script.py")
MACHINE = Capacity(
    cores=(0, 1), memory_mb=1000, gpus=tuple(Gpu(uuid=f"GPU-{name}", name="fake", memory_mb=1) for name in "abc")
)


def start(*words: object) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), *map(str, words)]
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, text=True)


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
