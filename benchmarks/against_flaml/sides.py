"""Runs both sides on a table: the product by a request in words, FLAML on the rows that the product trained on."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from against_flaml.catalogue import DataSet

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WORDS = {"roc_auc": "ROC AUC", "rmse": "RMSE"}
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}


@dataclass(frozen=True)
class Ours:
    """A finished run: where its split and predictions lie, what training took, and which model was delivered."""

    train: Path
    test: Path
    labels: Path
    predictions: Path
    best: Path
    cpu_s: float
    delivered: str
    best_model: str


@dataclass(frozen=True)
class Theirs:
    """FLAML's predictions of the same rows, and what it used and chose."""

    predictions: Path
    cpu_s: float
    model: str


def peer_python(cache: Path) -> Path:
    """The Python that has FLAML and the tables; its environment is made on first use."""
    folder = cache / "venv"
    here, done = folder / "bin" / "python", folder / ".done"
    if not done.is_file():
        if not here.is_file():
            venv.create(folder, with_pip=True, symlinks=True, clear=True)
        pip = [str(here), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(HERE / "requirements.txt")], check=True)
        done.touch()
    return here


def in_peer(cache: Path, module: str, *told: str) -> None:
    """One of this folder's modules in that environment, on one thread."""
    environment = {**os.environ, **ONE_THREAD, "PYTHONPATH": str(HERE.parent)}
    command = [str(peer_python(cache)), "-m", f"against_flaml.{module}", *told]
    subprocess.run(command, check=True, env=environment, cwd=HERE.parent)


def ours(cache: Path, one: DataSet, seed: int) -> Ours:
    """Asks for the model in words and waits; a run is kept as long as the product's code and the table are the same.

    Raises: RuntimeError where the run ended without a model.
    """
    table = cache / "tables" / f"{one.name}.parquet"
    told = cache / "ours" / f"{one.name}-{seed}-{_hash([table, *_code()])}.json"
    if not told.is_file():
        told.parent.mkdir(parents=True, exist_ok=True)
        words = f'Predict the column "{one.target}" in @{table}, measured by {WORDS[one.metric]}, 70/30 split'
        command = [
            str(Path(sys.executable).with_name("mlexpert")),
            "run",
            words,
            "--seed",
            str(seed),
            "--planner",
            "rules",
        ]
        command += ["--runs-dir", str(cache / "runs"), "--output-format", "json"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        answer = json.loads(done.stdout)
        if answer["status"] not in ("validated", "not_validated"):
            raise RuntimeError(f"{one.name}: {answer['status']}: {answer['message']}")
        told.write_text(done.stdout, encoding="utf-8")
    run = Path(json.loads(told.read_text(encoding="utf-8"))["run_dir"])
    split = json.loads((run / "split.json").read_text(encoding="utf-8"))
    result = json.loads((run / "steps" / "train" / "result.json").read_text(encoding="utf-8"))
    choice = json.loads((run / "steps" / "train" / "out" / "choice.json").read_text(encoding="utf-8"))
    measured = run / "measured" / "test" / "train"
    best = measured / f"predictions-{choice['best']}.npz"
    return Ours(
        Path(split["train"]), Path(split["test_inputs"]), Path(split["labels"]), measured / "predictions.npz", best,
        float(result["usage"]["cpu_s"]), choice["delivered"], choice["best"],
    )  # fmt: skip


def theirs(cache: Path, one: DataSet, mine: Ours, budget_s: float, seed: int) -> Theirs:
    """FLAML on the same training rows; a search is kept as long as its rows, its code and its budget are the same."""
    held = _hash([mine.train, HERE / "flaml_side.py", HERE / "requirements.txt"])
    place = cache / "theirs" / f"{one.name}-{seed}-{budget_s:.0f}-{held}"
    told, out = place / "told.json", place / "predictions.npz"
    if not told.is_file():
        place.mkdir(parents=True, exist_ok=True)
        order = {
            "train": str(mine.train), "test": str(mine.test), "target": one.target, "task": one.task,
            "budget_s": budget_s, "seed": seed, "out": str(out), "told": str(told),
        }  # fmt: skip
        (place / "order.json").write_text(json.dumps(order), encoding="utf-8")
        in_peer(cache, "flaml_side", str(place / "order.json"))
    found = json.loads(told.read_text(encoding="utf-8"))
    return Theirs(out, float(found["cpu_s"]), str(found["model"]))


def _code() -> list[Path]:
    return sorted([*(ROOT / "skills" / "tabular").glob("*.py"), ROOT / "locks" / "box.txt"])


def _hash(paths: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(path.read_bytes())
    return found.hexdigest()[:12]
