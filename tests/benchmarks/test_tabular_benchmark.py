"""The benchmark of tables against FLAML: differences are paired, by resample, and the reported tables fixed ahead."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

from against_flaml.catalogue import DEVELOPMENT, REPORT, SETS
from against_flaml.paired import Pair, compare, interval, mean_of


def written(folder: Path, truth: np.ndarray, **sides: np.ndarray) -> tuple[Path, dict[str, Path]]:
    """Labels and the predictions of each side, these in another order of rows."""
    ids, mixed = np.arange(len(truth)), np.random.default_rng(9).permutation(len(truth))
    np.savez(folder / "labels.npz", row_ids=ids, labels=truth, rows=ids)
    names = np.array(["y"] if truth.dtype.kind == "f" else ["no", "yes"])
    for name, outputs in sides.items():
        columns = outputs[:, None] if truth.dtype.kind == "f" else np.column_stack([1 - outputs, outputs])
        np.savez(folder / f"{name}.npz", row_ids=ids[mixed], outputs=columns[mixed], output_names=names)
    return folder / "labels.npz", {name: folder / f"{name}.npz" for name in sides}


def test_a_share_of_the_others_error_is_what_regression_is_behind(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    truth, noise = draw.normal(size=300), draw.normal(size=300)
    labels, files = written(tmp_path, truth, ours=truth + 1.1 * noise, theirs=truth + noise)
    pair = compare("rmse", labels, files["ours"], files["theirs"], "y", 0)
    assert pair.behind == pytest.approx(0.1) and pair.rows == 300
    assert interval(pair.resampled) == pytest.approx([0.1, 0.1]), "the same rows are drawn for both sides"


def test_the_area_that_classes_are_behind_has_the_sign_of_a_loss(tmp_path: Path) -> None:
    draw = np.random.default_rng(1)
    truth = np.where(draw.random(400) < 0.3, "yes", "no")
    told = (truth == "yes") * 0.4 + draw.random(400) * 0.6
    labels, files = written(tmp_path, truth, ours=draw.random(400), theirs=told)
    pair = compare("roc_auc", labels, files["ours"], files["theirs"], "y", 0)
    assert 0.25 < pair.behind == pytest.approx(pair.theirs - pair.ours)
    low, high = interval(pair.resampled)
    assert 0 < low < pair.behind < high


def test_the_mean_over_tables_is_resampled_table_by_table() -> None:
    draw = np.random.default_rng(2)
    pairs = [Pair(0.0, 0.0, centre, centre + draw.normal(0, 0.1, 2000), 100) for centre in (0.2, 0.4, 0.6, 0.8)]
    mean = mean_of(pairs)
    assert mean["behind"] == pytest.approx(0.5) and mean["tables"] == 4
    assert mean["interval"] == pytest.approx([0.5 - 0.098, 0.5 + 0.098], abs=0.01)


def test_half_a_dozen_tables_of_each_task_are_reported_and_none_of_them_was_developed_on() -> None:
    assert [sum(one.task == task for one in REPORT) for task in ("classification", "regression")] == [6, 6]
    assert {*REPORT} | {*DEVELOPMENT} == {*SETS} and not {*REPORT} & {*DEVELOPMENT}
    assert len({one.name for one in SETS}) == len(SETS)
