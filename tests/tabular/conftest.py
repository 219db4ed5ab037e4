"""Real tables that packages ship, and the tabular skill run in a box's Python through the job contract."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.plan import DataStrategy, SplitPlan
from orchestrator.data.profile import profile_table
from orchestrator.data.split import SplitRecord, split_table
from skills.runtime.scoring.scored import Score
from skills.runtime.scoring.tables import SCORERS
from tests.boxed import Box, Boxed

ROOT = Path(__file__).resolve().parents[2]
EXPORT = "import sys; from sklearn import datasets as d; getattr(d, 'load_' + sys.argv[1])(as_frame=True).frame.to_csv(sys.argv[2], index=False)"  # fmt: skip # noqa: E501

PREAMBLE = """
import json, os
os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np, pandas as pd
from skills.tabular.candidates import fit
from skills.tabular.rows import Rows
from skills.tabular.spec import Spec
def rows(frame, target, **spec):
    plain = {"target": "y", "task": "regression", "metric": "rmse", "boosting_iterations": 60}
    return Spec.model_validate(plain | spec), Rows(frame, np.asarray(target), None)
draw = np.random.default_rng(3)
"""


@dataclass(frozen=True)
class Trained:
    """A split, trained, predicted and scored table."""

    split: SplitRecord
    work: Boxed
    predict: Boxed
    scores: dict[tuple[str, str], dict[str, Any]]  # (subject, name) -> score

    @property
    def model(self) -> Path:
        return self.work.out / "model"


Write = Callable[..., dict[str, Path]]


@pytest.fixture(scope="session")
def real(box_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A real table by name: scikit-learn's, vega_datasets' weather of Seattle, or the penguins of Palmer station."""
    shipped = {
        "weather": ("vega_datasets", "_data/seattle-weather.csv"),
        "penguins": ("palmerpenguins", "data/penguins.csv"),
    }

    def give(name: str) -> Path:
        if name in shipped:
            package, inside = shipped[name]
            found = importlib.util.find_spec(package)
            assert found is not None and found.origin is not None, f"the dev extra brings {package}"
            return Path(found.origin).parent / inside
        path = tmp_path_factory.getbasetemp() / f"{name}.csv"
        if not path.exists():
            subprocess.run([str(box_python), "-c", EXPORT, name, str(path)], check=True, timeout=120)
        return path

    return give


def spec_for(path: Path, target: str, task: str, metric: str, **changes: Any) -> dict[str, Any]:
    """A spec by the kinds of the profile, small enough for a test."""
    kinds: dict[str, list[str]] = {"number": [], "category": [], "time": [], "text": []}
    for column in profile_table(path).columns:
        if column.name != target:
            kinds["category" if column.kind == "boolean" else column.kind].append(column.name)
    return {
        "target": target, "task": task, "metric": metric, "numeric": kinds["number"], "time": kinds["time"],
        "categorical": kinds["category"], "text": kinds["text"], "trees": 60, "boosting_iterations": 100, **changes,
    }  # fmt: skip


def train(
    box: Box, path: Path, root: Path, spec: dict[str, Any], split: SplitPlan, *, seed: int = 0, predict: bool = True
) -> Trained:
    """Split, work, predict with every variant, score every variant."""
    features = tuple(name for kind in ("numeric", "categorical", "time", "text") for name in spec.get(kind, ()))
    plan = DataStrategy(
        file=str(path), sha256="", target=spec["target"], task=spec["task"], features=features, split=split,
        metric=spec["metric"],
    )  # fmt: skip
    record = split_table(path, plan, seed=seed, destination=root / "run", sealed=root / "sealed")
    worked = box("work", root / "train", skill="tabular", spec=spec, inputs={"train": record.train}, seed=seed)
    assert worked.code == 0, worked.output
    if not predict:
        return Trained(record, worked, worked, {})
    variants = worked.json("model/variants.json")
    predicted = box(
        "predict", root / "predict", inputs={"rows": record.test_inputs}, variants=variants, seed=seed,
        models={"subject": {"skill": "tabular", "path": str(worked.out / "model")}},
    )  # fmt: skip
    assert predicted.code == 0, predicted.output
    scored = box("score", root / "score", scorers=scorers(record, predicted.out, variants, spec))
    assert scored.code == 0, scored.output
    scores = {(score["subject"], score["name"]): score for score in scored.json("scores.json")["scores"]}
    return Trained(record, worked, predicted, scores)


def scorers(record: SplitRecord, predicted: Path, variants: list[str], spec: dict[str, Any]) -> list[dict[str, Any]]:
    files = {name: str(predicted / f"predictions-{name}.npz") for name in variants[1:]}
    files["delivered"] = str(predicted / "predictions.npz")
    kind = "regression" if spec["task"] == "regression" else "classification"
    wanted = [
        {"name": kind, "inputs": {"predictions": files[name], "labels": record.labels}, "params": {"subject": name}}
        for name in variants
    ]
    both = {"predictions": files["delivered"], "other": files["dummy"], "labels": record.labels}
    told = {"subject": "delivered", "metric": spec["metric"], "other": "dummy"}
    wanted += [{"name": name, "inputs": both, "params": told} for name in ("paired_difference", "skill_over_dummy")]
    single = {"predictions": files["delivered"], "labels": record.labels}
    wanted.append({"name": "coverage", "inputs": single, "params": {"subject": "delivered"}})
    features = {"features": str(predicted / "features.npz")}
    return [*wanted, {"name": "scaling", "inputs": features, "params": {"subject": "delivered"}}]


Inside = Callable[[str], Any]


@pytest.fixture(scope="session")
def inside(box_python: Path) -> Inside:
    """Run lines with the box environment's Python; the value of the variable `told`, through JSON.

    `rows(frame, target, **spec)` and `fit` of the skill are there.
    """

    def run(lines: str) -> Any:
        code = f"{PREAMBLE}\n{textwrap.dedent(lines)}\nprint(json.dumps(told))"
        done = subprocess.run([str(box_python), "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture(scope="session")
def made_table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """160 rows that a straight line explains well; `who` groups them."""
    generator = np.random.default_rng(5)
    x = generator.normal(size=(160, 2))
    frame = pd.DataFrame({"a": x[:, 0], "b": x[:, 1], "who": [f"w{place % 16}" for place in range(160)]})
    frame["y"] = 3 * x[:, 0] - x[:, 1] + generator.normal(size=160)
    path = tmp_path_factory.mktemp("made") / "made.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write predictions and labels; arrays given by name replace the good ones."""
    generator = np.random.default_rng(4)
    truth = generator.normal(10, 2, 80)

    def make(**changes: Any) -> dict[str, Path]:
        ids = np.arange(80)
        order = generator.permutation(80)
        labels = {"row_ids": ids, "labels": truth} | {k[7:]: v for k, v in changes.items() if k.startswith("sealed_")}
        told = {"row_ids": ids[order], "outputs": (truth + 0.5 * np.sin(ids))[order, None], "output_names": ["y"]}
        told |= {k: v for k, v in changes.items() if not k.startswith(("sealed_", "other_"))}
        np.savez(tmp_path / "labels.npz", **labels)
        np.savez(tmp_path / "predictions.npz", **told)
        other = {"row_ids": ids, "outputs": np.full((80, 1), truth.mean()), "output_names": ["y"]}
        np.savez(tmp_path / "other.npz", **other)
        return {name: tmp_path / f"{name}.npz" for name in ("labels", "predictions", "other")}

    return make


def scores(name: str, files: dict[str, Path], **params: Any) -> dict[str, Score]:
    return {score.name: score for score in SCORERS[name](files, params).scores}
