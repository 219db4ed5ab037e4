"""Groups of people, scored in a box: fairlearn's numbers, gaps with intervals, small groups told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.boxed import Box

pytestmark = pytest.mark.box

SCORES = dict[tuple[str, str], dict[str, Any]]
FAIRLEARN = """
import json, sys
import numpy as np
from fairlearn import metrics as m
with np.load(sys.argv[1]) as held:
    truth, yes, group = (held[name] for name in ("truth", "yes", "group"))
names = ("demographic_parity", "equalized_odds", "equal_opportunity")
told = {f"{name}_{kind}": getattr(m, f"{name}_{kind}")(truth, yes, sensitive_features=group)
        for name in names for kind in ("difference", "ratio")}
print(json.dumps(told))
"""


def scored(box: Box, folder: Path, labels: Any, outputs: Any, names: list[str], groups: Any, **params: Any) -> Any:
    """Score predictions in shuffled order against labels, with groups in another."""
    ids, draw = np.arange(len(labels)), np.random.default_rng(0)
    order, other = draw.permutation(ids), draw.permutation(ids)
    files = {name: str(folder / f"{name}.npz") for name in ("labels", "predictions", "groups")}
    np.savez(files["labels"], row_ids=ids, labels=labels)
    np.savez(files["predictions"], row_ids=ids[order], outputs=np.asarray(outputs)[order], output_names=names)
    np.savez(files["groups"], row_ids=ids[other], names=["sex"], groups=np.asarray([groups])[:, other])
    wanted = {"name": "groups", "inputs": files, "params": {"subject": "delivered", **params}}
    done = box("score", folder / "score", scorers=[wanted])
    assert done.code == 0, done.output
    return done.json("scores.json")


def by_name(found: Any) -> SCORES:
    return {(score["name"], score["subject"]): score for score in found["scores"]}


def test_gaps_are_fairlearns_and_small_groups_are_told(box: Box, box_python: Path, tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    group = np.array(["f"] * 90 + ["m"] * 110 + ["x"] * 8 + ["not told"] * 30)
    truth = draw.random(238) < 0.5
    chance = np.clip(0.3 + 0.4 * truth + 0.25 * (group == "m") + 0.1 * draw.normal(size=238), 0.01, 0.99)
    params = {"metrics": ["accuracy", "recall"], "seed": 0}
    found = scored(
        box, tmp_path, np.where(truth, "yes", "no"), np.c_[1 - chance, chance], ["no", "yes"], group, **params
    )
    scores = by_name(found)
    large = np.isin(group, ["f", "m"])
    np.savez(tmp_path / "plain.npz", truth=truth[large], yes=chance[large] > 0.5, group=group[large])
    done = subprocess.run(
        [str(box_python), "-c", FAIRLEARN, str(tmp_path / "plain.npz")], capture_output=True, text=True, check=True
    )
    for name, value in json.loads(done.stdout).items():
        assert scores[f"gap.{name}", "sex"]["value"] == pytest.approx(value), name
    gap = scores["gap.demographic_parity_difference", "sex"]
    assert 0 < gap["low"] < gap["value"] < gap["high"] and "selection rate of 'yes', m" in gap["text"]
    for who in ("f", "m"):
        rows = group == who
        own = scores["group.accuracy", f"sex = {who}"]
        assert own["value"] == pytest.approx(((chance > 0.5) == truth)[rows].mean()) and own["n"] == rows.sum()
        assert own["low"] < own["value"] < own["high"]
    assert ("gap.recall_difference", "sex") in scores
    assert "not told (30)" in scores["groups.small", "sex"]["text"] and "x (8)" in scores["groups.small", "sex"]["text"]
    table = found["tables"]["groups of sex"]
    assert [row[:2] for row in table["rows"]] == [["f", 90], ["m", 110], ["not told", 30], ["x", 8]]
    assert table["rows"][2][2:] == [None] * 6


def test_a_regression_has_mean_errors_and_no_rates(box: Box, tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    group, truth = np.repeat(["below 30", "30 or more"], 60), draw.normal(size=120)
    guess = truth + np.where(group == "below 30", 1.0, 0.0) + 0.1 * draw.normal(size=120)
    found = scored(box, tmp_path, truth, guess[:, None], ["y"], group, metrics=["rmse"], target="y")
    scores = by_name(found)
    gap = scores["gap.mean_error_difference", "sex"]
    assert gap["value"] == pytest.approx(1.0, abs=0.1) and gap["low"] > 0.8
    assert scores["gap.rmse_ratio", "sex"]["value"] < 0.2
    assert not any("parity" in name for name, _ in scores)
    assert [row[0] for row in found["tables"]["groups of sex"]["rows"]] == ["below 30", "30 or more"]


def test_one_large_group_gives_no_gap(box: Box, tmp_path: Path) -> None:
    truth = np.arange(60.0)
    group = ["f"] * 50 + ["m"] * 10
    scores = by_name(scored(box, tmp_path, truth, truth[:, None] + 1, ["y"], group, metrics=["rmse"], target="y"))
    assert scores["groups.measured", "sex"]["value"] == 1.0
    assert not any(name.startswith("gap.") for name, _ in scores)
