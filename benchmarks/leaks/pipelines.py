"""Preparations of a table, each as it must be (fitted to training rows) and as it must not (test rows seen too)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from leaks.plants import Scenario
from orchestrator.data.columns import is_number
from orchestrator.data.corrupted import Prepare, changed_by_test_rows

NOISE_COLUMNS = 60  # beside the table's own, where columns are selected
SELECTED = 10
COMPONENTS = 2

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Step = Callable[[pd.DataFrame, pd.Series, Mask], pd.DataFrame]
"""(numbers, target as ranks, the rows that are fitted to) -> the prepared numbers, every row."""


@dataclass(frozen=True)
class Pipeline:
    """`leak` is "" where it is fitted to training rows alone, else "preparation" or "selection"."""

    name: str
    leak: str
    step: Step


def _scaled(numbers: pd.DataFrame, target: pd.Series, seen: Mask) -> pd.DataFrame:
    return (numbers - numbers[seen].mean()) / numbers[seen].std().replace(0.0, 1.0)


def _filled(numbers: pd.DataFrame, target: pd.Series, seen: Mask) -> pd.DataFrame:
    holes = np.random.default_rng(0).random(numbers.shape) < 0.05
    return numbers.mask(holes).fillna(numbers[seen].mask(holes[seen]).median())


def _clipped(numbers: pd.DataFrame, target: pd.Series, seen: Mask) -> pd.DataFrame:
    return numbers.clip(numbers[seen].quantile(0.02), numbers[seen].quantile(0.98), axis=1)


def _ranked(numbers: pd.DataFrame, target: pd.Series, seen: Mask) -> pd.DataFrame:
    made = {}
    for name in numbers:
        known = np.sort(numbers.loc[seen, name].to_numpy())
        made[name] = np.searchsorted(known, numbers[name].to_numpy(), side="right") / len(known)
    return pd.DataFrame(made, index=numbers.index)


def _encoded(numbers: pd.DataFrame, target: pd.Series, seen: Mask) -> pd.DataFrame:
    """Tenths of every number replaced by the mean target in them."""
    made = {}
    for name in numbers:
        edges = np.unique(numbers.loc[seen, name].quantile(np.linspace(0.1, 0.9, 9)))
        tenth = pd.Series(np.searchsorted(edges, numbers[name]), index=numbers.index)
        made[name] = tenth.map(target[seen].groupby(tenth[seen]).mean()).fillna(float(target[seen].mean()))
    return pd.DataFrame(made, index=numbers.index)


def _components(numbers: pd.DataFrame, target: pd.Series, seen: Mask) -> pd.DataFrame:
    scaled = _scaled(numbers, target, seen).to_numpy()
    directions = np.linalg.svd(scaled[seen] - scaled[seen].mean(axis=0), full_matrices=False)[2][:COMPONENTS]
    names = [f"component {place}" for place in range(len(directions))]
    return pd.DataFrame(scaled @ directions.T, index=numbers.index, columns=names)


def _by_correlation(numbers: pd.DataFrame, target: pd.Series, seen: Mask) -> pd.DataFrame:
    """The columns that go along with the target most."""
    strength = numbers[seen].rank().corrwith(target[seen]).abs().fillna(0.0)
    return numbers[list(strength.sort_values(ascending=False, kind="stable").index[:SELECTED])]


def _by_spread(numbers: pd.DataFrame, target: pd.Series, seen: Mask) -> pd.DataFrame:
    """The columns whose values vary most, as parts of their mean size."""
    strength = numbers[seen].std() / numbers[seen].abs().mean().replace(0.0, 1.0)
    return numbers[list(strength.sort_values(ascending=False, kind="stable").index[:SELECTED])]


PREPARATIONS: dict[str, Step] = {
    "scaled": _scaled,
    "filled": _filled,
    "clipped": _clipped,
    "ranked": _ranked,
    "encoded": _encoded,
    "components": _components,
}
SELECTIONS: dict[str, Step] = {"by correlation": _by_correlation, "by spread": _by_spread}


def pipelines() -> tuple[Pipeline, ...]:
    """Every preparation and every selection twice: without a leak, and with its own."""
    every = [(name, "preparation", step) for name, step in PREPARATIONS.items()]
    every += [(name, "selection", step) for name, step in SELECTIONS.items()]
    return tuple(Pipeline(name, told, step) for name, leak, step in every for told in ("", leak))


def matters(scenario: Scenario, pipeline: Pipeline) -> bool:
    """Whether the leak is one here: training rows come out otherwise than from a fit to training rows alone.

    A table without numbers, or one whose test rows change no quantile and no choice of columns, leaks nothing.
    """
    table = _table(scenario, pipeline)
    leaky, honest = (_prepare(scenario, pipeline, table, leak)(table) for leak in (pipeline.leak, ""))
    train = ~scenario.test
    return list(leaky) != list(honest) or not leaky[train].equals(honest[train])


def sees_test_rows(scenario: Scenario, pipeline: Pipeline) -> bool:
    """Whether the product's check says that what the pipeline makes of training rows depends on test rows."""
    table = _table(scenario, pipeline)
    prepare = _prepare(scenario, pipeline, table, pipeline.leak)
    return changed_by_test_rows(prepare, table, scenario.test, scenario.of.target, 0).rows > 0


def _table(scenario: Scenario, pipeline: Pipeline) -> pd.DataFrame:
    table = scenario.frame
    if pipeline.name not in SELECTIONS:
        return table
    noise = np.random.default_rng(1).normal(size=(len(table), NOISE_COLUMNS))
    names = [f"reading {place}" for place in range(NOISE_COLUMNS)]
    return pd.concat([table, pd.DataFrame(noise, index=table.index, columns=names)], axis=1)


def _prepare(scenario: Scenario, pipeline: Pipeline, table: pd.DataFrame, leak: str) -> Prepare:
    target = scenario.of.target

    def prepare(rows: pd.DataFrame) -> pd.DataFrame:
        numbers = rows[[name for name in rows if name != target and is_number(table[name])]].astype(float)
        codes = rows[target].astype(float) if scenario.of.task == "regression" else rows[target].astype(str)
        seen = np.ones(len(rows), dtype=np.bool_) if leak else ~scenario.test
        return pipeline.step(numbers.fillna(numbers[seen].median()).fillna(0.0), codes.rank(), seen)

    return prepare
