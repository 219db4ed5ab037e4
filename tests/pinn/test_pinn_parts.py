"""The parts that need torch: derivatives, Jacobians, solvers, rows; and what needs numpy alone."""

from __future__ import annotations

import json
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from skills.pinn.channels import Channels
from skills.pinn.frame import Frame
from skills.pinn.ledger import FILE, Ledger, packed, unpacked
from skills.pinn.model import Piece, Trained

from .conftest import ROOT


@pytest.fixture(scope="module")
def measured(box_python: Path) -> dict[str, Any]:
    done = subprocess.run(
        [str(box_python), "-m", "tests.pinn.torch_parts"], cwd=ROOT, capture_output=True, text=True,
        check=False, env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.box
def test_jacobians_and_their_products_agree_with_central_differences_for_every_kind_of_problem(
    measured: dict[str, Any],
) -> None:
    assert len(measured["derivatives"]) == 50
    assert max(measured["derivatives"].values()) < 1e-6


@pytest.mark.box
def test_the_taylor_channels_are_the_derivatives_of_the_network_up_to_the_fourth(measured: dict[str, Any]) -> None:
    assert len(measured["taylor"]) > 15
    assert max(measured["taylor"].values()) < 1e-6


@pytest.mark.box
def test_all_forms_of_the_damped_step_agree(measured: dict[str, Any]) -> None:
    assert len(measured["solvers"]) == 4 and max(measured["solvers"].values()) < 1e-11


@pytest.mark.box
def test_numpy_predicts_what_torch_trained(measured: dict[str, Any]) -> None:
    assert measured["numpy_difference"] < 1e-13


@pytest.mark.box
def test_held_out_points_are_no_training_points(measured: dict[str, Any]) -> None:
    assert measured["held_out_overlap"] == 0


@pytest.mark.box
def test_the_broyden_walk_finds_the_end_of_a_curved_valley(measured: dict[str, Any]) -> None:
    assert measured["broyden"] < 1e-6


@pytest.mark.box
def test_copied_neurons_leave_the_function_and_let_the_output_layer_fit_far_better(measured: dict[str, Any]) -> None:
    told = measured["widening"]
    assert told["change"] < 1e-9
    assert told["fall"] < 1e-3 and told["neurons"] in (8 + 300, 8 + 400)
    assert told["told"] == 1.0
    assert told["out of reach"]


@pytest.mark.box
def test_a_widened_network_comes_back_from_the_ledger_with_what_it_was_before(measured: dict[str, Any]) -> None:
    assert measured["remembered"] == [True] * 4


@pytest.mark.box
def test_a_small_held_out_loss_ends_the_widening_only_where_two_widths_do_not_lie_far_apart(
    measured: dict[str, Any],
) -> None:
    assert measured["contradicted"] == [True, False]


@pytest.mark.box
def test_rows_are_calm_only_where_conditions_contradict(measured: dict[str, Any]) -> None:
    told = measured["settings"]
    assert told["clashes"] == [0, 2, 2]
    assert told["only values"] == [False, False, True, True]
    assert told["calm"] == [0.0, 1.0]


@pytest.mark.box
def test_scales_windows_and_guesses_are_read_off_the_problem(measured: dict[str, Any]) -> None:
    told = measured["settings"]
    assert told["warm"] == pytest.approx([300, 20], rel=1e-3)
    assert told["chainable"] == [True, False, True, False]
    assert told["guesses"] == pytest.approx([0.5, 0.325, 0.775])
    assert told["moved window"] == [0.0, 0.25]


@pytest.mark.parametrize("wanted", [[(2, 0), (0, 1)], [(1, 1)], [(4, 0), (0, 2)], []])
def test_channels_hold_every_lower_derivative_once(wanted: list[tuple[int, int]]) -> None:
    found = Channels.of(wanted, 2).orders
    lower = {(0, 0)} | {one for top in wanted for one in product(range(top[0] + 1), range(top[1] + 1))}
    assert set(found) == lower and len(found) == len(lower) and found[0] == (0, 0)


FRAME = Frame((2.0, -1.0), (5.0, 0.0), (False, True), (1.0,), (2.0,))


def test_inputs_are_scaled_to_minus_one_to_one_and_periodic_ones_wrap() -> None:
    inside = FRAME.inputs(np.array([[2.0, -1.0], [5.0, 0.0]]))
    assert inside[:, 0].tolist() == [-1.0, 1.0]
    assert np.allclose(inside[0, 1:], inside[1, 1:], atol=1e-15) and np.abs(inside).max() <= 1


def test_a_frame_survives_its_json() -> None:
    assert Frame.from_json(json.loads(json.dumps(FRAME.as_json()))) == FRAME


def test_of_chained_networks_the_one_whose_time_it_is_answers() -> None:
    frames = [Frame((low,), (high,), (False,), (value,), (1.0,)) for low, high, value in ((0, 1, 5.0), (1, 3, 7.0))]
    pieces = tuple(Piece((1, 2, 1), np.zeros(7), frame) for frame in frames)
    found = Trained(("t",), ("u",), pieces)(np.array([[-0.5], [0.5], [1.0], [1.1], [9.0]]))
    assert found[:, 0].tolist() == [5.0, 5.0, 5.0, 7.0, 7.0]


def test_a_ledger_comes_back_to_the_bit_and_only_for_its_own_spec(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path, None, "mine", every_s=0)
    ledger.note("a/b", {"x": np.array([0.1, 1 / 3]), "told": packed([1, 1e-300, "é"])})
    again = Ledger.open(tmp_path / "elsewhere", tmp_path, "mine").recall("a/b")
    assert again is not None
    assert again["x"].tolist() == [0.1, 1 / 3] and unpacked(again["told"]) == [1, 1e-300, "é"]
    assert Ledger.open(tmp_path, None, "another").recall("a/b") is None
    ledger.close()
    assert not (tmp_path / FILE).exists()
