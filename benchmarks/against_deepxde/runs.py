"""Runs in processes of their own, kept in a cache: a run that was made is not made again while its code is the same."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
PEER_CODE = ("peer.py", "formulations.py", "fourier.py", "clock.py")


def digest(*parts: Any) -> str:
    """A short hash of values and of the files among them."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(part.read_bytes() if isinstance(part, Path) else json.dumps(part, sort_keys=True).encode())
    return whole.hexdigest()[:16]


def skill_code() -> str:
    """The hash of all code that a training runs."""
    files = [path for name in ("pinn", "runtime") for path in sorted((ROOT / "skills" / name).glob("*.py"))]
    return digest(*files, HERE / "ours.py")


def peer_code() -> str:
    return digest(*(HERE / name for name in PEER_CODE), HERE / "requirements.txt")


def peer_python(cache: Path) -> Path:
    """The peer's Python; its environment is made on first use."""
    folder = cache / "peer"
    python, done = folder / "bin" / "python", folder / ".done"
    if not done.is_file():
        venv.create(folder, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(HERE / "requirements.txt")], check=True)
        done.touch()
    return python


def box_python() -> Path:
    """The Python of the environment that boxes have."""
    told = subprocess.run(
        [sys.executable, "-m", "orchestrator.cli.main", "env", "list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in told.stdout.splitlines() if "(host)" in line]  # those of an image run there only
    found = [python for line in lines if (python := Path(line.split()[-1]) / "bin" / "python").exists()]
    if not found:
        raise SystemExit("there is no box environment: make box, or name one by --box")
    return max(found, key=lambda python: python.parent.parent.stat().st_mtime)


@dataclass(frozen=True)
class Bench:
    """Where things are, and how long a run may take."""

    cache: Path
    box: Path
    peer: Path
    peer_limit_s: float
    our_limit_s: float
    making: bool = True  # False: only runs that are there count

    def truth(
        self, name: str, module: str = "against_deepxde.truths", code: tuple[str, ...] = ("truths.py", "cases.py")
    ) -> Path:
        """The truth of a problem on its test grid; made on first use."""
        path = self.cache / "truths" / f"{name}-{digest(*(HERE / one for one in code))}.npz"
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            made = path.with_name(f".{os.getpid()}-{path.name}")
            self._python(self.box, "-m", module, name, str(made), timeout_s=3600).check_returncode()
            made.replace(path)
        return path

    def peer_run(self, case: Any, schedule: Any, seed: int) -> dict[str, Any] | None:
        """One schedule of the peer. A capped run counts again only where no longer one is asked for."""
        truth = self.truth(case.name)
        key = digest(schedule, case.problem, truth.name, seed, peer_code())
        path = self.cache / "peer-runs" / f"{case.name}-{schedule['name']}-{seed}-{key}.json"
        held = self._held(path)
        if not self.making or (held and (not held.get("capped") or held["limit_s"] >= self.peer_limit_s)):
            return held
        words = (
            "-m",
            "against_deepxde.peer",
            case.name,
            schedule["name"],
            str(seed),
            str(self.peer_limit_s),
            str(truth),
        )
        return self._made(self.peer, words, path, 5 * self.peer_limit_s + 120)

    def our_run(
        self, name: str, problem: dict[str, Any], truth: Path, spec: dict[str, Any], unknown: Any
    ) -> dict[str, Any] | None:
        """One run of the skill. One that failed is made again only with other code."""
        order = {"problem": problem, "spec": spec, "truth": str(truth), "unknown": unknown}
        key = digest(problem, spec, truth.name, unknown, skill_code())
        path = self.cache / "our-runs" / f"{name}-{key}.json"
        held = self._held(path)
        if held or not self.making:
            return held
        with tempfile.TemporaryDirectory() as folder:
            asked = Path(folder) / "order.json"
            asked.write_text(json.dumps(order), encoding="utf-8")
            return self._made(self.box, ("-m", "against_deepxde.ours", str(asked)), path, 3 * self.our_limit_s + 120)

    @staticmethod
    def _held(path: Path) -> dict[str, Any] | None:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None

    def _made(self, python: Path, words: tuple[str, ...], path: Path, timeout_s: float) -> dict[str, Any]:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "run.json"
            try:
                told = self._python(python, *words, str(out), timeout_s=timeout_s)
                why = f"exit code {told.returncode}: {told.stderr.strip()[-1500:]}"
            except subprocess.TimeoutExpired:
                why = f"stopped after {timeout_s:g} s"
            if out.is_file():
                shutil.copy(out, path)
            else:
                if why.startswith("exit code -"):  # killed from outside: no result of the code
                    raise SystemExit(f"{path.name}: {why}")
                failed = {"failed": why, "limit_s": timeout_s, "curve": [], "error": 1e300}
                path.write_text(json.dumps({**failed, "cpu_s": timeout_s, "wall_s": timeout_s}), encoding="utf-8")
        return json.loads(path.read_text(encoding="utf-8"))

    @staticmethod
    def _python(python: Path, *words: str, timeout_s: float) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join((str(HERE.parent), str(ROOT)))
        env = {**os.environ, **dict.fromkeys(THREADS, "1"), "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
        env |= {"DDE_BACKEND": "pytorch", "CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
        return subprocess.run(
            [str(python), *words], env=env, cwd=ROOT, capture_output=True, text=True, timeout=timeout_s, check=False
        )
