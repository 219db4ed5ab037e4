"""The job contract, as the host uses it: one process a verb, files in and files out."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .conftest import Verb


@pytest.fixture
def points(tmp_path: Path) -> dict[str, str]:
    np.savez(tmp_path / "points.npz", inputs=np.array([[1.0], [4.0]]), input_names=np.array(["x"]))
    return {"points": str(tmp_path / "points.npz")}


def subject(folder: Path) -> dict[str, Any]:
    return {"skill": "toy", "path": str(folder)}


def test_work_writes_every_file_of_the_contract(do: Verb) -> None:
    done = do("work", "out", skill="toy", spec={"size": 2})
    assert done.code == 0, done.stderr
    assert done.json("hyperparameters.json") == {"do": "work", "size": 2, "seed": 0}
    assert done.json("model/variants.json") == ["delivered", "zero"]
    assert done.json("artifacts.json") == [{"path": "model", "kind": "model"}]
    drawn = np.load(done.out / "model" / "drawn.npy")
    assert done.json("claims.json") == [
        {"name": "first", "value": drawn[0], "unit": "m", "file": "model/drawn.npy"},
    ]
    assert done.json("history.json")["series"] == {"loss": [[0.0, 1.0], [1.0, None]]}
    environment = done.json("environment.json")
    assert environment["threads"]["OMP_NUM_THREADS"] == "1" and environment["packages"]["numpy"] == np.__version__


def test_a_progress_line_is_json_behind_its_mark_and_holds_no_nan(do: Verb) -> None:
    lines = [line for line in do("work", "out", skill="toy").stdout.splitlines() if line.startswith("::mlexpert:: ")]
    assert [json.loads(line.removeprefix("::mlexpert:: ")) for line in lines] == [
        {"done": 1, "total": 2, "message": "half way"}
    ]


def test_the_same_seed_draws_the_same_bits_and_another_seed_other_ones(do: Verb) -> None:
    drawn = [
        (do("work", name, skill="toy", seed=seed).out / "model" / "drawn.npy").read_bytes()
        for name, seed in (("first", 5), ("again", 5), ("other", 6))
    ]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_users_mistake_comes_back_as_data_with_exit_code_42(do: Verb) -> None:
    done = do("work", "out", skill="toy", spec={"do": "mistake"})
    assert done.code == 42
    assert done.json("error.json") == {"type": "UserMistake", "message": "column 'y' is empty", "remedy": "fill it"}
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("spec", [{"size": 0}, {"sise": 3}, {"size": "many"}])
def test_a_spec_that_does_not_fit_is_a_users_mistake_that_names_the_field(do: Verb, spec: dict[str, Any]) -> None:
    done = do("work", "out", skill="toy", spec=spec)
    assert done.code == 42
    assert next(iter(spec)) in done.json("error.json")["message"]


def test_a_broken_skill_ends_with_a_traceback_and_exit_code_1(do: Verb) -> None:
    done = do("work", "out", skill="toy", spec={"do": "crash"})
    assert done.code == 1
    assert "ZeroDivisionError: the skill is broken" in done.stderr
    assert not (done.out / "error.json").exists()


def test_the_specs_seed_counts_and_the_jobs_where_the_spec_has_none(do: Verb) -> None:
    own, filled, plain = (
        do("work", "own", skill="toy", spec={"seed": 1}, seed=2),
        do("work", "filled", skill="toy", seed=2),
        do("work", "plain", skill="toy", spec={"seed": 2}, seed=2),
    )
    assert [done.json("environment.json")["seed"] for done in (own, filled, plain)] == [1, 2, 2]
    drawn = [(done.out / "model" / "drawn.npy").read_bytes() for done in (own, filled, plain)]
    assert drawn[0] != drawn[1] == drawn[2]


def test_predict_writes_the_first_variant_the_others_and_the_features(do: Verb, points: dict[str, str]) -> None:
    model = do("work", "out", skill="toy").out / "model"
    done = do("predict", "told", skill="toy", inputs=points, models={"subject": subject(model)},
              variants=["delivered", "zero"])  # fmt: skip
    assert done.code == 0, done.stderr
    slope = np.load(model / "drawn.npy")[0]
    with np.load(done.out / "predictions.npz") as first, np.load(done.out / "predictions-zero.npz") as second:
        assert first["outputs"].tolist() == [[slope], [4 * slope]]
        assert first["output_names"].tolist() == ["u"] and first["input_names"].tolist() == ["x"]
        assert second["outputs"].tolist() == [[0.0], [0.0]]
    with np.load(done.out / "features.npz") as held:
        assert held["features"].tolist() == [[0.1], [0.4]]


def test_predictions_of_the_wrong_length_are_refused(do: Verb, points: dict[str, str]) -> None:
    model = do("work", "out", skill="toy").out / "model"
    done = do("predict", "told", inputs=points, models={"subject": subject(model)}, variants=["ragged"])
    assert done.code == 1 and "1 predictions for 2 inputs" in done.stderr


def test_a_job_may_ask_the_model_of_a_finished_step(do: Verb) -> None:
    model = do("work", "out", skill="toy").out / "model"
    done = do("work", "asking", skill="toy", spec={"do": "ask"}, models={"train": subject(model)})
    assert done.code == 0, done.stderr
    assert done.json("claims.json")[0]["value"] == 2 * np.load(model / "drawn.npy")[0]


def test_a_model_that_is_not_there_is_a_users_mistake(do: Verb) -> None:
    done = do("work", "asking", skill="toy", spec={"do": "ask"})
    assert done.code == 42 and "no model 'train'" in done.json("error.json")["message"]


def test_usage_is_told_where_the_verb_is_unknown(do: Verb) -> None:
    done = do("dance", "out")
    assert done.code == 2 and done.stderr.startswith("usage:")


def test_nothing_of_the_hosts_environment_decides_the_threads(do: Verb) -> None:
    assert os.environ.get("OMP_NUM_THREADS", "2") != "3"
    done = do("work", "out", skill="toy", threads=3)
    assert done.json("environment.json")["threads"] == {"requested": 3, "OMP_NUM_THREADS": "3", "torch": None}
