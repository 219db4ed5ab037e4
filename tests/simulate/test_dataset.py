"""Data sets over ranges of parameters: part by part the same as at once, each sample with its error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.simulate.problems import problem
from tests.simulate.solving import Solved, solve

pytestmark = pytest.mark.box

GROWTH = problem(
    {"t": (0, 1)}, "q", ["q_t - r*q**2"], [({"t": 0}, ["q - s"])], parameters={"r": 0.5, "s": 1.0},
    exact={"q": "s/(1 - r*s*t)"},
)  # fmt: skip
SPEC: dict[str, Any] = {"problem": GROWTH, "ranges": {"r": [0.2, 1.2]}, "samples": 8, "grid": 17, "seed": 3}


@pytest.fixture(scope="module")
def parts(box_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Solved]:
    place = tmp_path_factory.mktemp("dataset")
    specs = {f"part {part}": {**SPEC, "mode": "dataset", "part": [part, 3]} for part in range(3)}
    specs["again"] = specs["part 1"]
    found = solve(box_python, place / "parts", specs)
    inputs = {f"part{part}": str(found[f"part {part}"].out) for part in range(3)}
    told = {**SPEC, "mode": "collect"}
    few = {name: path for name, path in inputs.items() if name != "part0"}
    merged = {"all": told, "other seed": {**told, "seed": 4}, "few": told}
    return found | solve(box_python, place / "all", merged, {"all": inputs, "other seed": inputs, "few": few})


def arrays(solved: Solved, name: str) -> dict[str, np.ndarray]:
    with np.load(solved.out / name) as held:
        return {key: held[key] for key in held.files}


def test_the_parts_together_hold_every_sample_once_solved_or_told_why_not(parts: dict[str, Solved]) -> None:
    found = arrays(parts["all"], "dataset.npz")
    assert sorted([*found["indices"], *found["failed"]]) == list(range(8))
    assert len(found["failed"]) > 0  # beyond r = 1 the solution grows beyond all numbers
    assert all("beyond t = " in reason for reason in found["reasons"])
    assert parts["all"].claims["samples"] == len(found["indices"]) == 8 - parts["all"].claims["failed"]
    assert (parts["all"].out / "failed.csv").is_file()
    assert {"path": "dataset.npz", "kind": "table"} in parts["all"].json("artifacts.json")


def test_samples_are_right_and_know_their_error(parts: dict[str, Solved]) -> None:
    found = arrays(parts["all"], "dataset.npz")
    assert list(found["parameter_names"]) == ["r"]
    assert found["outputs"].shape == found["half"].shape == (len(found["indices"]), 17, 1)
    wanted = 1 / (1 - found["parameters"] * found["axis_t"])
    errors = np.linalg.norm(found["outputs"][..., 0] - wanted, axis=1) / np.linalg.norm(wanted, axis=1)
    assert np.all(errors < 3 * found["error_estimate"])
    assert parts["all"].claims["error_estimate"] == found["error_estimate"].max() < 1e-6
    assert not np.array_equal(found["outputs"], found["half"])


def test_a_part_is_the_same_whoever_solves_it(parts: dict[str, Solved]) -> None:
    first, again = (arrays(parts[name], "dataset-1.npz") for name in ("part 1", "again"))
    assert all(np.array_equal(first[key], again[key]) for key in first)


@pytest.mark.parametrize("name", ["few", "other seed"])
def test_parts_that_are_missing_or_of_another_draw_are_refused(parts: dict[str, Solved], name: str) -> None:
    assert parts[name].code == 42
