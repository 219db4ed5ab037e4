"""Splits a user's table before any worker sees it, and seals the test labels."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair
from orchestrator.core.plan import DataStrategy
from orchestrator.core.values import Value, sha256_file
from orchestrator.data import assign
from orchestrator.data.columns import is_time
from orchestrator.data.duplicates import copies as copies_of
from orchestrator.data.given import read_whole, sides_of
from orchestrator.data.groups import write_groups
from orchestrator.data.near import near_copies
from orchestrator.data.quoting import quote
from orchestrator.data.seal import Part, seconds, write_labels, write_parts
from orchestrator.data.usable import Usable, usable_rows

MIN_SIDE = 2
DROPPING = ("target_missing", "split_column_missing", "duplicates_dropped", "near_copies_dropped", "between_sides")

How = Literal["random", "stratified", "group", "time", "tail", "given"]


class SplitRecord(Value):
    """What was split how. `train`, `test_inputs` and `labels` are paths; counts are rows.

    `rows` = `train_rows` + `test_rows` + the rows of repairs whose kind is in `DROPPING`.
    `how` is "tail" where a random split may not shuffle; `moment` is the time beside a group. `classes` are the labels
    of all kept rows as text (empty for regression); `cutoff` is the first test time; `groups` the file of the test
    rows' groups of people, where the plan names sensitive columns.
    """

    how: How
    column: str | None
    moment: str | None = None
    seed: int
    rows: int
    train_rows: int
    test_rows: int
    target: str
    features: tuple[str, ...]
    classes: tuple[str, ...] = ()
    cutoff: str | None = None
    repairs: tuple[Repair, ...] = ()
    train: str
    test_inputs: str
    labels: str
    groups: str = ""
    train_sha256: str
    test_inputs_sha256: str
    labels_sha256: str
    groups_sha256: str = ""


def split_table(path: Path, strategy: DataStrategy, *, seed: int, destination: Path, sealed: Path) -> SplitRecord:
    """Write destination/train.parquet, destination/test_inputs.parquet and sealed/labels.npz.

    Where rows may be shuffled, both parts are, and row ids are drawn at random, because in a sorted file a row's
    number gives its label away; the sealed file maps ids to row numbers. Else ids are the row numbers, from 0.
    Exact copies of a row never stand on both sides; of near copies the first alone is kept.

    Raises: BadInput for a file that changed, columns that are not there, a target that teaches nothing, too few
    rows or groups; ValueError where `sealed` lies inside `destination`.
    """
    if sealed.resolve().is_relative_to(destination.resolve()):
        raise ValueError(f"labels cannot be sealed in {str(sealed)!r}, inside what the boxes see")
    table = read_whole(path, strategy)
    usable, near = _without_near_copies(path, usable_rows(path, table.frame, strategy), strategy)
    test, keep, copies = _assign(path, usable, strategy, np.random.default_rng(seed))
    ids = _row_ids(len(table.frame), strategy, seed)
    train_part, test_part = (_part(usable, strategy, mask & keep, ids) for mask in (~test, test))
    _check_sides(path, strategy, train_part, test_part)
    used = {*strategy.features, strategy.target, strategy.split.column, strategy.split.moment}
    read = tuple(repair for repair in table.repairs if not repair.columns or used.intersection(repair.columns))
    return SplitRecord(
        how=_how(strategy),
        column=strategy.split.column,
        moment=strategy.split.moment,
        seed=seed,
        rows=len(table.frame),
        train_rows=len(train_part),
        test_rows=len(test_part),
        target=strategy.target,
        features=strategy.features,
        classes=() if strategy.task == "regression" else tuple(sorted(set(usable.target))),
        cutoff=_cutoff(test_part, strategy),
        repairs=(*read, *_left_out(strategy), *usable.repairs, *near, *copies),
        **_written(train_part, test_part, strategy.target, destination, sealed),
        **_groups(usable, strategy, test_part, sealed),
    )


def _groups(usable: Usable, strategy: DataStrategy, test: Part, sealed: Path) -> dict[str, str]:
    """Write the test rows' groups beside the labels; the file's path and hash by the record's names."""
    if not strategy.sensitive:
        return {}
    file = write_groups(usable.frame.loc[test.rows], strategy.sensitive, test.ids, sealed)
    return {"groups": str(file), "groups_sha256": sha256_file(file)}


def _left_out(strategy: DataStrategy) -> list[Repair]:
    """The plan's dropped columns by reason, and those that stay because the request says so."""
    by_reason: dict[str, tuple[str, ...]] = {}
    for name, reason in strategy.dropped.items():
        by_reason[reason] = (*by_reason.get(reason, ()), name)
    repairs = [Repair(kind="column_dropped", columns=names, reason=reason) for reason, names in by_reason.items()]
    if strategy.kept:
        reason = f"{', '.join(strategy.kept)} kept, as the request says, whatever the checks of leakage find"
        repairs.append(Repair(kind="column_kept", columns=strategy.kept, reason=reason))
    return repairs


def _without_near_copies(path: Path, usable: Usable, strategy: DataStrategy) -> tuple[Usable, list[Repair]]:
    """The table with one of each row that stands there again, rounded or shaken a little.

    The first one stays; where the user has chosen the test rows, these stay all.
    """
    pairs = near_copies(usable.frame[list(strategy.features)], usable.target)
    if not len(pairs):
        return usable, []
    keep = np.ones(len(usable.frame), dtype=np.bool_)
    keep[pairs[:, 1]] = False
    stays = "the first of each is kept"
    if strategy.split.kind == "given":
        test = sides_of(path, usable.frame[strategy.split.column or ""]).test
        keep[pairs[test[pairs[:, 1]], 0]] = False
        keep |= test
        stays = "given test rows and the first of the others are kept"
    rows = int((~keep).sum())
    reason = f"{rows} rows are near copies of others, their numbers rounded or shaken a little; {stays}"
    repair = Repair(kind="near_copies_dropped", columns=strategy.features, rows=rows, reason=reason)
    return Usable(usable.frame[keep], usable.target[keep], usable.repairs), [repair]


def _written(train: Part, test: Part, target: str, destination: Path, sealed: Path) -> dict[str, str]:
    """Write the three files; their paths and hashes by the record's names."""
    train_file, test_file = write_parts(train, test, target, destination)
    files = {"train": train_file, "test_inputs": test_file, "labels": write_labels(train, test, sealed)}
    return {name: str(file) for name, file in files.items()} | {
        f"{name}_sha256": sha256_file(file) for name, file in files.items()
    }


def _how(strategy: DataStrategy) -> How:
    ordered = strategy.split.kind in ("random", "stratified") and not strategy.split.shuffle
    return "tail" if ordered else strategy.split.kind


def _shuffles(strategy: DataStrategy) -> bool:
    return strategy.split.shuffle and strategy.split.kind != "time"


def _given_rows(path: Path, usable: Usable, strategy: DataStrategy) -> tuple[assign.Mask, list[Repair]]:
    """The user's own test rows; validation rows are trained on, since the folds compare candidates."""
    sides = sides_of(path, usable.frame[strategy.split.column or ""])
    if not sides.validation:
        return sides.test, []
    reason = f"{sides.validation} validation rows are trained on: candidates are compared on folds of the training rows"
    column = (strategy.split.column or "",)
    return sides.test, [Repair(kind="validation_joined", columns=column, rows=sides.validation, reason=reason)]


def _later_groups(
    path: Path, usable: Usable, strategy: DataStrategy, generator: np.random.Generator
) -> tuple[assign.Mask, assign.Mask, list[Repair]]:
    split = strategy.split
    codes = np.asarray(pd.factorize(usable.frame[split.column or ""])[0], dtype=np.int64)
    times = seconds(usable.frame[split.moment or ""])
    test, keep = assign.later_groups(codes, times, split.test_fraction, generator)
    if not test.any():
        raise BadInput(
            f"no rows of {str(path)!r} are of a group in {split.column!r} of their own and later in {split.moment!r}",
            remedy="split by one of the two",
        )
    rows = int((~keep).sum())
    reason = (
        f"{rows} rows are of a test {split.column} before the cutoff in {split.moment}, or of a training one after it: "
        "they stay on neither side"
    )
    columns = (split.column or "", split.moment or "")
    return test, keep, [Repair(kind="between_sides", columns=columns, rows=rows, reason=reason)] if rows else []


def _assign(
    path: Path, usable: Usable, strategy: DataStrategy, generator: np.random.Generator
) -> tuple[assign.Mask, assign.Mask, list[Repair]]:
    """Which rows are test rows, which rows stay at all, and what was done about copies."""
    units, natural = copies_of(usable.frame[list(strategy.features)], usable.target, strategy.split.kind)
    together = np.arange(len(units)) if natural else units
    keep, told = np.ones(len(units), dtype=np.bool_), list[Repair]()
    if strategy.split.kind == "given":
        test, told = _given_rows(path, usable, strategy)
    elif strategy.split.moment is not None:
        test, keep, told = _later_groups(path, usable, strategy, generator)
    else:
        test = _draw(path, usable, strategy, together, generator)
    columns, copies = strategy.features, len(units) - len(np.unique(units))
    if natural:
        reason = "few combinations of feature values exist, so equal rows stand in training and test"
        return test, keep, [*told, Repair(kind="repeats_kept", rows=copies, reason=reason)]
    crossing = keep & ~test & np.isin(units, units[test & keep])
    if rows := int(crossing.sum()):
        reason = f"{rows} training rows are exact copies of test rows and are left out of training"
        told = [*told, Repair(kind="duplicates_dropped", columns=columns, rows=rows, reason=reason)]
    elif copies and _how(strategy) in ("random", "stratified"):
        reason = f"{copies} rows are exact copies of others; copies stay on one side of the split"
        told = [*told, Repair(kind="duplicates_together", columns=columns, rows=copies, reason=reason)]
    return test, keep & ~crossing, told


def _draw(
    path: Path, usable: Usable, strategy: DataStrategy, units: assign.Codes, generator: np.random.Generator
) -> assign.Mask:
    fraction = strategy.split.test_fraction
    how = _how(strategy)
    if how == "tail":
        return assign.tail(len(units), fraction)
    if how == "time":
        test = assign.last_in_time(seconds(usable.frame[strategy.split.column or ""]), fraction)
        if not test.any():
            raise BadInput(
                f"column {strategy.split.column!r} of {str(path)!r} has one and the same time in every row",
                remedy="name another time column",
            )
        return test
    if how == "group":
        groups = np.asarray(pd.factorize(usable.frame[strategy.split.column or ""])[0], dtype=np.int64)
        if len(np.unique(groups)) < 2:
            raise BadInput(
                f"column {strategy.split.column!r} of {str(path)!r} has one group; a group split needs two or more",
                remedy="name another group column",
            )
        shuffled = strategy.split.shuffle
        return assign.draw_random(groups, fraction, generator) if shuffled else assign.last_groups(groups, fraction)
    if len(np.unique(units)) < 2:
        raise BadInput(f"all rows of {str(path)!r} have equal features", remedy="drop fewer columns")
    if how == "random":
        return assign.draw_random(units, fraction, generator)
    regression = strategy.task == "regression"
    strata = assign.bins(usable.target.to_numpy(float)) if regression else pd.factorize(usable.target)[0]
    return assign.draw_stratified(units, np.asarray(strata, dtype=np.int64), fraction, generator)


def _row_ids(rows: int, strategy: DataStrategy, seed: int) -> NDArray[np.int64]:
    """The id of every row of the file."""
    if not _shuffles(strategy):
        return np.arange(rows, dtype=np.int64)
    return np.random.default_rng([seed, 1]).permutation(rows).astype(np.int64)


def _part(usable: Usable, strategy: DataStrategy, mask: assign.Mask, ids: NDArray[np.int64]) -> Part:
    """One side: by id where rows may be shuffled (ids are random), by time in a time split, else as in the file."""
    rows = usable.frame.index.to_numpy()[mask].astype(np.int64)
    own = ids[rows]
    by = None if strategy.split.column is None else usable.frame.loc[rows, strategy.split.column]
    order = np.argsort(own, kind="stable")
    if strategy.split.kind == "time" and by is not None:
        order = np.argsort(seconds(by), kind="stable")
    rows, own = rows[order], own[order]
    return Part(
        features=usable.frame.loc[rows, list(strategy.features)],
        target=usable.target.loc[pd.Index(rows)].to_numpy(),
        ids=own,
        rows=rows,
        by=None if by is None or strategy.split.kind == "given" else by.loc[pd.Index(rows)],
        moment=None if strategy.split.moment is None else usable.frame.loc[rows, strategy.split.moment],
    )


def _check_sides(path: Path, strategy: DataStrategy, train: Part, test: Part) -> None:
    if min(len(train), len(test)) < MIN_SIDE:
        raise BadInput(
            f"{str(path)!r} leaves {len(train)} rows to train and {len(test)} to test; each needs {MIN_SIDE}",
            remedy="give more rows, or another test fraction",
        )
    if len(set(train.target.tolist())) < 2:
        raise BadInput(
            f"all training rows of {str(path)!r} have {strategy.target!r} = {quote(train.target[0])} once the test "
            "rows are set aside",
            remedy="shuffle, stratify, or give more rows",
        )


def _cutoff(test: Part, strategy: DataStrategy) -> str | None:
    """The first test time of a split that asks about later ones."""
    times = test.by if strategy.split.kind == "time" else test.moment
    if times is None:
        return None
    first = times.iloc[int(np.argmin(seconds(times)))]
    return first.isoformat() if is_time(times) else str(first)
