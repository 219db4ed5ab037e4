"""Computing on a GPU, as far as it shows where there is none: places, settings, memory that does not suffice."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from skills.jax.settle import platforms

pytestmark = pytest.mark.box
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def measured(box_python: Path) -> dict[str, Any]:
    done = subprocess.run(
        [str(box_python), "-m", "tests.runtime.torch_devices"], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_products_keep_all_digits_of_float32_and_algorithms_are_deterministic(measured: dict[str, Any]) -> None:
    assert measured["settings"] == {"tf32": [False, "highest"], "deterministic": True}


def test_looking_at_losses_seldom_changes_neither_weights_nor_recoveries(measured: dict[str, Any]) -> None:
    looks = measured["looks"]
    assert looks["same"] == [True, True]
    assert looks["recoveries"][0] == looks["recoveries"][1] > 0


def test_batches_and_rows_are_made_where_they_are_wanted(measured: dict[str, Any]) -> None:
    places = measured["places"]
    assert places["part"] == ["meta", "meta"]
    assert (places["rows"], places["untouched"], places["same"]) == (["meta"], ["cpu"], True)
    assert places["count"][0] == places["count"][1] > 5


def test_the_step_of_the_card_is_that_of_the_processor(measured: dict[str, Any]) -> None:
    *differences, lost = measured["solvers"]
    assert len(differences) == 2 and max(differences) < 1e-8
    assert lost == 1.0


def test_a_gpu_that_is_full_is_told_with_the_remedy(measured: dict[str, Any]) -> None:
    for told in (measured["full"], measured["library"]):
        assert told.startswith("the memory of the GPU") and told.endswith(
            "does not suffice for this training | take less"
        )
    assert (measured["another"], measured["processor"]) == ("ValueError", "OutOfMemoryError")


def test_a_leased_gpu_that_torch_cannot_use_is_refused_with_the_remedy(measured: dict[str, Any]) -> None:
    assert measured["cpu"] == "cpu"
    if not measured["card"]:
        assert "a GPU is leased for this step, and torch" in measured["without"]
        assert "`on the CPU`" in measured["without"]


@pytest.mark.parametrize(
    ("device", "plugins", "told"),
    [
        ("cpu", ["xla_cuda13"], "cpu"), ("cuda", ["xla_cuda13"], "cuda,cpu"), ("cuda", [], "cpu"),
        ("cuda", ["xla_tpu"], "cpu"),
    ],
)  # fmt: skip
def test_jax_uses_the_leased_device_and_no_other(device: str, plugins: list[str], told: str) -> None:
    assert platforms(device, plugins) == told
