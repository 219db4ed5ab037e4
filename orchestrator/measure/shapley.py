"""The judge's own estimate of Shapley values, by their definition and at its own draws: what an explanation is held to.

It shares no code with the skill that explains, and asks the model through `predict` alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
ROW_ID = "row_id"


@dataclass(frozen=True)
class Questions:
    """What the model is to be asked: `frame` holds the rows; `rows` and `columns` are places of what is estimated.

    The rows come in the order (rows, columns, background, drawn set and its complement, without and with the column).
    """

    frame: pd.DataFrame
    rows: Places
    columns: Places
    background: int


def questions(
    shown: pd.DataFrame, background: pd.DataFrame, rows: Places, columns: Places, generator: np.random.Generator
) -> Questions:
    """For each row, column and background row: a random set of the other columns takes the explained row's values,
    as does its complement, once without the column and once with it.

    The sets are those before a column in a random order: any size is as likely as any other, and any set among those
    of its size. That is the Shapley value's definition (Shapley 1953, doi:10.1515/9781400881970-018).
    """
    both = pd.concat([background, shown], ignore_index=True)
    behind, count = len(background), shown.shape[1]
    drawn = generator.random((len(rows), len(columns), behind, count))
    own = np.take_along_axis(drawn, np.broadcast_to(columns[None, :, None, None], (*drawn.shape[:3], 1)), axis=3)
    before = drawn < own
    sets = np.stack([before, drawn > own], axis=3)  # (rows, columns, behind, 2, d), both without the column itself
    without = np.repeat(sets[..., None, :], 2, axis=4)
    place = np.arange(count) == columns[:, None]
    without[:, :, :, :, 1, :] |= place[None, :, None, None, :]
    explained = (behind + rows)[:, None, None, None, None, None]
    source = np.where(without, explained, np.arange(behind)[None, None, :, None, None, None]).reshape(-1, count)
    frame = pd.DataFrame({name: both[name].take(source[:, at]).array for at, name in enumerate(both.columns)})
    return Questions(frame.assign(**{ROW_ID: np.arange(len(frame))}), rows, columns, behind)


def estimates(asked: Questions, outputs: Floats) -> tuple[Floats, Floats]:
    """(values, standard errors), both (rows, columns, k), from the model's outputs in the order of the frame.

    The error is that of having drawn the sets: a set and its complement against each other, background row by row.
    """
    told = outputs.reshape(len(asked.rows), len(asked.columns), asked.background, 2, 2, -1)
    gains = told[..., 1, :] - told[..., 0, :]  # (rows, columns, behind, 2, k)
    errors = np.sqrt(np.square(gains[:, :, :, 0] - gains[:, :, :, 1]).sum(axis=2)) / (2 * asked.background)
    return gains.mean(axis=(2, 3)), errors
