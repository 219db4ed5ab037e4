"""Bad tables from words to split: one clear error that names the thing and the remedy, or a repair that is recorded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from orchestrator.core.errors import BadInput, UserError
from orchestrator.core.evidence import Repair
from orchestrator.core.request import Request
from orchestrator.data.profile import profile_table
from orchestrator.data.split import SplitRecord, split_table
from orchestrator.planners.seam import choose

Write = Callable[[Path], object]
PLANNER = choose("rules", {})
ROWS = 60


async def travelled(path: Path, words: str = "Predict y") -> SplitRecord:
    """A request's way to its split, as a run takes it before a box is opened."""
    request = Request(text=f"{words} in @{path}", files=(str(path),))
    routing = await PLANNER.route(request)
    plan = await PLANNER.plan(request, routing, profile_table(path), ())
    assert plan.data is not None
    return split_table(path, plan.data, seed=0, destination=path.parent / "seen", sealed=path.parent / "sealed")


def good() -> pd.DataFrame:
    draw = np.random.default_rng(0)
    return pd.DataFrame({"a": draw.normal(size=ROWS).round(4), "b": draw.choice(["x", "ü"], ROWS)}).assign(
        y=draw.normal(size=ROWS).round(4)
    )


def csv(**columns: object) -> Write:
    return lambda path: good().assign(**columns).to_csv(path, index=False)


def text(content: str | bytes) -> Write:
    return lambda path: path.write_bytes(content if isinstance(content, bytes) else content.encode())


def dates(count: int) -> list[str]:
    forms = ("%Y-%m-%d", "%d.%m.%Y", "%B %d, %Y", "%Y/%m/%d", "%d %b %Y")
    days = pd.date_range("2026-01-13", periods=count)
    return [day.strftime(forms[place % 5]) for place, day in enumerate(days)]


REPAIRED: dict[str, tuple[Write, dict[str, tuple[str, ...]]]] = {
    "windows-1252": (lambda path: good().to_csv(path, index=False, encoding="cp1252"), {"encoding": ()}),
    "an empty column": (csv(c=np.nan), {"column_dropped": ("c",)}),
    "a constant column": (csv(c=7), {"column_dropped": ("c",)}),
    "labels with gaps": (csv(y=[np.nan, 1.25] * 5 + list(good()["y"][10:])), {"target_missing": ("y",)}),
    "numbers with words": (csv(a=["see note", *map(str, good()["a"][1:])]), {"not_a_number": ("a",)}),
    "numbers with units": (csv(a=[f"{cell} kg" for cell in good()["a"]]), {"affixes": ("a",)}),
    "infinite numbers": (csv(a=["inf", *good()["a"][1:]]), {"infinite": ("a",)}),
    "dates in five formats": (csv(c=dates(ROWS)), {"mixed_dates": ("c",)}),
    "rows that end early": (
        lambda path: path.write_text(good().to_csv(index=False).rstrip("\n").rsplit(",", 1)[0] + "\n"),
        {"short_rows": (), "target_missing": ("y",)},
    ),
    "copied rows": (
        lambda path: pd.concat([good(), good()[:6]]).to_csv(path, index=False), {"duplicates_together": ("a", "b")}
    ),
    "a record number": (csv(id=[f"r{place:04d}" for place in range(ROWS)]), {"column_dropped": ("id",)}),
}  # fmt: skip


@pytest.mark.parametrize("what", REPAIRED)
async def test_what_can_be_repaired_is_and_every_repair_is_recorded(tmp_path: Path, what: str) -> None:
    write, wanted = REPAIRED[what]
    path = tmp_path / "t.csv"
    write(path)
    record = await travelled(path)
    told: dict[str, Repair] = {repair.kind: repair for repair in record.repairs}
    assert {kind: told[kind].columns for kind in wanted} == wanted, record.repairs
    assert all(told[kind].reason for kind in wanted)
    assert record.train_rows + record.test_rows >= 50


REFUSED: dict[str, tuple[Write, str]] = {
    "utf-8 and windows-1252": (text("a,b,y\n1,ü,2\n".encode() + "1,ü,2\n".encode("cp1252")), "line 3 is not UTF-8"),
    "columns of one name": (text("a,a,y\n" + "1,2,3\n" * 30), "columns of the same name: 'a'"),
    "one class": (csv(y="yes"), "'y'"),
    "a constant target": (csv(y=5.0), "'y'"),
    "a target without a value": (csv(y=np.nan), "'y'"),
    "a target of words that are all different": (csv(y=[f"word {place}" for place in range(ROWS)]), "'y'"),
    "too few rows": (lambda path: good()[:6].to_csv(path, index=False), "6 usable rows"),
    "a row that is longer": (lambda path: path.write_text(good().to_csv(index=False) + "1,x,2,9,9\n"), "columns"),
    "an open quotation mark": (lambda path: path.write_text(good().to_csv(index=False) + '"1,x,2\n'), "t.csv"),
    "a header alone": (text("a,b,y\n"), "a header but no rows"),
    "no header": (text("1,2,3\n" * 30), "not with column names"),
    "an empty file": (text(""), "is empty"),
    "blank lines": (text("\n \n"), "blank lines"),
    "a binary file": (text(bytes(range(256)) * 8), "binary"),
    "a word for the target that is not there": (csv(), "'z'"),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_what_cannot_be_used_is_refused_with_its_name_and_a_remedy(tmp_path: Path, what: str) -> None:
    write, told = REFUSED[what]
    path = tmp_path / "t.csv"
    write(path)
    with pytest.raises(UserError) as caught:
        await travelled(path, "Predict z" if "not there" in what else "Predict y")
    assert isinstance(caught.value, BadInput) and told in caught.value.message, caught.value.message
    assert caught.value.remedy and (path.name in caught.value.message or "'y'" in caught.value.message)


@pytest.mark.parametrize("suffix", [".parquet", ".xlsx", ".npz"])
async def test_a_file_cut_short_or_of_another_kind_is_refused(tmp_path: Path, suffix: str) -> None:
    whole, path = tmp_path / f"whole{suffix}", tmp_path / f"t{suffix}"
    frame = good()
    if suffix == ".parquet":
        frame.to_parquet(whole)
    elif suffix == ".xlsx":
        frame.to_excel(whole, index=False)
    else:
        np.savez(whole, a=frame["a"].to_numpy(), y=frame["y"].to_numpy())
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(BadInput) as cut:
        await travelled(path)
    shutil.copy(Path(__file__), path)
    with pytest.raises(BadInput) as other:
        await travelled(path)
    assert all(path.name in found.value.message and found.value.remedy for found in (cut, other))


async def test_thousands_of_categories_are_no_feature_and_no_target(tmp_path: Path) -> None:
    path, rows = tmp_path / "many.parquet", 5_000
    draw = np.random.default_rng(0)
    names = [f"c{place}" for place in range(rows)]
    pd.DataFrame({"a": draw.normal(size=rows), "code": names, "y": draw.normal(size=rows)}).to_parquet(path)
    record = await travelled(path)
    assert record.features == ("a",)
    assert [repair.columns for repair in record.repairs if repair.kind == "column_dropped"] == [("code",)]
    with pytest.raises(BadInput, match="'code'"):
        await travelled(path, "Predict code")
