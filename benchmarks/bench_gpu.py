"""The skills deep, pinn and jax on a GPU and on the same machine's processor, one thread: seconds, result, memory.

Jobs on the card run one after the other and alone; then those on the processor, several at once, and beside them those
on the card again: are the model's files the same? One is killed and goes on, on the card and on the processor.
Without a GPU nothing is measured.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from on_gpu.cases import CASES, FULL, Case

ROOT = Path(__file__).resolve().parents[1]
KILLED = "cnn, 6,000 images of 28 x 28"
GRID = 101
Figures = dict[str, Any]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="of an environment whose torch is built for CUDA")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    parser.add_argument("--device", default="cuda", help="cpu: try the benchmark itself, without a GPU")
    parser.add_argument("--cores", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="for jobs at once")
    parser.add_argument("--limit-s", type=float, default=200.0, help="of one job")
    parser.add_argument("--result", type=Path, default=ROOT / "benchmarks" / "results" / "gpu.json")
    return parser.parse_args()


class Jobs:
    """Runs jobs of skills in fresh processes, as boxes do, below one folder."""

    def __init__(self, python: str, root: Path, limit_s: float) -> None:
        self.python, self.root, self.limit_s = python, root, limit_s
        self.inputs = {name: self._made(name, case) for name, case in {**CASES, "full": FULL}.items()}

    def _made(self, name: str, case: Case) -> dict[str, str]:
        folder = self.root / name.replace(" ", "_").replace(",", "")
        folder.mkdir()
        return case.train(folder)

    def start(self, name: str, case: Case, device: str, out: Path, **more: str) -> subprocess.Popen[str]:
        out.mkdir(parents=True, exist_ok=True)
        told = {
            "skill": case.skill, "spec": case.spec, "inputs": {**self.inputs[name], **more}, "out": str(out), "seed": 0,
            "threads": 1, "device": device,
        }  # fmt: skip
        (out / "job.json").write_text(json.dumps(told), encoding="utf-8")
        kept = {key: os.environ[key] for key in ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME") if key in os.environ}
        kept["PYTHONPATH"] = f"{ROOT}:{kept.get('PYTHONPATH', '')}"
        words = [self.python, "-m", "skills.runtime", "work", str(out / "job.json")]
        with (out / "log.txt").open("w") as log:
            return subprocess.Popen(words, cwd=ROOT, env=kept, stdout=log, stderr=subprocess.STDOUT, text=True)

    def run(self, name: str, case: Case, device: str, tag: str, **more: str) -> Figures:
        """A job's figures; where it fails, the end of its log."""
        out, began = Path(tempfile.mkdtemp(prefix=tag, dir=self.root)), time.monotonic()
        running = self.start(name, case, device, out, **more)
        try:
            code = running.wait(self.limit_s)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            return {"failed": f"longer than {self.limit_s:g} s"}
        found: Figures = {"seconds": round(time.monotonic() - began, 1)}
        if code:
            error = out / "error.json"
            told = error if error.is_file() else out / "log.txt"
            return {**found, "failed": told.read_text()[-600:], "code": code}
        return {**found, **figures(case, out)}


def figures(case: Case, out: Path) -> Figures:
    """What a finished job tells: its result, when it stopped, the card and its memory, a hash of the model's files."""
    history = json.loads((out / "history.json").read_text())
    gpu = json.loads((out / "environment.json").read_text()).get("gpu")
    digest = hashlib.sha256()
    for path in sorted((out / "model").rglob("*")):
        digest.update(path.read_bytes() if path.is_file() else b"")
    found: Figures = {"at": history["stopped"]["at"], "model": digest.hexdigest()[:16]}
    if gpu:
        found["gpu"] = gpu
    if peak := re.search(r"at most (\d+) MiB", (out / "log.txt").read_text()):
        found["peak_mb"] = float(peak[1])
    if case.truth is not None:
        return {**found, "error": error_of(case, out)}
    choice = json.loads((out / "choice.json").read_text())
    found |= {one["model"]: round(one["score"], 4) for one in choice["candidates"] if one["model"] != "dummy"}
    return {**found, "peak_mb": choice["gpu_peak_mb"]} if gpu else found


def error_of(case: Case, out: Path) -> float:
    """Relative L2 error on a grid, of the model's own `predict`."""
    told = """import sys, importlib, numpy as np; from pathlib import Path; from skills.runtime.job import Inputs
with np.load(sys.argv[2]) as held: points = held["points"]
main = importlib.import_module(f"skills.{sys.argv[3]}.main")
np.save(sys.argv[4], main.predict(Path(sys.argv[1]), Inputs(points=points, names=("x", "t")), "delivered").values)"""
    low = case.spec["problem"]["coordinates"][0]["low"]
    axes = np.meshgrid(np.linspace(low, 1, GRID), np.linspace(0, 1, GRID), indexing="ij")
    points = np.stack([axis.ravel() for axis in axes], axis=1)
    np.savez(out / "points.npz", points=points)
    words = [sys.executable, "-c", told, str(out / "model"), str(out / "points.npz"), case.skill, str(out / "u.npy")]
    subprocess.run(words, cwd=ROOT, check=True)
    assert case.truth is not None
    truth = case.truth(points)
    return float(np.linalg.norm(np.load(out / "u.npy")[:, 0] - truth) / np.linalg.norm(truth))


def resumed(jobs: Jobs, device: str) -> Figures:
    """A job that is killed with its checkpoint written, gone on with on the card and on the processor."""
    case, cut = CASES[KILLED], jobs.root / "cut"
    case = Case(case.skill, {**case.spec, "checkpoint_s": 0.0}, case.samples)
    running = jobs.start(KILLED, case, device, cut)
    while running.poll() is None and "epoch 3" not in (cut / "log.txt").read_text():
        time.sleep(0.05)
    running.send_signal(signal.SIGKILL)
    running.wait()
    held = str(cut / "checkpoint.npz")
    found = {place: jobs.run(KILLED, case, place, f"resumed_{place}", checkpoint=held) for place in (device, "cpu")}
    return {
        "whole": jobs.run(KILLED, case, device, "whole"),
        **{f"resumed on {key}": one for key, one in found.items()},
    }


def main() -> None:
    wanted = arguments()
    if (
        wanted.device == "cuda"
        and subprocess.run(
            [wanted.python, "-c", "import sys, torch; sys.exit(not torch.cuda.is_available())"], check=False
        ).returncode
    ):
        print(f"no GPU that {wanted.python} can use: nothing is measured")
        return
    with tempfile.TemporaryDirectory() as folder:
        jobs, found = Jobs(wanted.python, Path(folder), wanted.limit_s), {name: {} for name in wanted.cases}
        for name in wanted.cases:
            found[name]["card"] = jobs.run(name, CASES[name], wanted.device, "card")
            print(name, found[name]["card"], flush=True)
        with ThreadPoolExecutor(wanted.cores) as cores:
            beside = {name: cores.submit(jobs.run, name, CASES[name], "cpu", "cpu") for name in wanted.cases}
            going = cores.submit(resumed, jobs, wanted.device)
            again = {name: cores.submit(jobs.run, name, CASES[name], wanted.device, "again") for name in wanted.cases}
            for name in wanted.cases:
                found[name]["again"] = again[name].result()
                found[name]["processor"] = beside[name].result()
                print(name, "again", found[name]["again"], "processor", found[name]["processor"], flush=True)
            where = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
            told = {
                "benchmark": "gpu", "date": time.strftime("%Y-%m-%d", time.gmtime()), "machine": where, "cases": found,
                "killed": going.result(),
            }  # fmt: skip
        if wanted.device == "cuda":
            told["full"] = jobs.run("full", FULL, wanted.device, "full")
    print("killed", told["killed"], "\nfull", told.get("full"), flush=True)
    wanted.result.parent.mkdir(parents=True, exist_ok=True)
    wanted.result.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
