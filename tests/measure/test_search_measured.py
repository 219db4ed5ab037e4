"""What the host counts of a search, and that no sealed row was in a trial's box."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet  # type: ignore[import-untyped]
import pytest

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Route
from orchestrator.core.search import Dimension, Objective, Search, Trial
from orchestrator.data.seal import ROW_ID
from orchestrator.data.split import SplitRecord
from orchestrator.journal.rundir import RunDirectory, write_json
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.search import measure_search
from orchestrator.search.history import History

SEARCH = Search(
    space=(Dimension(name="trees", kind="int", low=10, high=100),),
    objectives=(Objective(claim="cv_rmse", direction="minimize"),),
    trials=4,
    first=({"trees": 50},),
)
TRIALS = (
    Trial(number=0, setting={"trees": 50}, state="done", values=(3.0,)),
    Trial(number=1, setting={"trees": 90}, state="done", values=(2.0,)),
    Trial(number=2, setting={"trees": 10}, state="failed", reason="out of memory"),
)


def ids(path: Path, *rows: int) -> Path:
    parquet.write_table(pa.table({ROW_ID: list(rows)}), path)
    return path


def measured(
    tmp_path: Path, used: dict[str, int], test: tuple[int, ...] = (7, 8), damage: str = ""
) -> dict[str, Evidence]:
    run = RunDirectory(tmp_path / "runs", "r1")
    trial = Step(id="trial", worker="tabular", kind="skill", spec={"models": ["forest"]})
    search = Step(id="search", worker="tabular", kind="loop", body=(trial,), search=SEARCH)
    train = Step(id="train", worker="tabular", kind="skill", needs=("search",))
    plan = Plan(route=Route.SWEEP, planner="test", thoughts=(), steps=(search, train))
    for step in ("search", "train"):
        run.out(step).mkdir(parents=True)
    write_json(run.out("search") / "search.json", History.of(SEARCH, TRIALS))
    if damage:
        (run.out("search") / "search.json").write_text(damage)
    (run.out("train") / "hyperparameters.json").write_text(json.dumps(used))
    split = SplitRecord.model_construct(
        train=str(ids(tmp_path / "train.parquet", 1, 2, 3)), test_inputs=str(ids(tmp_path / "test.parquet", *test))
    )
    book = EvidenceBook(run, "0" * 64, "test", 0)
    measure_search(book, plan, split)
    return {entry.name: entry for entry in book.entries}


def test_trials_are_counted_and_the_best_and_the_usual_setting_are_told(tmp_path: Path) -> None:
    found = measured(tmp_path, {"trees": 90})
    assert found["search.missing"].value == 1.0 and "3 of 4 trials ended: 2 finished" in found["search.missing"].text
    assert found["search.failed"].value == 1.0
    assert (found["search.tuned"].value, found["search.usual"].value, found["search.best"].value) == (2.0, 3.0, 90.0)
    assert found["search.shared_rows"].value == 0.0 == found["search.setting_differences"].value


def test_a_sealed_row_in_the_training_rows_is_counted(tmp_path: Path) -> None:
    assert measured(tmp_path, {"trees": 90}, test=(3, 8))["search.shared_rows"].value == 1.0


@pytest.mark.parametrize("used", [{"trees": 50}, {}])
def test_a_training_at_another_setting_is_found(tmp_path: Path, used: dict[str, int]) -> None:
    found = measured(tmp_path, used)["search.setting_differences"]
    assert found.value == 1.0 and "trees" in found.text


def test_a_damaged_record_is_evidence_of_nothing(tmp_path: Path) -> None:
    assert measured(tmp_path, {}, damage='{"search": 1}')["search.missing"].value is None
