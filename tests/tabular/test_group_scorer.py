"""Groups of people, scored in a box: fairlearn's numbers, gaps with intervals, small groups told."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.boxed import Box

pytestmark = pytest.mark.box

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


@dataclass(frozen=True)
class Case:
    """Labels, predictions and groups of as many rows, and the scorer's parameters."""

    labels: Any
    outputs: Any
    names: list[str]
    groups: Any
    params: dict[str, Any] = field(default_factory=dict)


def two_classes() -> Case:
    draw = np.random.default_rng(1)
    group = np.array(["f"] * 90 + ["m"] * 110 + ["x"] * 8 + ["not told"] * 30)
    truth = draw.random(238) < 0.5
    chance = np.clip(0.3 + 0.4 * truth + 0.25 * (group == "m") + 0.1 * draw.normal(size=238), 0.01, 0.99)
    labels = np.where(truth, "yes", "no")
    return Case(labels, np.c_[1 - chance, chance], ["no", "yes"], group, {"metrics": ["accuracy", "recall"]})


def regression() -> Case:
    draw = np.random.default_rng(2)
    group, truth = np.repeat(["below 30", "30 or more"], 60), draw.normal(size=120)
    guess = truth + np.where(group == "below 30", 1.0, 0.0) + 0.1 * draw.normal(size=120)
    return Case(truth, guess[:, None], ["y"], group, {"metrics": ["rmse"], "target": "y"})


def one_large_group() -> Case:
    truth = np.arange(60.0)
    return Case(truth, truth[:, None] + 1, ["y"], ["f"] * 50 + ["m"] * 10, {"metrics": ["rmse"], "target": "y"})


def three_classes() -> Case:
    draw = np.random.default_rng(3)
    group, truth = np.repeat(["f", "m"], 100), draw.integers(0, 3, 200)
    guess = np.where((group == "m") & (truth == 2), 1, truth)
    return Case(np.array(["a", "b", "c"])[truth], np.eye(3)[guess], ["a", "b", "c"], group, {"metrics": ["accuracy"]})


def perfect() -> Case:
    group, truth = np.repeat(["f", "m"], 40), np.tile([0, 1], 40)
    params = {"metrics": ["roc_auc", "accuracy"]}
    return Case(np.array(["no", "yes"])[truth], np.eye(2)[truth], ["no", "yes"], group, params)


CASES = (two_classes, regression, one_large_group, three_classes, perfect)


@pytest.fixture(scope="module")
def found(box: Box, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All cases in one scoring job; the sensitive column of each is called after it."""
    folder, draw, wanted = tmp_path_factory.mktemp("groups"), np.random.default_rng(0), []
    for make in CASES:
        name, case = make.__name__, make()
        ids = np.arange(len(case.labels))
        order, other = draw.permutation(ids), draw.permutation(ids)  # files need not keep one order
        files = {kind: str(folder / f"{name}-{kind}.npz") for kind in ("labels", "predictions", "groups")}
        np.savez(files["labels"], row_ids=ids, labels=case.labels)
        np.savez(files["predictions"], row_ids=ids[order], outputs=case.outputs[order], output_names=case.names)
        np.savez(files["groups"], row_ids=ids[other], names=[name], groups=np.asarray([case.groups])[:, other])
        wanted.append({"name": "groups", "inputs": files, "params": {"subject": "delivered", **case.params}})
    done = box("score", folder / "score", scorers=wanted)
    assert done.code == 0, done.output
    told: dict[str, Any] = done.json("scores.json")
    return told


def scores(found: dict[str, Any], case: str) -> dict[str, dict[str, Any]]:
    """Of one case by name: gaps as they are, metrics of a group as "METRIC of GROUP"."""
    own = [score for score in found["scores"] if score["subject"].split(" = ")[0] == case]
    return {s["name"] + (f" of {s['subject'].split(' = ')[1]}" if " = " in s["subject"] else ""): s for s in own}


def test_gaps_are_fairlearns_and_small_groups_are_told(found: dict[str, Any], box_python: Path, tmp_path: Path) -> None:
    case, told = two_classes(), scores(found, "two_classes")
    chance, truth, large = case.outputs[:, 1], case.labels == "yes", np.isin(case.groups, ["f", "m"])
    np.savez(tmp_path / "plain.npz", truth=truth[large], yes=chance[large] > 0.5, group=case.groups[large])
    plain = [str(box_python), "-c", FAIRLEARN, str(tmp_path / "plain.npz")]
    done = subprocess.run(plain, capture_output=True, text=True, check=True, timeout=120)
    for name, value in json.loads(done.stdout).items():
        assert told[f"gap.{name}"]["value"] == pytest.approx(value), name
    gap = told["gap.demographic_parity_difference"]
    assert 0 < gap["low"] < gap["value"] < gap["high"] and "selection rate of 'yes', m" in gap["text"]
    for who in ("f", "m"):
        rows, own = case.groups == who, told[f"group.accuracy of {who}"]
        assert own["value"] == pytest.approx(((chance > 0.5) == truth)[rows].mean()) and own["n"] == rows.sum()
        assert own["low"] < own["value"] < own["high"]
    assert "gap.recall_difference" in told
    assert "not told (30)" in told["groups.small"]["text"] and "x (8)" in told["groups.small"]["text"]
    table = found["tables"]["groups of two_classes"]
    assert [row[:2] for row in table["rows"]] == [["f", 90], ["m", 110], ["not told", 30], ["x", 8]]
    assert table["rows"][2][2:] == [None] * 6


def test_a_regression_has_mean_errors_and_no_rates(found: dict[str, Any]) -> None:
    told = scores(found, "regression")
    gap = told["gap.mean_error_difference"]
    assert gap["value"] == pytest.approx(1.0, abs=0.1) and gap["low"] > 0.8
    assert told["gap.rmse_ratio"]["value"] < 0.2
    assert not any("parity" in name for name in told)
    assert [row[0] for row in found["tables"]["groups of regression"]["rows"]] == ["below 30", "30 or more"]


def test_one_large_group_gives_no_gap(found: dict[str, Any]) -> None:
    told = scores(found, "one_large_group")
    assert told["groups.measured"]["value"] == 1.0 and not any(name.startswith("gap.") for name in told)


def test_of_many_classes_the_worst_against_the_rest_counts(found: dict[str, Any]) -> None:
    told = scores(found, "three_classes")
    gap, ratio = told["gap.equal_opportunity_difference"], told["gap.equal_opportunity_ratio"]
    assert (gap["value"], gap["text"]) == (1.0, "true positive rate of 'c', f 1 against m 0")
    assert gap["low"] > 0.8, "every resample is alike, so the groups' own intervals make it"
    assert ratio["value"] == 0.0 and ratio["low"] is None


def test_a_perfect_model_has_gaps_of_zero_with_an_interval(found: dict[str, Any]) -> None:
    told = scores(found, "perfect")
    for name in ("roc_auc", "accuracy", "equalized_odds"):
        gap = told[f"gap.{name}_difference"]
        assert gap["value"] == 0.0 and gap["low"] < 0 < gap["high"], name
