"""What of the skill needs no JAX: frames, points, sizes of terms, columns of a table, specs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from skills.jax.columns import Columns
from skills.jax.frame import Frame
from skills.jax.model import Trained, chain, places, save
from skills.jax.parts import parts
from skills.jax.points import adapted
from skills.jax.spec import Spec

ROOT = Path(__file__).resolve().parents[2]
FRAME = Frame((0.0, -1.0), (2.0, 3.0), (True, False), (1.0,), (2.0,))
TABLE = {"mode": "table", "target": "y", "numeric": ["x"]}


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(-1, 3)), min_size=1, max_size=8))
def test_scaling_points_and_back_loses_nothing_and_a_period_meets_itself(told: list[tuple[float, float]]) -> None:
    points = np.array(told)
    assert np.allclose(FRAME.physical(FRAME.scaled(points)), points, atol=1e-12)
    moved = points + np.array([2.0, 0.0])
    assert np.allclose(FRAME.entering(FRAME.scaled(moved)), FRAME.entering(FRAME.scaled(points)), atol=1e-9)


def test_points_go_where_the_residual_is_and_half_of_them_stay() -> None:
    kept, pool = np.full((20, 1), 9.0), np.linspace(0, 1, 100)[:, None]
    sizes = np.where(pool[:, 0] > 0.95, 1e3, 1e-3)
    found = adapted(kept, pool, sizes, np.random.default_rng(0))
    assert (found[:10] == 9.0).all() and len(found) == 20
    assert (found[10:, 0] > 0.95).sum() >= 3 and len(np.unique(found[10:])) == 10
    assert len(adapted(kept, pool, np.full(100, np.nan), np.random.default_rng(0))) == 20


def test_a_model_is_read_as_it_was_written_and_a_chain_knows_its_ends(tmp_path: Path) -> None:
    drawn = np.random.default_rng(0).normal(size=4 * 5 + 6)
    first = Trained((3, 5, 1), drawn, FRAME, ("x", "t"), ("u",))
    save(tmp_path, {"delivered": first, "data_only": first})
    again = chain(tmp_path, "data_only")[0]
    points = np.random.default_rng(1).uniform(size=(7, 2))
    assert np.array_equal(first(points), again(points)) and first(points).shape == (7, 1)
    later = Trained((3, 5, 1), drawn, Frame((0.0, 3.0), (2.0, 5.0), (True, False), (1.0,), (2.0,)), ("x", "t"), ("u",))
    assert places((first, later), np.array([-9.0, 3.0, 3.1, 99.0])).tolist() == [0, 0, 1, 1]


def test_columns_are_scaled_by_the_training_rows_and_unknown_categories_share_one() -> None:
    train = pd.DataFrame({"x": [1.0, 2.0, np.nan, 5.0] * 5, "k": ["a", "b", "a", "a"] * 5})
    fitted = Columns.fitted(train, ["x"], ["k"], [])
    table = fitted(train)
    assert np.allclose(table.mean(axis=0), 0) and set(np.round(table.std(axis=0), 9)) <= {0.0, 1.0}
    other = fitted(pd.DataFrame({"x": [np.inf, 1e9], "k": ["c", None]}))
    assert np.isfinite(other).all() and np.array_equal(other[0, 2:], other[1, 2:])
    assert Columns.model_validate(json.loads(fitted.model_dump_json())) == fitted


@pytest.mark.parametrize("kind", ["kfold", "stratified", "group", "time"])
def test_no_network_learns_from_the_rows_that_stop_it(kind: str) -> None:
    frame = pd.DataFrame({"x": range(60), "g": [f"g{at // 5}" for at in range(60)], "y": [0, 1, 1] * 20})
    column = {"group": "g", "time": "x"}.get(kind)
    spec = Spec(**TABLE, task="binary", metric="accuracy", cv={"kind": kind, "column": column})
    learn, held = parts(spec, frame["y"].to_numpy(dtype=float), frame, 0)
    assert learn.shape == (5, 60) and (learn * held).sum() == 0 and (held.sum(axis=0) <= 1).all()
    assert (held.sum(axis=1) > 0).all() and (learn.sum(axis=1) > 0).all()
    if kind == "group":
        assert all(frame["g"][held[m] > 0].isin(frame["g"][learn[m] > 0]).sum() == 0 for m in range(5))
    if kind == "time":
        assert all(frame["x"][learn[m] > 0].max() < frame["x"][held[m] > 0].min() for m in range(5))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"mode": "pinn"}, "needs a problem"),
        ({"mode": "table"}, "needs a target"),
        ({**TABLE, "metric": "accuracy"}, "does not measure"),
        ({**TABLE, "cv": {"kind": "group"}}, "group's column"),
        ({"mode": "inference", "batches": [0]}, "at least one point"),
    ],
)
def test_a_spec_that_does_not_suit_its_mode_is_refused(told: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Spec.model_validate(told)


@pytest.mark.box
def test_the_schema_is_the_specs(box_python: Path) -> None:
    made = subprocess.run(
        [str(box_python), "-m", "skills.runtime", "schema", "jax"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert made.stdout == (ROOT / "skills/jax/spec.schema.json").read_text()
