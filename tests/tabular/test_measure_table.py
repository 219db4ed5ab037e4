"""Measuring a table on the host: the constant guess is its own, and a stranger's files are no evidence."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.core.evidence import Evidence
from orchestrator.core.outcome import Claim, Outcome
from orchestrator.core.plan import DataStrategy, SplitPlan, Step
from orchestrator.data.split import SplitRecord, split_table
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.bench import Bench, Score, Scorer
from orchestrator.measure.constant import write_constant
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.table import measure_table
from sandbox.protocol import Trust
from skills.runtime.scoring.tables import SCORERS

VARIANTS = ("delivered", "dummy", "linear", "forest")


class Table(SimpleNamespace):
    """A split table of a run: `y` is `x` and noise, `k` its sign."""

    run: RunDirectory
    data: DataStrategy
    split: SplitRecord


@pytest.fixture
def table(tmp_path: Path) -> Table:
    draw = np.random.default_rng(3)
    x = draw.normal(size=200)
    frame = pd.DataFrame({"x": x, "y": 5 + 2 * x + 0.3 * draw.normal(size=200), "k": np.where(x > 0.5, "up", "down")})
    frame.to_csv(tmp_path / "t.csv", index=False)
    run = RunDirectory.create(tmp_path / "runs")
    return made(run, tmp_path, target="y", task="regression", metric="rmse")


def made(run: RunDirectory, folder: Path, **told: Any) -> Table:
    data = DataStrategy(
        file=str(folder / "t.csv"), sha256="", features=("x",), split=SplitPlan(kind="random"), **told
    )  # fmt: skip
    split = split_table(folder / "t.csv", data, seed=0, destination=run.data, sealed=run.sealed)
    return Table(run=run, data=data, split=split)


class BenchOfLies:
    """Stands where boxes would: every variant predicts what the test wrote, and our scorers run in this process."""

    def __init__(self, run: RunDirectory, predictions: Mapping[str, Any]) -> None:
        self.run, self.seed, self.predictions = run, 0, predictions

    async def predict(self, label: str, model: ModelFiles, inputs: Any, variants: Sequence[str], resources: Any) -> Any:
        folder = self.run.measured / label
        folder.mkdir(parents=True)
        for name in variants:
            path = folder / ("predictions.npz" if name == "delivered" else f"predictions-{name}.npz")
            told = self.predictions[name]
            path.write_bytes(told) if isinstance(told, bytes) else np.savez(path, **told)
        return folder, ""

    async def score(self, label: str, scorers: Sequence[Scorer], files: Mapping[str, Path]) -> tuple[Score, ...]:
        known = [scorer for scorer in scorers if scorer.name in SCORERS and set(scorer.inputs.values()) <= set(files)]
        known = [scorer for scorer in known if all(files[name].is_file() for name in scorer.inputs.values())]
        done = [SCORERS[s.name]({k: files[v] for k, v in s.inputs.items()}, s.params) for s in known]
        return tuple(Score.model_validate(score.as_json()) for scored in done for score in scored.scores)

    def higher_is_better(self, metric: str) -> bool:
        return metric != "rmse"


def lines(table: Table, half: float = 0.6) -> dict[str, Any]:
    """Honest predictions of every variant but the skill's dummy, which is made absurdly bad."""
    test = pd.read_parquet(table.split.test_inputs)
    guess, ids = 5 + 2 * test["x"].to_numpy(), test["row_id"].to_numpy()
    named = {"row_ids": ids, "output_names": np.array(["y", "y.low", "y.high"])}
    good = {**named, "outputs": np.c_[guess, guess - half, guess + half]}
    return {**dict.fromkeys(VARIANTS, good), "dummy": {**good, "outputs": np.full((len(ids), 3), 1e6)}}


async def measured(
    table: Table, predictions: Mapping[str, Any], trust: Trust = "builtin", listed: Any = VARIANTS, claim: float = 0.3
) -> dict[tuple[str, str], Evidence]:
    out = table.run.out("train")
    (out / "model").mkdir(parents=True)
    (out / "model" / "variants.json").write_text(json.dumps(listed))
    (out / "history.json").write_text(
        json.dumps(
            {
                "series": {"loss": [[1, 2.0], [2, 1.0]]},
                "stopped": {"reason": "converged", "at": 2, "limit": 9},
                "schedule": "none",
            }
        )
    )
    (out / "hyperparameters.json").write_text("{}")
    book = EvidenceBook(table.run, "", "", 0)
    model = ModelFiles(skill=Code(name="tabular", folder=out, trust=trust), folder=out / "model")
    step = Step(id="train", worker="tabular", kind="skill")
    claims = (Claim(name="cv_rmse", value=claim),)
    outcome = Outcome(step="train", status="done", spec_sha256="", claims=claims)
    bench = cast(Bench, BenchOfLies(table.run, predictions))
    await measure_table(bench, book, step, outcome, model, table.data, table.split)
    return {(entry.name, entry.subject): entry for entry in book.entries}


async def test_the_baseline_is_the_mean_of_the_training_rows_whatever_dummy_the_skill_brings(table: Table) -> None:
    found = await measured(table, lines(table))
    train = pd.read_parquet(table.split.train)["y"]
    with np.load(table.split.labels) as held:
        expected = float(np.sqrt(np.mean((held["labels"] - train.mean()) ** 2)))
    assert found["rmse", "constant"].value == pytest.approx(expected)
    delivered, pair = found["rmse", "delivered"].value, found["paired_difference", "delivered vs constant"].value
    assert delivered is not None and pair == pytest.approx(expected - delivered)
    assert found["paired_difference", "delivered vs dummy"].value == pytest.approx(1e6, rel=0.01)


async def test_the_constant_guess_has_an_interval_from_the_training_rows(table: Table) -> None:
    found = await measured(table, lines(table))
    train = pd.read_parquet(table.split.train)["y"]
    half = np.sort(np.abs(train - train.mean()))[int(np.ceil(0.9 * (len(train) + 1))) - 1]
    assert found["interval_width", "constant"].value == pytest.approx(2 * half)
    assert found["interval_width", "delivered"].value == pytest.approx(1.2)


def test_classes_are_guessed_by_their_shares_in_training(table: Table, tmp_path: Path) -> None:
    classes = made(table.run, tmp_path, target="k", task="binary", metric="accuracy")
    with np.load(write_constant(classes.split, classes.data, tmp_path / "host")) as held:
        assert held["output_names"].tolist() == ["down", "up"]
        share = (pd.read_parquet(classes.split.train)["k"] == "up").mean()
        assert np.allclose(held["outputs"], [1 - share, share])
        assert len(held["row_ids"]) == classes.split.test_rows


async def test_a_variant_named_like_the_hosts_guess_is_not_taken_for_it(table: Table) -> None:
    lies = {**lines(table), "constant": lines(table)["dummy"]}
    found = await measured(table, lies, listed=[*VARIANTS, "constant"])
    value = found["rmse", "constant"].value
    assert value is not None and value < 10


@pytest.mark.parametrize("trust", ["user", "untrusted"])
async def test_what_a_strangers_skill_says_of_itself_has_no_value(table: Table, trust: Trust) -> None:
    found = await measured(table, lines(table), trust=trust)
    told = [("training.stopped", ""), ("feature_mean", "delivered"), ("seed_fingerprint", "")]
    told += [("paired_difference", f"delivered vs {name}") for name in ("linear", "forest")]
    assert all(found[key].value is None and "nobody vouched" in found[key].text for key in told)
    assert ("rmse", "forest") not in found
    assert found["paired_difference", "delivered vs constant"].value is not None


async def test_what_our_own_skill_recorded_counts(table: Table) -> None:
    assert (await measured(table, lines(table)))["training.stopped", ""].value == 1.0


@pytest.mark.parametrize("bad", [b"no archive", {"outputs": np.zeros((3, 1)), "output_names": np.array(["y"])}])
async def test_malformed_predictions_are_unmeasured_and_crash_nothing(table: Table, bad: Any) -> None:
    found = await measured(table, {**lines(table), "forest": bad})
    pair = found["paired_difference", "delivered vs forest"]
    assert pair.value is None and "cannot be used" in pair.text
    assert found["rmse", "delivered"].value is not None


async def test_a_delivered_model_with_malformed_predictions_has_no_metric(table: Table) -> None:
    found = await measured(table, {**lines(table), "delivered": b"no archive"})
    assert found["rmse", "delivered"].value is None and "cannot be used" in found["rmse", "delivered"].text


@pytest.mark.parametrize("claim", [float("inf"), float("nan")])
async def test_a_claim_that_is_no_number_is_compared_with_nothing(table: Table, claim: float) -> None:
    gap = (await measured(table, lines(table), claim=claim))["cv_gap", ""]
    assert gap.value is None and "no finite number" in gap.text


@pytest.mark.parametrize(("error", "width"), [(50.0, 2 * 1.96 * 50), (None, 0.1)])
async def test_the_gap_of_a_claim_knows_how_sure_the_claim_is_itself(
    table: Table, error: float | None, width: float
) -> None:
    candidate = {"model": "linear", "mean": 1.0, "error": error}
    told = {"delivered": "linear", "metric": "rmse", "test": "t", "folds": 5, "candidates": [candidate]}
    table.run.out("train").mkdir(parents=True)
    (table.run.out("train") / "choice.json").write_text(json.dumps(told))
    gap = (await measured(table, lines(table), claim=1.0))["cv_gap", ""]
    assert gap.interval is not None and gap.value is not None and -0.8 < gap.value < -0.6
    assert gap.interval[1] - gap.interval[0] == pytest.approx(width, rel=0.5 if error is None else 0.01)


async def test_a_claim_worse_than_measured_gives_a_gap_below_zero(table: Table) -> None:
    gap = (await measured(table, lines(table), claim=1e9))["cv_gap", ""]
    assert gap.interval is not None and gap.interval[1] < -1e8
