"""Shapley values of a table's columns, by walking from background rows to the explained row, column by column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skills.interpret.ask import Ask

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Shares:
    """`values` (n, d, k): by how much each column moves each output of each row away from `base` (k,), the mean output
    of the background. `errors` are the standard errors of having drawn the orders, `outputs` (n, k) what the model
    says of the rows."""

    values: Array
    errors: Array
    base: Array
    outputs: Array
    names: tuple[str, ...]
    explainer: str


def sampled(ask: Ask, rows: pd.DataFrame, background: pd.DataFrame, seed: int) -> Shares:
    """From every background row two walks to each explained row: columns take its values in a random order, and in
    that order reversed.

    Unbiased for the Shapley value with absent columns drawn from the background, whatever the model; exact where
    columns act additively. As every walk leads from a background row to the explained one, the values of a row add up
    to its output less the mean output of the background.
    Štrumbelj, E. & Kononenko, I. (2014) Explaining prediction models and individual predictions with feature
    contributions, doi:10.1007/s10115-013-0679-x; orders with their reverse as in Mitchell, R. et al. (2022) Sampling
    permutations for Shapley value estimation, jmlr.org/papers/v23/21-0439.html.
    """
    both = pd.concat([background, rows], ignore_index=True)
    walks, count = len(background), rows.shape[1]
    values, errors, outputs, base, names = [], [], [], np.zeros(0), ()
    for place in range(len(rows)):
        ranks = orders(walks, count, np.random.default_rng([seed, place]))
        told = ask(_walked(both, ranks, walks + place))
        steps = told.outputs.reshape(2 * walks, count + 1, -1)
        gains = np.take_along_axis(np.diff(steps, axis=1), ranks[:, :, None], axis=1).reshape(walks, 2, count, -1)
        values.append(gains.mean(axis=(0, 1)))
        errors.append(np.sqrt(np.square(gains[:, 0] - gains[:, 1]).sum(axis=0)) / (2 * walks))
        outputs.append(steps[0, -1])
        base, names = steps[::2, 0].mean(axis=0), told.names
    return Shares(np.stack(values), np.stack(errors), base, np.stack(outputs), names, "orders of the columns")


def orders(walks: int, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """(2 * walks, d) the rank of every column in each walk's order; every second order is the one before, reversed."""
    ranks = np.stack([generator.permutation(count) for _ in range(walks)])
    return np.stack([ranks, count - 1 - ranks], axis=1).reshape(-1, count).astype(np.int64)


def _walked(both: pd.DataFrame, ranks: NDArray[np.int64], explained: int) -> pd.DataFrame:
    """All rows of all walks: d + 1 of each, the background row first and the explained one last."""
    walks, count = ranks.shape
    taken = ranks[:, None, :] < np.arange(count + 1)[:, None]  # (2 b, d + 1, d)
    begin = np.arange(walks)[:, None, None] // 2
    source = np.where(taken, explained, begin).reshape(-1, count)
    return pd.DataFrame(
        {name: both[name].take(source[:, place]).array for place, name in enumerate(both.columns)}, copy=False
    )
