"""What is asked of the sealed rows of a series besides what is asked of every table's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from orchestrator.core.plan import DataStrategy, SeriesPlan
from orchestrator.data.split import SplitRecord
from orchestrator.gates.forecast import LAST, SEASON
from orchestrator.measure.bench import Scorer
from orchestrator.measure.edge import DELIVERED
from orchestrator.measure.naive import write_naive

PAST, ROWS = "past", "forecast_rows"


def against_naive(
    scorers: list[Scorer], split: SplitRecord, data: DataStrategy, folder: Path, seed: int
) -> tuple[list[Scorer], dict[str, Path]]:
    """A table's scorers as they are; of a series those of a forecast, with the files that they need besides.

    The forecasts without a model are written to `folder`. They need the training rows.
    """
    if data.series is None or not Path(split.train).is_file():
        return scorers, {}
    naive = write_naive(split, data, data.series, folder)
    return _forecast_scorers(scorers, data, data.series, tuple(naive), seed), _forecast_files(split, naive)


def _forecast_files(split: SplitRecord, naive: Mapping[str, Path]) -> dict[str, Path]:
    """The training rows, the sealed rows' inputs, and the forecasts without a model."""
    return {
        PAST: Path(split.train),
        ROWS: Path(split.test_inputs),
        **{f"p_{name}": path for name, path in naive.items()},
    }


def _forecast_scorers(
    scorers: list[Scorer], data: DataStrategy, series: SeriesPlan, naive: tuple[str, ...], seed: int
) -> list[Scorer]:
    """The scorers of a table, whose differences respect the order of time, and those of a forecast."""
    shared: dict[str, JsonValue] = {"seed": seed, "target": data.target}
    told: dict[str, JsonValue] = {**shared, "time": series.time, "group": series.group, "subject": DELIVERED}
    inputs = {"predictions": f"p_{DELIVERED}", "labels": "labels"}
    found = [
        scorer.model_copy(update={"name": "forecast_difference"}) if scorer.name == "paired_difference" else scorer
        for scorer in scorers
    ]
    for name in naive:
        own = {"predictions": f"p_{name}", "labels": "labels"}
        found.append(Scorer(name="regression", inputs=own, params={**shared, "subject": name}))
        both = {**inputs, "other": f"p_{name}"}
        against = {**shared, "metric": data.metric, "subject": f"{DELIVERED} vs {name}", "other": name}
        found.append(Scorer(name="forecast_difference", inputs=both, params=against))
    best = f"p_{SEASON if SEASON in naive else LAST}"
    course = {**inputs, "other": best, PAST: PAST, "rows": ROWS}
    return [*found, Scorer(name="forecast_course", inputs=course, params=told)]
