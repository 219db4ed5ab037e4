"""Which columns of the predictions count, and what the bootstrap drew."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import Write, scores


@pytest.mark.parametrize("target", ["temp.low", "temp.high", "y"])
@pytest.mark.parametrize("told", [True, False])
def test_the_column_is_chosen_by_the_targets_name_whatever_it_ends_in(write: Write, target: str, told: bool) -> None:
    outputs = np.c_[np.full(80, -1.0), np.full(80, 1.0), np.zeros(80)]
    names = [f"{target}.low", f"{target}.high", target]
    files = write(row_ids=np.arange(80), outputs=outputs, output_names=names, sealed_labels=np.full(80, 0.5))
    params = {"target": target} if told else {}
    assert scores("regression", files, **params)["mae"].value == 0.5
    covered = scores("coverage", files, **params)
    assert (covered["coverage"].value, covered["interval_width"].value) == (1.0, 2.0)


def test_predictions_without_the_targets_column_have_no_score(write: Write) -> None:
    for scorer in ("regression", "coverage", "paired_difference"):
        for score in scores(scorer, write(), target="z", metric="rmse").values():
            assert score.value is None and "no column for 'z'" in score.text
    two = write(row_ids=np.arange(80), outputs=np.zeros((80, 2)), output_names=["y", "z"])
    assert scores("regression", two)["rmse"].value is None


def test_how_many_units_the_bootstrap_drew_is_told(write: Write) -> None:
    assert scores("regression", write())["bootstrap_units"].value == 80
    grouped = scores("regression", write(sealed_groups=np.repeat(["a", "b", "c", "d"], 20)))["bootstrap_units"]
    assert (grouped.value, grouped.n) == (4, 80) and "groups" in grouped.text
