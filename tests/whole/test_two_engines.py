"""The same request, seed and lock in containers and in bubblewrap: the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from whole import Mlexpert, Ran

pytestmark = [pytest.mark.box, pytest.mark.docker, pytest.mark.bwrap]


def numbers(ran: Ran) -> dict[str, tuple[float | None, list[float] | None]]:
    """Every measured number with its interval. How long things took is no number of the model's."""
    found = {f"{e['name']} of {e['subject']}": (e["value"], e["interval"]) for e in ran.evidence()}
    return {name: told for name, told in found.items() if not name.startswith("personal.")}


def test_both_engines_measure_the_same_to_the_last_bit(bwrap: None, mlexpert: Mlexpert, tmp_path: Path) -> None:
    cells = np.random.default_rng(5).normal(size=(120, 3))
    frame = pd.DataFrame(cells, columns=["a", "b", "y"]).assign(y=cells[:, 0] + 0.3 * cells[:, 2])
    frame.to_csv(tmp_path / "made.csv", index=False)
    words = "Predict y in @made.csv with a linear model, 2 folds and 10 trees, seed 4"
    docker, bubblewrap = (mlexpert("run", words, "--sandbox", name) for name in ("docker", "bubblewrap"))
    assert docker.answer["status"] == bubblewrap.answer["status"] == "validated", docker.answer["message"]
    first, second = numbers(docker), numbers(bubblewrap)
    differing = {name: (first.get(name), second.get(name)) for name in first.keys() | second.keys()
                 if first.get(name) != second.get(name)}  # fmt: skip
    assert not differing and len(first) > 30
