"""Optimizers, schedules, networks, training and choice, measured in a box's Python."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import ROOT

pytestmark = pytest.mark.box


@pytest.fixture(scope="module")
def measured(box_python: Path) -> dict[str, Any]:
    done = subprocess.run(
        [str(box_python), "-m", "tests.deep.torch_parts"], cwd=ROOT, capture_output=True, text=True,
        check=False, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_lion_takes_the_steps_of_its_paper(measured: dict[str, Any]) -> None:
    assert measured["lion"]["difference"] < 1e-12 and measured["lion"]["moved"] > 1


def test_schedules_warm_up_and_fall_as_they_are_named(measured: dict[str, Any]) -> None:
    found = {name: np.array(values) for name, values in measured["schedules"].items()}
    assert all(values.max() == pytest.approx(1, abs=1e-3) and values.min() > 0 for values in found.values())
    assert (np.diff(found["cosine"][:10]) > 0).all() and (np.diff(found["cosine"][11:]) < 0).all()
    assert found["cosine"][-1] == pytest.approx(0.001)
    assert found["one_cycle"].argmax() == 30 and found["one_cycle"][0] == pytest.approx(0.04)
    assert (found["constant"][11:] == 1).all() and (found["plateau"][11:] == 1).all()


def test_every_family_takes_images_series_and_vectors_and_learns_in_every_weight(measured: dict[str, Any]) -> None:
    assert len(measured["networks"]) == 12
    for name, found in measured["networks"].items():
        assert (found["shape"], found["dead"]) == ([5, 3], []), name


def test_samples_are_shifted_mirrored_and_made_noisy_as_asked(measured: dict[str, Any]) -> None:
    found = measured["changes"]
    assert found["moves"] == [-2, -1, 0, 1, 2] and found["edges"] == [0, 5]
    assert found["flipped"] == pytest.approx(0.5, abs=0.05) and found["noise"] == pytest.approx(0.5, abs=0.02)
    assert found["untouched"] and found["source kept"]


def test_networks_learn_and_keep_the_weights_of_the_lowest_held_out_loss(measured: dict[str, Any]) -> None:
    for family, found in measured["learns"].items():
        first, lowest, kept = found["losses"]
        assert kept == pytest.approx(lowest, rel=1e-6) and lowest < 0.6 * first, family
        assert all(norm > 0 for norm in found["norms"])


def test_training_stops_early_where_there_is_nothing_to_learn(measured: dict[str, Any]) -> None:
    assert measured["stopping"]["reason"] == "early_stopping" and measured["stopping"]["at"] < 100
    assert measured["stopping"]["short"] == "limit"


def test_a_loss_that_is_no_number_never_reaches_the_weights(measured: dict[str, Any]) -> None:
    found = measured["numbers"]
    assert found["finite"] and found["reason"] == "diverged" and found["recoveries"] == 6


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "lion"])
def test_a_training_that_was_cut_off_ends_with_the_same_bits(measured: dict[str, Any], optimizer: str) -> None:
    assert measured["resumed"][optimizer]


def test_samples_are_scaled_by_channel_and_large_ones_averaged_for_simple_models(measured: dict[str, Any]) -> None:
    found = measured["scaling"]
    assert found["mean"] < 1e-5 and found["deviation"] == pytest.approx(1, abs=1e-4) and found["flat"] == 0
    assert found["kept"] and found["cells"] <= 2048


def test_folds_keep_groups_classes_and_time_apart(measured: dict[str, Any]) -> None:
    found = measured["parts_of_rows"]
    kinds = ("kfold", "stratified", "group", "time")
    assert all(found[kind]["apart"] and found[kind]["stop rows"] for kind in kinds)
    assert all(found[kind]["tested"] for kind in kinds[:3])
    assert sorted(found["stratified"]["rare"]) == [3, 3, 4]
    assert found["group"]["groups apart"] and found["group"]["stop groups apart"]
    assert found["time"]["forward"] and found["single"] == [1, 12]


def test_the_complex_model_is_chosen_only_where_it_is_shown_to_be_better(measured: dict[str, Any]) -> None:
    found = measured["choices"]
    assert found["chance"][:2] == ["linear", "cnn"] and "simpler and not shown to be worse" in found["chance"][2]
    assert found["clear"][:2] == ["cnn", "cnn"] and found["worse"][:2] == ["linear", "linear"]
    assert all(sum(one[3]) == 1 for one in found.values())


def test_balanced_weights_find_more_of_a_rare_class(measured: dict[str, Any]) -> None:
    assert measured["uneven"]["balanced"] > measured["uneven"]["none"] + 0.1
