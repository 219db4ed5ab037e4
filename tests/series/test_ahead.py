"""The forecast past the end of the file: which steps are asked for, with which values known, and how it is told."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import DataStrategy, SeriesPlan, SplitPlan, Step
from orchestrator.data.split import split_table
from orchestrator.data.steps import find_series
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.ahead import measure_ahead
from orchestrator.measure.artifacts import measured_artifacts
from orchestrator.measure.bench import Bench
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.nodes.forecast_sentences import forecast_claims
from sandbox.protocol import Trust


class BenchOfTens:
    """Stands where a box would: keeps the rows it is given and forecasts 10, from 9 to 11, where no value is known."""

    def __init__(self, run: RunDirectory) -> None:
        self.run = run
        self.asked: pd.DataFrame = pd.DataFrame()

    async def predict(self, label: str, model: Any, inputs: dict[str, Path], names: Any, told: Any) -> tuple[Path, str]:
        self.asked = pd.read_parquet(inputs["rows"])
        folder, count = self.run.measured / label, int(self.asked["y.known"].isna().sum())
        folder.mkdir(parents=True)
        outputs = np.tile([10.0, 9.0, 11.0], (count, 1))
        np.savez(folder / "predictions.npz", outputs=outputs, output_names=np.array(["y", "y.low", "y.high"]))
        return folder, ""


class Asked(SimpleNamespace):
    evidence: tuple[Evidence, ...]
    bench: BenchOfTens
    run: RunDirectory


def ask(
    frame: pd.DataFrame, folder: Path, horizon: int | None, *, beside: tuple[str, ...] = (), trust: Trust = "builtin"
) -> Asked:
    frame.to_csv(folder / "s.csv", index=False)
    series = SeriesPlan(**find_series(frame)[0].model_dump(), horizon=horizon)
    data = DataStrategy(
        file=str(folder / "s.csv"), sha256="", target="y", task="regression", metric="rmse", series=series,
        features=(series.time, *((series.group,) if series.group else ()), *beside),
        split=SplitPlan(kind="time", column=series.time, shuffle=False),
    )  # fmt: skip
    run = RunDirectory.create(folder / "runs")
    split = split_table(folder / "s.csv", data, seed=0, destination=run.data, sealed=run.sealed)
    bench, book = BenchOfTens(run), EvidenceBook(run, "", "", 0)
    step = Step(id="train", kind="skill", worker="tabular")
    model = ModelFiles(skill=Code(name="tabular", folder=folder, trust=trust), folder=folder)
    asyncio.run(measure_ahead(cast(Bench, bench), book, step, model, data, split))
    return Asked(evidence=book.entries, bench=bench, run=run)


def months(count: int = 40) -> pd.DataFrame:
    return pd.DataFrame({"month": pd.date_range("2021-11-01", periods=count, freq="MS"), "y": np.arange(count) % 6.0})


def test_the_next_months_are_forecast_with_every_value_known_and_told_one_by_one(tmp_path: Path) -> None:
    frame = months()
    found = ask(frame, tmp_path, 3)
    known = found.bench.asked.dropna(subset="y.known").sort_values("month")
    assert known["y.known"].tolist() == frame["y"].tolist() and known["month"].tolist() == frame["month"].tolist()
    assert sorted(found.bench.asked["row_id"]) == list(range(43))
    rows, *each = found.evidence
    assert (rows.name, rows.value) == ("forecast.rows", 3.0)
    assert [(entry.subject, entry.value) for entry in each] == [("2025-03", 10.0), ("2025-04", 10.0), ("2025-05", 10.0)]
    told = [text for text, _ in forecast_claims("y", found.evidence)]
    assert told[1] == "Forecast of 'y' for 2025-03 (90 % prediction interval 9 to 11)" and len(told) == 4
    table = pd.read_csv(found.run.measured / "ahead" / "train" / "forecast.csv")
    assert table.columns.tolist() == ["month", "forecast", "low", "high"] and len(table) == 3


def test_the_rows_with_the_sealed_values_stay_outside_the_run(tmp_path: Path) -> None:
    found = ask(months(), tmp_path, 3)
    assert (found.run.sealed / "ahead.parquet").is_file()
    assert not found.run.sealed.is_relative_to(found.run.path)
    (folder,) = (found.run.measured / "ahead").iterdir()
    assert {path.name for path in folder.iterdir()} == {"predictions.npz", "forecast.csv"}


def test_the_table_of_a_finished_step_is_an_artifact(tmp_path: Path) -> None:
    found = ask(months(), tmp_path, 3)
    assert [(one.path, one.kind, one.step) for one in measured_artifacts(found.run)] == [
        ("measured/ahead/train/forecast.csv", "table", "train")
    ]


def test_every_series_of_several_is_forecast_over_the_same_steps(tmp_path: Path) -> None:
    days = pd.date_range("2024-01-01", periods=30)
    parts = [pd.DataFrame({"day": days, "shop": shop, "y": np.arange(30.0)}) for shop in ("a", "b")]
    found = ask(pd.concat([parts[0].iloc[:-2], parts[1]], ignore_index=True), tmp_path, 2)
    assert {entry.subject for entry in found.evidence if entry.name == "forecast"} == {
        "2024-01-31, a", "2024-02-01, a", "2024-01-31, b", "2024-02-01, b"
    }  # fmt: skip


def test_a_long_forecast_lies_in_the_table_alone(tmp_path: Path) -> None:
    found = ask(months(100), tmp_path, 40)
    assert [(entry.name, entry.value) for entry in found.evidence] == [("forecast.rows", 40.0)]


def test_what_depends_on_columns_that_nobody_knows_ahead_is_not_forecast(tmp_path: Path) -> None:
    found = ask(months().assign(price=1.5), tmp_path, 3, beside=("price",))
    (entry,) = found.evidence
    assert (entry.name, entry.value) == ("forecast.rows", None) and "price" in entry.text
    assert found.bench.asked.empty


@pytest.mark.parametrize(("horizon", "trust"), [(None, "builtin"), (3, "user")])
def test_nothing_is_forecast_unasked_or_by_a_skill_that_is_not_built_in(
    tmp_path: Path, horizon: int | None, trust: Trust
) -> None:
    found = ask(months(), tmp_path, horizon, trust=trust)
    assert found.evidence == () and found.bench.asked.empty
