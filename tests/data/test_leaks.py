"""Leakage between the sides of a split, measured from the files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from orchestrator.data.leaks import LeakFinding, find_leaks
from orchestrator.data.split import SplitRecord

from .conftest import strategy

Split = Callable[..., SplitRecord]


def leaks(path: Path, split: Split, **changes: Any) -> dict[str, LeakFinding]:
    found = find_leaks(split(path, **changes), strategy(path, **changes))
    return {finding.kind: finding for finding in found}


def test_an_honest_table_has_no_leak_and_says_what_was_looked_for(visits: Path, split: Split) -> None:
    found = leaks(visits, split)
    looked_for = "afterwards duplicates groups near_duplicates preparation proxy proxy_together time_order"
    assert " ".join(sorted(found)) == looked_for
    assert not any(finding.leaks for finding in found.values())
    assert found["proxy"].columns == ("age",)


@pytest.mark.parametrize(("kind", "column", "named"), [("group", "patient", "groups"), ("time", "day", "time_order")])
def test_splits_by_group_and_time_are_checked_for_them(
    visits: Path, split: Split, kind: str, column: str, named: str
) -> None:
    found = leaks(visits, split, kind=kind, column=column)
    assert found[named].value == 0.0
    assert found[named].columns == (column,)


@pytest.mark.parametrize(("kind", "column", "named"), [("group", "patient", "groups"), ("time", "day", "time_order")])
def test_a_row_that_crosses_is_found(visits: Path, split: Split, kind: str, column: str, named: str) -> None:
    record = split(visits, kind=kind, column=column)
    train = pd.read_parquet(record.train)
    table = pd.read_csv(visits)
    with np.load(record.labels) as held:
        crossing = table.iloc[held["rows"][-1]]
    extra = train.iloc[:1].assign(**{column: pd.Timestamp(crossing[column]) if kind == "time" else crossing[column]})
    pd.concat([train, extra]).to_parquet(record.train)
    found = {finding.kind: finding for finding in find_leaks(record, strategy(visits, kind=kind, column=column))}
    assert found[named].leaks


def test_copies_of_test_rows_in_training_are_found(visits: Path, split: Split) -> None:
    record = split(visits)
    train, test = pd.read_parquet(record.train), pd.read_parquet(record.test_inputs)
    pd.concat([train, test.iloc[:3].assign(score=0.0)]).to_parquet(record.train)
    found = {finding.kind: finding for finding in find_leaks(record, strategy(visits))}
    assert found["duplicates"].value == pytest.approx(3 / 12)
    assert found["duplicates"].leaks


def with_column(path: Path, **columns: Any) -> Path:
    frame = pd.read_csv(path).assign(**columns)
    frame.to_csv(path, index=False)
    return path


@pytest.mark.parametrize("disguise", [lambda y: 2.54 * y + 1, lambda y: np.exp(y), lambda y: -(y**3)])
def test_the_target_in_disguise_is_named(visits: Path, split: Split, disguise: Callable[[Any], Any]) -> None:
    path = with_column(visits, copy=disguise(pd.read_csv(visits)["score"]))
    found = leaks(path, split, features=("age", "copy", "site"))
    assert found["proxy"].leaks
    assert found["proxy"].columns == ("copy",)
    assert "copy" in found["proxy"].remedy


@pytest.mark.parametrize("disguise", [{"no": "healthy", "yes": "sick"}, {"no": 0, "yes": 1}])
def test_a_class_in_disguise_is_named(visits: Path, split: Split, disguise: dict[str, Any]) -> None:
    path = with_column(visits, outcome=pd.read_csv(visits)["ill"].map(disguise))
    told = {"target": "ill", "task": "binary", "metric": "f1", "kind": "stratified"}
    found = leaks(path, split, features=("dose", "outcome", "site"), **told)
    assert found["proxy"].leaks
    assert found["proxy"].columns == ("outcome",)


def test_one_feature_alone_is_never_called_a_proxy(visits: Path, split: Split) -> None:
    path = with_column(visits, copy=pd.read_csv(visits)["score"])
    assert "proxy" not in leaks(path, split, features=("copy",))


def test_two_columns_whose_sum_is_the_target_are_named_together(visits: Path, split: Split) -> None:
    draw = np.random.default_rng(3)
    many = pd.DataFrame(draw.normal(size=(300, 3)).round(3), columns=["before", "rise", "age"])
    path = visits.with_name("sum.csv")
    many.assign(score=many["before"] + many["rise"]).to_csv(path, index=False)
    found = leaks(path, split, features=("before", "rise", "age"))
    assert not found["proxy"].leaks
    assert found["proxy_together"].leaks and found["proxy_together"].columns == ("before", "rise")
    assert "before and rise" in found["proxy_together"].remedy


def test_a_class_by_a_threshold_on_one_column_is_a_proxy(visits: Path, split: Split) -> None:
    draw = np.random.default_rng(3)
    many = pd.DataFrame(draw.normal(size=(300, 2)), columns=["risk", "age"])
    path = visits.with_name("risk.csv")
    many.assign(ill=np.where(many["risk"] > 0.123, "yes", "no")).to_csv(path, index=False)
    found = leaks(path, split, features=("risk", "age"), target="ill", task="binary", metric="f1", kind="stratified")
    assert found["proxy"].leaks and found["proxy"].columns == ("risk",)


def test_every_column_that_tells_the_target_alone_is_named(visits: Path, split: Split) -> None:
    score = pd.read_csv(visits)["score"]
    path = with_column(visits, copy=2 * score, again=score - 1)
    assert leaks(path, split, features=("age", "copy", "again"))["proxy"].columns == ("copy", "again")


def test_a_leak_of_a_column_that_the_request_keeps_by_name_is_overridden(visits: Path, split: Split) -> None:
    path = with_column(visits, copy=2 * pd.read_csv(visits)["score"])
    features = ("age", "copy", "site")
    finding = leaks(path, split, features=features)["proxy"]
    assert finding.overridden(strategy(path, features=features, kept=("copy",)))
    assert not finding.overridden(strategy(path, features=features, kept=("age",)))
    copies = LeakFinding(kind="duplicates", value=1.0, threshold=0.0, columns=("copy",))
    assert not copies.overridden(strategy(path, kept=("copy",)))


@pytest.mark.parametrize("target", ["score", "ill"])
def test_a_record_number_of_a_sorted_file_is_an_identifier_that_tells_the_target(
    visits: Path, split: Split, target: str
) -> None:
    draw = np.random.default_rng(3)
    frame = pd.DataFrame({"age": draw.normal(size=300), "score": draw.normal(size=300)})
    frame = frame.assign(ill=np.where(frame["score"] > 1, "yes", "no")).sort_values("score")
    path = visits.with_name("sorted.csv")
    task = {"score": {}, "ill": {"target": "ill", "task": "binary", "metric": "f1", "kind": "stratified"}}[target]
    frame.iloc[draw.permutation(300)].assign(record=draw.permutation(300)).to_csv(path, index=False)
    assert not leaks(path, split, features=("age", "record"), **task)["identifier"].leaks
    frame.assign(record=np.arange(300) + 7000).to_csv(path, index=False)
    told = leaks(path, split, features=("age", "record"), **task)["identifier"]
    assert told.leaks and told.columns == ("record",)
    assert told.overridden(strategy(path, kept=("record",)))
    frame.assign(record=np.arange(300) + 7000, sample_no=draw.permutation(300)).to_csv(path, index=False)
    both = leaks(path, split, features=("age", "record", "sample_no"), **task)["identifier"]
    assert both.columns == ("record",), "the other one tells nothing"


def test_columns_that_the_plan_drops_and_keeps_are_told_among_the_repairs(visits: Path, split: Split) -> None:
    record = split(
        visits, dropped={"patient": "an identifier", "day": "known later", "site": "known later"}, kept=("age",)
    )
    told = {(repair.kind, repair.columns) for repair in record.repairs}
    assert told == {
        ("column_dropped", ("patient",)), ("column_dropped", ("day", "site")), ("column_kept", ("age",)),
    }  # fmt: skip
