"""The forecast that was asked for: the delivered model on the steps past the end of the file, all values known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from orchestrator.boxes.job import ModelFiles
from orchestrator.core.plan import DataStrategy, SeriesPlan, Step
from orchestrator.data.seal import ROW_ID
from orchestrator.data.split import SplitRecord
from orchestrator.data.steps import later_times
from orchestrator.measure.bench import Bench
from orchestrator.measure.edge import DELIVERED, load_predictions, prediction_file
from orchestrator.measure.evidence import EvidenceBook

AHEAD = "ahead"
TABLE = "forecast.csv"
MOST_TOLD = 36  # forecasts that the answer lists; more lie in the table alone
DAY_S = 86400.0


async def measure_ahead(
    bench: Bench, book: EvidenceBook, step: Step, model: ModelFiles, data: DataStrategy, split: SplitRecord
) -> None:
    """Evidence `forecast` for each step past the end, or `forecast.rows` for how many there are; all in a table.

    It comes after the scoring: nothing is chosen any more, so the sealed values may be known. They are the newest of
    the series, and a forecast without them would look farther ahead than it must. The rows lie with the sealed labels.
    """
    series = data.series
    if series is None or series.horizon is None or model.skill.trust != "builtin":
        return
    own = {series.time, series.group}
    if unknown := [name for name in data.features if name not in own]:
        why = f"what {', '.join(unknown)} will be past the end of the file is not known"
        book.add("forecast.rows", None, bench.run.split, step.id, subject=DELIVERED, text=why)
        return
    known = _known(split, data)
    later = _later(known, series)
    rows = pd.concat([known, later], ignore_index=True)
    path = Path(split.labels).with_name("ahead.parquet")
    rows.rename(columns={data.target: f"{data.target}.known"}).assign(**{ROW_ID: np.arange(len(rows))}).to_parquet(
        path, index=False
    )
    folder, why = await bench.predict(f"{AHEAD}/{step.id}", model, {"rows": path}, (DELIVERED,), step.resources)
    found = None if folder is None else load_predictions(prediction_file(folder, DELIVERED), len(later))
    if folder is None or found is None or found.why:
        told = why if found is None else found.why
        book.add("forecast.rows", None, bench.run.split, step.id, subject=DELIVERED, text=f"no forecast: {told}")
        return
    outputs = found.held["outputs"]
    table = later.drop(columns=data.target)
    table[series.time] = [_moment(time, series) for time in later[series.time]]
    for place, name in enumerate(("forecast", "low", "high")[: outputs.shape[1]]):
        table[name] = outputs[:, place]
    file = folder / TABLE
    table.to_csv(file, index=False)
    _book(book, table, series, file, step.id)


def _book(book: EvidenceBook, table: pd.DataFrame, series: SeriesPlan, file: Path, step: str) -> None:
    book.add("forecast.rows", float(len(table)), file, step, n=len(table), subject=DELIVERED)
    if len(table) > MOST_TOLD:
        return
    for row in table.to_dict("records"):
        which = row[series.time] if series.group is None else f"{row[series.time]}, {row[series.group]}"
        between = f"90 % prediction interval {row['low']:.6g} to {row['high']:.6g}" if "low" in row else ""
        book.add("forecast", float(row["forecast"]), file, step, subject=str(which), text=between)


def _known(split: SplitRecord, data: DataStrategy) -> pd.DataFrame:
    """All rows with their values: those of training, and the sealed ones."""
    names = list(data.features)
    train = pd.read_parquet(split.train, columns=[*names, data.target])
    test = pd.read_parquet(split.test_inputs, columns=[*names, ROW_ID]).set_index(ROW_ID)
    with np.load(split.labels, allow_pickle=False) as held:
        values = pd.Series(held["labels"], index=held["row_ids"], name=data.target)
    return pd.concat([train, test.join(values)], ignore_index=True)[[*names, data.target]]


def _later(known: pd.DataFrame, series: SeriesPlan) -> pd.DataFrame:
    """The next steps after the last of all, of every group that the file has; without a value."""
    assert series.horizon is not None, "only a named horizon is forecast"
    times = later_times(known[series.time], series, series.horizon).astype(known[series.time].dtype)
    if series.group is None:
        return pd.DataFrame({series.time: times}).reindex(columns=known.columns)
    groups = known[series.group].unique()
    parts = [pd.DataFrame({series.time: times, series.group: group}) for group in groups]
    return pd.concat(parts, ignore_index=True).reindex(columns=known.columns)


def _moment(time: object, series: SeriesPlan) -> str:
    """As short as the steps allow: "1961-01", "2024-07-19", "2024-07-19 13:00:00", "1961"."""
    if not isinstance(time, pd.Timestamp):
        return f"{time:.10g}"
    if series.unit == "month":
        return time.strftime("%Y-%m")
    whole = series.unit == "business_day" or series.size % DAY_S == 0
    return time.strftime("%Y-%m-%d" if whole and time == time.normalize() else "%Y-%m-%d %H:%M:%S")
