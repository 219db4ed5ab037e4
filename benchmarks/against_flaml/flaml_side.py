"""One search by FLAML: `python -m against_flaml.flaml_side ORDER.json`, in the peer's environment, on one thread.

ORDER names "train" and "test" (Parquet), "target", "task", "metric", "budget_s", "seed" and "out"; the predictions of
the test rows go to OUT as .npz, in the form of our own models. FLAML reads a clock of CPU seconds of this process, so
that other work on the machine takes nothing from it; its own children count, since there are none with one job.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from flaml import AutoML

ROW_ID = "row_id"


def features_of(path: str, target: str, like: pd.DataFrame | None = None) -> pd.DataFrame:
    """Text as categories, those of the training rows."""
    frame = pd.read_parquet(path).drop(columns=[ROW_ID, target], errors="ignore")
    for name in frame.select_dtypes(exclude=["number", "datetime", "bool"]):
        words = frame[name].astype("object").where(frame[name].notna(), None)
        known = None if like is None else like[name].cat.categories
        frame[name] = pd.Categorical(words, categories=known)
    return frame


def search(order: dict[str, Any]) -> dict[str, Any]:
    train = features_of(order["train"], order["target"])
    test = features_of(order["test"], order["target"], train)
    target = pd.read_parquet(order["train"])[order["target"]]
    regression = order["task"] == "regression"
    target = target.astype(float) if regression else target.astype(str)
    metric = "rmse" if regression else "roc_auc" if target.nunique() == 2 else "roc_auc_ovr"
    automl, start = AutoML(), time.process_time()
    time.time = lambda: 1_700_000_000.0 + time.process_time()
    automl.fit(
        train, target.to_numpy(), task=order["task"], metric=metric, time_budget=order["budget_s"],
        n_jobs=1, seed=order["seed"], verbose=0,
    )  # fmt: skip
    used = time.process_time() - start
    if regression:
        outputs, names = np.asarray(automl.predict(test), dtype=np.float64)[:, None], [order["target"]]
    else:
        outputs, names = automl.predict_proba(test), [str(name) for name in automl.classes_]
    ids = pd.read_parquet(order["test"], columns=[ROW_ID])[ROW_ID].to_numpy(dtype=np.int64)
    np.savez(order["out"], row_ids=ids, outputs=np.asarray(outputs, dtype=np.float64), output_names=np.array(names))
    chosen = {name: float(value) for name, value in (automl.best_config or {}).items() if np.isreal(value)}
    return {"cpu_s": used, "model": automl.best_estimator, "hyperparameters": chosen}


if __name__ == "__main__":
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        told = search(order)
    Path(order["told"]).write_text(json.dumps(told), encoding="utf-8")
