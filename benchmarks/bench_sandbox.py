"""Seconds from asking for a box to the first line of a job in it, beside plain `docker run` of the same image.

Every round takes each way once, so that the machine's load meets them all; the figures are medians. The job is
`python -m ready`, whose one line is printed when `import torch` (or nothing) is done. The peer runs without any limit.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import record

from sandbox.docker.backend import DockerSandbox
from sandbox.docker.engine import connect
from sandbox.images.environments import build
from sandbox.images.images import box_image
from sandbox.pool.pool import Pool
from sandbox.protocol import Box, BoxSpec, Mount

ROUNDS = 10
LOCK = Path(__file__).resolve().parents[1] / "locks" / "box.txt"
VARIABLES = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
PYTHON = "/mnt/env/bin/python3"
PAIRS = {
    "cold_box_torch_to_docker_run": ("cold_box_torch", "docker_run_torch"),
    "cold_box_to_docker_run": ("cold_box", "docker_run"),
    "docker_run_to_warm_box": ("docker_run", "warm_box"),
    "docker_run_torch_to_zygote": ("docker_run_torch", "zygote_torch"),
}
READY = {"torch": "import torch", "bare": "pass"}


async def plain(image: str, mounts: tuple[Mount, ...], module: str) -> float:
    """`docker run`, to its first line."""
    binds = [word for mount in mounts for word in ("--volume", f"{mount.source}:/mnt/{mount.target}:ro")]
    env = [word for pair in {**VARIABLES, "PYTHONPATH": "/mnt/lib"}.items() for word in ("--env", "=".join(pair))]
    words = ["docker", "run", "--rm", *binds, *env, image, PYTHON, "-m", module]
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    line = await process.stdout.readline()
    taken = time.perf_counter() - started
    assert line == b"ready\n" and await process.wait() == 0
    return taken


async def ours(opening: Callable[[], Awaitable[Box]], module: str) -> float:
    """A box of ours, from the call that opens it to the job's first line."""
    heard: list[float] = []
    started = time.perf_counter()
    box = await opening()
    try:
        done = await box.run(
            [PYTHON, "-m", module],
            env={**VARIABLES, "PYTHONPATH": str(box.mounts / "lib")},
            timeout_s=120,
            on_output=lambda stream, line: heard.append(time.perf_counter() - started),
        )
    finally:
        await box.close()
    assert done.output == "ready\n" and done.exit_code == 0, done
    return heard[0]


async def measure(lib: Path) -> dict[str, list[float]]:
    sandbox = DockerSandbox()
    image = box_image(connect()[0])
    mounts = (
        Mount(source=(await build(LOCK, "docker")).path, target="env"),
        Mount(source=lib, target="lib"),
    )
    spec = BoxSpec(run="bench", mounts=mounts, memory_mb=2048, cpus=2.0)
    pool = Pool(sandbox, size=4, memory_mb=16384)

    async def cold() -> Box:
        return await sandbox.open(spec)

    async def warm() -> Box:
        return await pool.open(spec, agent="warm")

    async def zygote() -> Box:
        return await pool.open(spec, agent="zygote", preload=("torch",), variables=VARIABLES)

    ways: dict[str, Callable[[], Awaitable[float]]] = {
        "docker_run_torch": lambda: plain(image, mounts, "torch_is_ready"),
        "cold_box_torch": lambda: ours(cold, "torch_is_ready"),
        "warm_box_torch": lambda: ours(warm, "torch_is_ready"),
        "zygote_torch": lambda: ours(zygote, "torch_is_ready"),
        "docker_run": lambda: plain(image, mounts, "bare_is_ready"),
        "cold_box": lambda: ours(cold, "bare_is_ready"),
        "warm_box": lambda: ours(warm, "bare_is_ready"),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    try:
        for number in range(ROUNDS + 1):
            turn = number % len(ways)  # each way comes first, and after each other, as often
            for name in [*ways][turn:] + [*ways][:turn]:
                taken = await ways[name]()
                if number:  # the first round fills caches and the pool
                    times[name].append(taken)
            print(f"round {number} of {ROUNDS}", file=sys.stderr)
    finally:
        await pool.close()
    return times


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        lib = Path(folder)
        for name, statement in READY.items():
            (lib / f"{name}_is_ready.py").write_text(f"{statement}\nprint('ready', flush=True)\n")
        lib.chmod(0o755)
        times = await measure(lib)
    medians = {name: statistics.median(taken) for name, taken in times.items()}

    def paired(one: str, other: str) -> float:
        """The median over the rounds: both of a pair met the same load."""
        return statistics.median(a / b for a, b in zip(times[one], times[other], strict=True))

    record.write(
        "sandbox",
        {
            "rounds": ROUNDS,
            "median_s": {name: round(value, 4) for name, value in medians.items()},
            "worst_s": {name: round(max(taken), 4) for name, taken in times.items()},
            "ratio_of_medians": {name: round(medians[one] / medians[other], 2) for name, (one, other) in PAIRS.items()},
            "median_of_paired_ratios": {name: round(paired(*pair), 2) for name, pair in PAIRS.items()},
        },
    )


if __name__ == "__main__":
    asyncio.run(main())
