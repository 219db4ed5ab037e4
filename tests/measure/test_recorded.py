"""What a step's own files say is booked as it is, or as nothing, with the reason; no file stops the judge."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from fieldbench import HISTORY, Measured
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.journal.journal import Journal
from orchestrator.measure.artifacts import measured_artifacts
from orchestrator.measure.choice import record_choice
from orchestrator.measure.record import record_hyperparameters, record_training

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def training(folder: Path, data: bytes) -> Measured:
    made = Measured(folder)
    out = made.run.out("train")
    out.mkdir(parents=True)
    (out / "history.json").write_bytes(data)
    (out / "hyperparameters.json").write_bytes(data)
    (out / "choice.json").write_bytes(data)
    record_training(made.book, out, "train")
    record_hyperparameters(made.book, out, {"seed": 0}, "train")
    record_choice(made.book, out, "train")
    return made


def history(**changes: Any) -> bytes:
    return json.dumps({**HISTORY, **changes}).encode()


def test_a_good_history_is_booked(tmp_path: Path) -> None:
    made = training(tmp_path, history())
    assert (made.found("training.stopped").value, made.found("training.loss_ratio").value) == (1.0, 1e-9)


def test_training_that_hit_its_bound_or_names_no_schedule_did_not_settle(tmp_path: Path) -> None:
    for changes in ({"stopped": {"reason": "limit", "at": 9, "limit": 9}}, {"schedule": ""}):
        assert training(tmp_path, history(**changes)).found("training.stopped").value == 0.0


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\xff\xfe\x00", b"{", b"[]", b"5", b'"\\ud800"', b"[" * 5000, history(series=5), history(stopped=None),
        history(series={"loss": [[0]]}), history(series={"loss": [["a", "b"]]}), history(series={"loss": {"a": 1}}),
        history(stopped={"reason": "tolerance", "at": math.nan, "limit": 9}),
        history(stopped={"reason": "tolerance", "at": math.inf, "limit": 9}),
        history(stopped={"reason": "tolerance", "at": 10**400, "limit": 9}),
        history(stopped={"reason": 5, "at": 1, "limit": 9}),
    ],
)  # fmt: skip
def test_a_history_that_cannot_be_used_is_booked_as_unknown(tmp_path: Path, data: bytes) -> None:
    made = training(tmp_path, data)
    for name in ("training.stopped", "training.loss_ratio"):
        assert made.found(name).value is None and "no usable history" in made.found(name).text


@pytest.mark.parametrize(
    "curve", [[], [[0, 1.0]], [[0, 0.0], [1, 1.0]], [[0, None], [1, 1.0]], [[0, 1e-300], [1, 1e300]],
              [[0, math.inf], [1, 1.0]], [[0, 1.0], [1, math.nan]]],
)  # fmt: skip
def test_a_curve_without_two_finite_ends_has_no_ratio(tmp_path: Path, curve: list[Any]) -> None:
    found = training(tmp_path, history(series={"loss": curve})).found("training.loss_ratio")
    assert found.value is None and "no value" in found.text


def test_words_of_a_worker_are_quoted_in_part(tmp_path: Path) -> None:
    made = training(tmp_path, history(schedule="x" * 10_000, series={"y" * 10_000: [[0, 1.0], [1, 0.5]]}))
    assert all(len(entry.text) < 500 for entry in made.book.entries)


@given(JSON)
def test_any_history_and_any_hyperparameters_can_be_written_down(
    tmp_path_factory: pytest.TempPathFactory, value: object
) -> None:
    made = training(tmp_path_factory.mktemp("runs"), json.dumps(value).encode())
    journal = Journal(made.run.journal, made.run.run_id)
    try:
        assert len(made.book.write(journal)) == 4
    finally:
        journal.close()


@pytest.mark.parametrize("data", [b"[]", b"5", b"\xff", b"", b"null"])
def test_hyperparameters_that_are_no_object_are_unknown(tmp_path: Path, data: bytes) -> None:
    assert training(tmp_path, data).found("hyperparameters.differences").value is None


def test_hyperparameters_that_differ_are_counted(tmp_path: Path) -> None:
    assert training(tmp_path, b'{"seed": 1, "hidden": [9]}').found("hyperparameters.differences").value == 2.0


def test_one_artifact_of_predictions_is_listed_for_each_delivered_step(tmp_path: Path) -> None:
    made = Measured(tmp_path)
    for step in ("train", "reference"):
        made.run.step(step).mkdir(parents=True)
        (made.run.step(step) / "result.json").touch()
    for place in (
        "raw/train", "raw/train.repeat", "grid/train", "points/train", "grid/reference", "grid/other", "test/host",
        "test/train.repeat",
    ):  # fmt: skip
        (made.run.measured / place).mkdir(parents=True)
        (made.run.measured / place / "predictions.npz").write_bytes(b"x")
    listed = [(artifact.step, artifact.path) for artifact in measured_artifacts(made.run)]
    assert listed == [
        ("reference", "measured/grid/reference/predictions.npz"), ("train", "measured/grid/train/predictions.npz")
    ]  # fmt: skip
