"""skore's checks on the same tables and splits: `python -m leaks.skore_side ORDERS OUT`, in the benchmark's own venv.

ORDERS is a JSON list of {"name", "table", "target", "task", "key"}; the table's column `__test__` tells the test rows.
OUT gets, by key, what the checks that speak of leaks said: SKD011 (one column alone does what all do) and SKD013 (times
that overlap). Others are left out, but for SKD002, without which SKD011 asks too much of a model that learns nothing.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

import pandas as pd
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder
from skore import EstimatorReport
from skore import configuration as skore_configuration

WANTED = ("SKD002", "SKD011", "SKD013")
TREES = 30


def as_seconds(times: pd.DataFrame) -> pd.DataFrame:
    return times.apply(lambda column: (column - pd.Timestamp(0)) / pd.Timedelta(seconds=1))


def pipeline(task: str) -> object:
    """A forest, as skore's own guide has it, on columns that keep their names."""
    words = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    prepare = ColumnTransformer(
        [
            ("numbers", SimpleImputer(keep_empty_features=True), make_column_selector(dtype_include=["number"])),
            ("words", words, make_column_selector(dtype_include=["object", "string", "bool", "category"])),
            (
                "times",
                FunctionTransformer(as_seconds, feature_names_out="one-to-one"),
                make_column_selector(dtype_include=["datetime64"]),
            ),
        ],
        verbose_feature_names_out=False,
    ).set_output(transform="pandas")
    forest = RandomForestRegressor if task == "regression" else RandomForestClassifier
    return make_pipeline(prepare, forest(TREES, random_state=0, n_jobs=1))


def told(order: dict[str, str]) -> dict[str, str]:
    frame = pd.read_parquet(order["table"])
    test = frame.pop("__test__").to_numpy()
    frame = frame[frame[order["target"]].notna()]
    test = test[frame.index]
    target = frame.pop(order["target"])
    target = target.astype(float) if order["task"] == "regression" else target.astype(str)
    report = EstimatorReport(
        pipeline(order["task"]), X_train=frame[~test], y_train=target[~test], X_test=frame[test], y_test=target[test]
    )
    for code in [one.split(" - ")[0] for one in report.checks.available()]:
        if code not in WANTED:
            report.checks.remove(code)
    found = report.checks.summarize().frame()
    return {
        row["code"]: f"{row['section']}: {row['explanation']}"
        for _, row in found.iterrows()
        if row["section"] in ("issue", "tip", "not_applicable")
    }


def main(orders: Path, out: Path) -> None:
    skore_configuration.show_progress = False
    done = json.loads(out.read_text()) if out.is_file() else {}
    for order in json.loads(orders.read_text()):
        if order["key"] not in done:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                done[order["key"]] = told(order)
            out.write_text(json.dumps(done, indent=1))
            print(order["name"], done[order["key"]], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
