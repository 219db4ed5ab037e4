"""A network of its own on a table meets the candidates of another step on the same sealed rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.core.evidence import Evidence
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Step
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.bench import Bench
from orchestrator.measure.edge import prediction_file
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.table import measure_table
from sandbox.protocol import Trust
from tests.tabular.test_measure_table import BenchOfLies, made


class BenchOfTwo(BenchOfLies):
    """The network predicts under its own name, the candidates under theirs: their files must not be mixed up."""

    async def predict(self, label: str, model: ModelFiles, inputs: Any, variants: Any, resources: Any) -> Any:
        folder = self.run.measured / label
        folder.mkdir(parents=True)
        for name in variants:
            np.savez(prediction_file(folder, name, variants[0]), **self.predictions[f"{model.skill.name} {name}"])
        return folder, ""


async def measured(folder: Path, trust: Trust = "builtin") -> dict[tuple[str, str], Evidence]:
    draw = np.random.default_rng(3)
    x = draw.normal(size=200)
    pd.DataFrame({"x": x, "y": 2 * x + 0.1 * draw.normal(size=200)}).to_csv(folder / "t.csv", index=False)
    run = RunDirectory.create(folder / "runs")
    table = made(run, folder, target="y", task="regression", metric="rmse")
    test = pd.read_parquet(table.split.test_inputs)
    guess = 2 * test["x"].to_numpy()[:, None]
    told = {"row_ids": test["row_id"].to_numpy(), "output_names": np.array(["y"])}
    shift = {"jax delivered": 0.5, "tabular linear": 0.0, "tabular forest": 1.0}
    predictions = {name: {**told, "outputs": guess + by} for name, by in shift.items()}
    models = {}
    for step, skill, listed in (
        ("network", "jax", ["delivered"]),
        ("train", "tabular", ["delivered", "linear", "forest"]),
    ):
        home = run.out(step) / "model"
        home.mkdir(parents=True)
        (home / "variants.json").write_text(json.dumps(listed))
        code = Code(name=skill, folder=folder, trust=trust if skill == "tabular" else "builtin")
        models[step] = ModelFiles(skill=code, folder=home)
    book = EvidenceBook(run, "", "", 0)
    step = Step(id="network", worker="jax-pro", kind="agent", skill="jax")
    await measure_table(
        cast(Bench, BenchOfTwo(run, predictions)), book, step,
        Outcome(step="network", status="done", spec_sha256=""), models["network"], table.data, table.split,
        models["train"],
    )  # fmt: skip
    return {(entry.name, entry.subject): entry for entry in book.entries}


async def test_the_network_is_compared_with_each_candidate_row_by_row(tmp_path: Path) -> None:
    found = await measured(tmp_path)
    errors = {name: found["rmse", name].value or 0.0 for name in ("delivered", "linear", "forest")}
    assert errors["linear"] < 0.2 < errors["delivered"] < 0.7 < errors["forest"]
    worse, better = (found["paired_difference", f"delivered vs {name}"] for name in ("linear", "forest"))
    assert worse.interval and worse.interval[1] < 0 and better.interval and better.interval[0] > 0


@pytest.mark.parametrize("trust", ["user", "untrusted"])
async def test_a_strangers_candidates_are_no_opponents(tmp_path: Path, trust: Trust) -> None:
    found = await measured(tmp_path, trust)
    assert ("rmse", "linear") not in found
    pair = found["paired_difference", "delivered vs linear"]
    assert pair.value is None and "nobody vouched" in pair.text
