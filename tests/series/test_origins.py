"""A forecast knows nothing of what comes after its origin: not in training, not in use."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.boxed import ROOT

pytestmark = pytest.mark.box

SCRIPT = """
import json
from dataclasses import replace
import numpy as np
import pandas as pd
from skills.tabular.candidates import fit
from skills.tabular.folds import folds_of
from skills.tabular.forecast import _derived, _pairs
from skills.tabular.rows import Rows
from skills.tabular.series import pasts_of
from skills.tabular.spec import Spec

spec = Spec.model_validate({
    "target": "y", "task": "regression", "metric": "rmse", "time": ["day"], "categorical": ["shop"],
    "cv": {"kind": "time", "column": "day"}, "models": ["naive", "linear"],
    "series": {"time": "day", "group": "shop", "unit": "second", "size": 86400.0, "start": 1704067200.0},
})
draw, n = np.random.default_rng(0), 84
days = pd.date_range("2024-01-01", periods=n)
parts = [pd.DataFrame({"day": days, "shop": shop, "y": 9 * np.sin(np.arange(n) * 2 * np.pi / 7) + draw.normal(size=n)})
         for shop in ("a", "b")]
frame = pd.concat(parts, ignore_index=True)

def rows(frame):
    return Rows(frame[["day", "shop"]], frame["y"].to_numpy(), frame["day"].to_numpy())

def derived(frame, base):
    given = rows(frame)
    pasts = {key: replace(past, period=7) for key, past in pasts_of(given, spec.series).items()}
    pairs = _pairs(given, spec.series, pasts, 0)
    return pairs, _derived(given, pairs, base).features

told = {}
pairs, before = derived(frame, "seasonal_naive")
place = np.concatenate([one.rows % n for one in pairs])
origins = np.concatenate([one.origins for one in pairs])
told["before"] = bool((origins < place).all())
changed = frame.assign(y=np.where(frame["day"] >= days[60], frame["y"] + 50 * draw.random(2 * n), frame["y"]))
_, after = derived(changed, "seasonal_naive")
known = [name for name in before if name.startswith("known")]
same = (before[known].to_numpy() == after[known].to_numpy()).all(axis=1)
told["same"] = bool(same[origins < 60].all())
told["differs"] = bool((~same[origins >= 60]).any())
folds, _ = folds_of(spec, frame["y"].to_numpy(), frame["day"].to_numpy(), 0)
told["folds"] = all(frame["day"].iloc[one.train].max() < frame["day"].iloc[one.test].min() for one in folds)

train, later = frame[frame["day"] < days[70]], frame[frame["day"] >= days[70]]
for name in ("linear", "seasonal_naive"):
    model = fit(name, spec, rows(train), 0).pipeline
    asked = later[["day", "shop"]]
    alone = np.concatenate([model.predict(asked.iloc[[at]]) for at in range(len(asked))])
    told[name + " alone"] = bool(np.allclose(alone, model.predict(asked)))
    told[name] = float(np.sqrt(np.mean((model.predict(asked) - later["y"]) ** 2)))
    one = asked[(asked["day"] == days[75]) & (asked["shop"] == "a")]
    found = []
    for at in (None, 77, 75, 74, 68):
        values = later.assign(y=later["y"] + 500.0 * (later["day"] == days[at or 0]))
        if at == 68:
            values = pd.concat([train.assign(y=train["y"] + 500.0 * (train["day"] == days[68])), later])
        found.append(float(model.knowing(rows(values)).predict(one)[0]))
    told[name + " knowing"] = found
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(box_python: Path) -> dict[str, Any]:
    done = subprocess.run(
        [str(box_python), "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_training_forecasts_look_back_from_origins_before_their_rows_alone(told: dict[str, Any]) -> None:
    assert told["before"] and told["folds"]
    assert told["same"], "values after an origin change what is known at it"
    assert told["differs"], "the values were changed"


@pytest.mark.parametrize("name", ["linear", "seasonal_naive"])
def test_a_forecast_does_not_depend_on_what_else_is_asked(told: dict[str, Any], name: str) -> None:
    assert told[f"{name} alone"] and told[name] < 2


@pytest.mark.parametrize("name", ["linear", "seasonal_naive"])
def test_newer_values_move_the_origin_and_those_after_it_change_nothing(told: dict[str, Any], name: str) -> None:
    plain, later, own, before, season = told[f"{name} knowing"]
    assert later == own == plain, "a value of its own step or of a later one changes a forecast"
    assert before != plain or season != plain, "newer values before it are used"
