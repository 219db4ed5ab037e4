"""Splits array data before any worker sees it, and seals the test labels, as it is done for tables.

A side is a Parquet file with one row a sample: `inputs` holds its values as plain bytes, whose type and shape the plan
tells, so that all that handles tables (predictions by row id, scoring, sealing) handles arrays too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair
from orchestrator.core.plan import DataStrategy
from orchestrator.core.values import sha256_file
from orchestrator.data import assign
from orchestrator.data.arrays import GROUPS, INPUTS, Arrays, hash_of, is_text, read_arrays
from orchestrator.data.arrays_alike import alike_units
from orchestrator.data.seal import Part, write_labels, write_parts
from orchestrator.data.split import How, SplitRecord

MIN_SIDE = 2


def split_arrays(path: Path, strategy: DataStrategy, *, seed: int, destination: Path, sealed: Path) -> SplitRecord:
    """Write destination/train.parquet, destination/test_inputs.parquet and sealed/labels.npz.

    Exact and near copies stay on one side; where groups or the order of the file decide, copies of test samples leave
    the training side. Row ids are drawn at random.

    Raises: BadInput for data that changed or cannot be split as the plan says; ValueError where `sealed` lies inside
    `destination`.
    """
    if sealed.resolve().is_relative_to(destination.resolve()):
        raise ValueError(f"labels cannot be sealed in {str(sealed)!r}, inside what the boxes see")
    if strategy.sha256 and hash_of(path) != strategy.sha256:
        raise BadInput(f"{str(path)!r} has changed since the plan was made", remedy="plan again")
    found = read_arrays(path, resize=strategy.arrays.resize if strategy.arrays else None)
    labels = _labels(path, found, strategy)
    units, copies = alike_units(found.inputs)
    how = _how(strategy)
    test = _draw(path, found, labels, strategy, units, np.random.default_rng(seed))
    crossing = ~test & np.isin(units, units[test])
    ids = np.random.default_rng([seed, 1]).permutation(found.total).astype(np.int64)[found.rows]
    train, held = (_part(found, labels, mask, ids, strategy) for mask in (~test & ~crossing, test))
    _check_sides(path, train, held)
    train_file, test_file = write_parts(train, held, strategy.target, destination)
    files = {"train": train_file, "test_inputs": test_file, "labels": write_labels(train, held, sealed)}
    told = {name: str(file) for name, file in files.items()}
    hashes = {f"{name}_sha256": sha256_file(file) for name, file in files.items()}
    return SplitRecord(
        how=how, column=strategy.split.column, seed=seed, rows=found.total, train_rows=len(train),
        test_rows=len(held), target=strategy.target, features=(INPUTS,),
        classes=() if strategy.task == "regression" else tuple(sorted(set(labels.tolist()))),
        repairs=(*found.repairs, *_copies(how, copies, int(crossing.sum()))), **told, **hashes,
    )  # fmt: skip


def _labels(path: Path, found: Arrays, strategy: DataStrategy) -> NDArray[np.generic]:
    """Numbers for a regression, else text objects. Raises: BadInput where the labels cannot be that."""
    if strategy.target != found.target:
        raise BadInput(f"{str(path)!r} has no labels {strategy.target!r}", remedy=f"they are called {found.target!r}")
    if strategy.task != "regression":
        return np.array([str(label) for label in found.labels], dtype=object)
    try:
        return found.labels.astype(np.float64)
    except ValueError as error:
        raise BadInput(
            f"the labels {found.target!r} of {str(path)!r} are no numbers: {error}", remedy="ask for a classification"
        ) from error


def _how(strategy: DataStrategy) -> How:
    if strategy.split.kind == "time":
        raise BadInput("array data has no times to split by", remedy="give groups, or keep the order: `do not shuffle`")
    if strategy.split.kind == "group":
        return "group"
    return strategy.split.kind if strategy.split.shuffle else "tail"


def _draw(
    path: Path, found: Arrays, labels: NDArray[np.generic], strategy: DataStrategy, units: assign.Codes,
    generator: np.random.Generator,
) -> assign.Mask:  # fmt: skip
    fraction, how = strategy.split.test_fraction, _how(strategy)
    if how == "tail":
        return assign.tail(len(units), fraction)
    if how == "group":
        if found.groups is None or len(np.unique(found.groups)) < 2:
            raise BadInput(
                f"{str(path)!r} holds no array `groups` with two groups or more", remedy="add it, one value a sample"
            )
        return assign.draw_random(np.unique(found.groups, return_inverse=True)[1].astype(np.int64), fraction, generator)
    if len(np.unique(units)) < 2:
        raise BadInput(f"all samples of {str(path)!r} are copies of each other", remedy="give others")
    if how == "random":
        return assign.draw_random(units, fraction, generator)
    strata = (
        np.unique(labels.astype(np.str_), return_inverse=True)[1]
        if is_text(labels)
        else assign.bins(labels.astype(np.float64))
    )
    return assign.draw_stratified(units, strata.astype(np.int64), fraction, generator)


def _part(
    found: Arrays, labels: NDArray[np.generic], mask: assign.Mask, ids: NDArray[np.int64], strategy: DataStrategy
) -> Part:
    """One side, by row id."""
    places = np.flatnonzero(mask)
    places = places[np.argsort(ids[places], kind="stable")]
    cells = pd.Series([found.inputs[place].tobytes() for place in places], dtype=object)
    by = None
    if strategy.split.kind == "group" and found.groups is not None:
        by = pd.Series(found.groups[places].astype(object), name=strategy.split.column or GROUPS)
    return Part(
        features=pd.DataFrame({INPUTS: cells}), target=labels[places], ids=ids[places], rows=found.rows[places], by=by
    )


def _check_sides(path: Path, train: Part, test: Part) -> None:
    if min(len(train), len(test)) < MIN_SIDE:
        raise BadInput(
            f"{str(path)!r} leaves {len(train)} samples to train and {len(test)} to test; each needs {MIN_SIDE}",
            remedy="give more, or another test fraction",
        )
    if len(set(train.target.tolist())) < 2:
        raise BadInput(
            f"all training samples of {str(path)!r} have the label {str(train.target[0])!r} once the test is set aside",
            remedy="shuffle, stratify, or give more",
        )


def _copies(how: How, copies: int, crossing: int) -> tuple[Repair, ...]:
    if crossing:
        reason = f"{crossing} training samples are exact or near copies of test samples and are left out of training"
        return (Repair(kind="duplicates_dropped", columns=(INPUTS,), rows=crossing, reason=reason),)
    if copies and how in ("random", "stratified"):
        reason = f"{copies} samples are exact or near copies of others; copies stay on one side of the split"
        return (Repair(kind="duplicates_together", columns=(INPUTS,), rows=copies, reason=reason),)
    return ()
