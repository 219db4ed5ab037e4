"""Columns that may be known only after the target: told by their names, or asked about."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.data.later import known_later, sounds_later
from orchestrator.data.leaks import LeakFinding, find_leaks
from orchestrator.data.split import SplitRecord
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.leaks import book_leaks

from .conftest import strategy

Split = Callable[..., SplitRecord]


@pytest.mark.parametrize("name", ["refund_total", "dischargeDate", "FinalReview", "follow-up", "paid out", "exit"])
def test_names_of_what_is_written_down_at_the_end(name: str) -> None:
    assert sounds_later(name)


@pytest.mark.parametrize("name", ["postcode", "finale", "exiting_offers", "age", "paid_in", "REV"])
def test_names_that_only_look_like_it(name: str) -> None:
    assert not sounds_later(name)


def test_only_a_telling_column_is_a_leak_and_only_one_without_such_a_name_is_asked_about(tmp_path: Path) -> None:
    data = strategy(tmp_path / "t.csv", features=("refund", "age", "dose"))
    told = known_later({"refund": 0.8, "age": 0.3, "dose": 0.2}, None, data, 100)
    assert told.leaks and told.columns == ("refund",) and "keep column refund" in told.remedy and not told.question
    assert not known_later({"refund": 0.2, "age": 0.3, "dose": 0.2}, None, data, 100).leaks
    two = known_later({"refund": 0.1, "exit": 0.6, "dose": 0.2}, None, data, 100)
    assert two.leaks and two.columns == ("exit",), "the other one tells little"
    assert not known_later({"week": 0.95, "dose": 0.2}, None, data, 100).question, "when a row was taken is known"
    asked = known_later({"age": 0.9, "dose": 0.4}, None, data, 100)
    assert not asked.leaks and asked.columns == ("age",) and "known only afterwards: age" in asked.question
    assert not known_later({"age": 0.9, "dose": 0.85}, None, data, 100).question
    assert not known_later({"age": 0.6, "dose": 0.1}, None, data, 100).question


def test_what_the_commonest_class_tells_is_nothing(tmp_path: Path) -> None:
    data = strategy(tmp_path / "t.csv", features=("refund", "age"))
    common = pd.Series(["no"] * 90 + ["yes"] * 10)
    assert not known_later({"refund": 0.92, "age": 0.9}, common, data, 100).leaks
    assert known_later({"refund": 0.97, "age": 0.9}, common, data, 100).value == pytest.approx(0.7)


def consequences(folder: Path, name: str) -> Path:
    draw = np.random.default_rng(0)
    frame = pd.DataFrame({"age": draw.normal(size=200), "dose": draw.normal(size=200), "score": draw.normal(size=200)})
    frame[name] = frame["score"] + draw.normal(0, 0.2, 200)
    frame.to_csv(folder / "late.csv", index=False)
    return folder / "late.csv"


def told(path: Path, split: Split, folder: Path, **changes: Any) -> tuple[dict[str, LeakFinding], str, float | None]:
    record, data = split(path, **changes), strategy(path, **changes)
    book = EvidenceBook(RunDirectory.create(folder / "runs"), "", "", 0)
    book_leaks(book, record, data, folder, "train")
    entry = next(entry for entry in book.entries if entry.name == "leaks")
    return {finding.kind: finding for finding in find_leaks(record, data)}, entry.text, entry.value


def test_a_consequence_is_a_leak_by_its_name_a_question_without_one_and_overridden_by_name(
    tmp_path: Path, split: Split
) -> None:
    features = ("age", "dose", "discharge_score")
    found, text, leaks = told(consequences(tmp_path, "discharge_score"), split, tmp_path, features=features)
    assert found["afterwards"].leaks and leaks == 1.0 and "discharge_score sounds as if" in text
    _, _, leaks = told(tmp_path / "late.csv", split, tmp_path, features=features, kept=("discharge_score",))
    assert leaks == 0.0
    path = consequences(tmp_path, "reading")
    features = ("age", "dose", "reading")
    found, text, leaks = told(path, split, tmp_path, features=features)
    assert leaks == 0.0 and "is reading known when the prediction is made?" in text
    _, text, _ = told(path, split, tmp_path, features=features, kept=("reading",))
    assert "known when" not in text, "the request has answered it"
