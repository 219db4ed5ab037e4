"""Leaks that a way to split brings: copies, near copies and groups on both sides, and training rows of the future."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.plan import DataStrategy
from orchestrator.data.duplicates import copies
from orchestrator.data.finding import LeakFinding
from orchestrator.data.leaks_of_columns import least_order
from orchestrator.data.near import near_copies
from orchestrator.data.proxy import told_by_order
from orchestrator.data.seal import seconds
from orchestrator.data.unexplained import unexplained
from orchestrator.data.units import alike, series, units

LEAST_ALIKE = 0.05  # rows of one unit tell nothing of each other below this


def duplicates(train: pd.DataFrame, test: pd.DataFrame, labels: NDArray[np.generic], data: DataStrategy) -> LeakFinding:
    features = list(data.features)
    both = pd.concat([train[features], test[features]], ignore_index=True)
    targets = pd.concat([train[data.target], pd.Series(labels)], ignore_index=True)
    units, natural = copies(both, targets, data.split.kind)
    share = float(np.isin(units[len(train) :], units[: len(train)]).mean())
    return LeakFinding(
        kind="duplicates",
        value=share,
        threshold=1.0 if natural else 0.0,
        columns=data.features,
        rows=len(test),
        remedy="remove the copies, or split by a group that keeps them together",
    )


def near_duplicates(
    train: pd.DataFrame, test: pd.DataFrame, labels: NDArray[np.generic], data: DataStrategy
) -> LeakFinding:
    features = list(data.features)
    both = pd.concat([train[features], test[features]], ignore_index=True)
    pairs = near_copies(both, pd.concat([train[data.target], pd.Series(labels)], ignore_index=True))
    crossing = pairs[(pairs[:, 0] < len(train)) & (pairs[:, 1] >= len(train))]
    return LeakFinding(
        kind="near_duplicates",
        value=len(np.unique(crossing[:, 1])) / len(test),
        threshold=0.0,
        columns=data.features,
        rows=len(test),
        remedy="remove the near copies, or split by a group that keeps them together",
    )


def groups(train: pd.Series, test: pd.DataFrame, column: str, sealed: dict[str, NDArray[np.generic]]) -> LeakFinding:
    theirs = {str(group) for group in (test[column] if column in test else sealed["groups"])}
    shared = theirs & {str(group) for group in train}
    return LeakFinding(
        kind="groups",
        value=float(len(shared)),
        threshold=0.0,
        columns=(column,),
        rows=len(test),
        remedy=f"split so that no {column} stands on both sides",
    )


def time_order(
    train: pd.Series, test: pd.DataFrame, column: str, sealed: dict[str, NDArray[np.generic]]
) -> LeakFinding:
    theirs = seconds(test[column]) if column in test else np.asarray(sealed["times"], dtype=np.float64)
    early = theirs <= seconds(train).max()
    return LeakFinding(
        kind="time_order",
        value=float(early.mean()),
        threshold=0.0,
        columns=(column,),
        rows=len(test),
        remedy=f"test on rows later than every training row in {column}",
    )


def units_on_both_sides(
    whole: pd.DataFrame, target: pd.Series, test: NDArray[np.bool_], *, regression: bool
) -> LeakFinding | None:
    """Where rows are split at random: how alike the targets of one unit's rows are, if it has rows on both sides.

    The targets themselves, or what the other columns leave of them, whichever are more alike: rows of one animal that
    grows may differ as much as rows of two. `whole` are all columns of training and test rows, dropped ones too. The
    unit whose rows are most alike is named.
    """
    found = []
    for name in units(whole):
        crossing = int((test & whole[name].isin(whole[name][~test]) & whole[name].notna().to_numpy()).sum())
        if crossing:
            looked = [alike(whole[name], target, regression=regression)]
            left = unexplained(whole.drop(columns=[name]), target, regression=regression)
            looked += [alike(whole[name], left, regression=True)] if left is not None else []
            found += [(value, max(LEAST_ALIKE, chance), name, crossing) for value, chance in looked]
    if not found:
        return None
    value, limit, name, crossing = max(found, key=lambda one: one[0] - one[1])
    remedy = f"{crossing} test rows are of a {name} that has training rows too: split by {name}"
    return LeakFinding(kind="groups", value=value, threshold=limit, columns=(name,), rows=crossing, remedy=remedy)


def future_in_training(
    whole: pd.DataFrame, target: pd.Series, test: NDArray[np.bool_], *, regression: bool
) -> LeakFinding | None:
    """Where rows of a series are split at random, or as given: how much the rows just before and after tell of each.

    A split whose test rows are all later has none. Of several columns of times the one is named in whose order
    neighbours are most alike.
    """
    torn = [name for name in series(whole) if _early(whole[name], test)]
    told = {name: told_by_order(whole[name], target, regression=regression) for name in torn}
    if not told:
        return None
    name = max(told, key=lambda one: told[one])
    early = _early(whole[name], test)
    remedy = f"{early} test rows lie before training rows in {name}, whose neighbours are alike: split by {name}"
    limit = least_order(target, regression=regression)
    return LeakFinding(kind="time_order", value=told[name], threshold=limit, columns=(name,), rows=early, remedy=remedy)


def _early(times: pd.Series, test: NDArray[np.bool_]) -> int:
    """Test rows that are not later than every training row."""
    return int((seconds(times)[test] <= np.nanmax(seconds(times)[~test])).sum())
