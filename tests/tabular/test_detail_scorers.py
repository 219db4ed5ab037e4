"""Curves, calibration, residuals, slices, McNemar's test: right by hand and by scikit-learn, honest of chance."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skills.runtime.scoring.mcnemar import exact, holm
from skills.runtime.scoring.registry import scorers
from skills.runtime.scoring.scored import Score, Scored
from skills.runtime.scoring.slice_bins import binned, slices
from skills.runtime.scoring.slices import simultaneous

from .conftest import ROOT

ORACLE = """
import numpy as np, pathlib, sys
from sklearn import metrics as m
from skills.runtime.scoring.registry import scorers
folder, draw = pathlib.Path(sys.argv[1]), np.random.default_rng(0)
for k in (2, 3):
    P = np.round(draw.dirichlet(np.ones(k), 120), 2) + 1e-3; P /= P.sum(1, keepdims=True)
    t = np.array([draw.choice(k, p=q) for q in P])
    np.savez(folder / "l.npz", row_ids=np.arange(120), labels=t.astype(str))
    np.savez(folder / "p.npz", row_ids=np.arange(120), outputs=P, output_names=[str(i) for i in range(k)])
    files = {"labels": folder / "l.npz", "predictions": folder / "p.npz"}
    found = scorers()["curves"](files, {"subject": "d", "resamples": 20})
    for one in range(1 if k == 2 else 0, k):
        areas = next(r for r in found.tables["areas-d"]["rows"] if r[0] == str(one))
        assert abs(areas[3] - m.roc_auc_score(t == one, P[:, one])) < 1e-12
        assert abs(areas[6] - m.average_precision_score(t == one, P[:, one])) < 1e-12
        fpr, tpr, cuts = m.roc_curve(t == one, P[:, one], drop_intermediate=False)
        at = {(round(a, 9), round(b, 9), round(c, 9)) for a, b, c in zip(fpr[1:], tpr[1:], cuts[1:])}
        ours = [r for r in found.tables["roc-d"]["rows"] if r[0] == str(one)]
        assert ours[0][1:3] == [0.0, 0.0] and ours[-1][1:3] == [1.0, 1.0]
        assert {(round(r[1], 9), round(r[2], 9), round(r[5], 9)) for r in ours[1:]} <= at
        x, y = np.array([r[1] for r in ours]), np.array([r[2] for r in ours])
        assert abs(np.trapezoid(y, x) - areas[3]) < 1e-12  # nothing is lost by leaving out straight parts
        precision, recall, cuts = m.precision_recall_curve(t == one, P[:, one])
        at = {(round(a, 9), round(b, 9), round(c, 9)) for a, b, c in zip(recall, precision, cuts)}
        assert {(round(r[1], 9), round(r[2], 9), round(r[5], 9)) for r in found.tables["pr-d"]["rows"]
                if r[0] == str(one)} <= at
print("equal")
"""


@pytest.mark.box
def test_curves_and_their_areas_are_scikit_learns(box_python: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [str(box_python), "-c", ORACLE, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def of_classes(folder: Path, truth: Any, positive: Any, name: str = "predictions") -> dict[str, Path]:
    """Files of two classes, no and yes; `positive` is the probability of yes."""
    ids, share = np.arange(len(truth)), np.asarray(positive, dtype=float)
    np.savez(folder / "labels.npz", row_ids=ids, labels=np.where(np.asarray(truth, dtype=bool), "yes", "no"))
    told = np.array(["no", "yes"])
    np.savez(folder / f"{name}.npz", row_ids=ids, outputs=np.c_[1 - share, share], output_names=told)
    return {"labels": folder / "labels.npz", "predictions": folder / "predictions.npz", name: folder / f"{name}.npz"}


def of_numbers(folder: Path, truth: Any, outputs: Any, names: list[str]) -> dict[str, Path]:
    ids = np.arange(len(truth))
    np.savez(folder / "labels.npz", row_ids=ids, labels=np.asarray(truth, dtype=float))
    np.savez(folder / "predictions.npz", row_ids=ids, outputs=np.asarray(outputs, dtype=float), output_names=names)
    return {name: folder / f"{name}.npz" for name in ("labels", "predictions")}


def score(name: str, files: dict[str, Path], **params: Any) -> tuple[dict[str, Score], Scored]:
    found = scorers()[name](files, {"subject": "delivered", "resamples": 200} | params)
    return {one.name: one for one in found.scores}, found


def test_the_band_of_a_roc_curve_holds_it_and_narrows_with_more_rows(tmp_path: Path) -> None:
    draw, widths = np.random.default_rng(0), []
    for n in (80, 1600):
        truth = draw.random(n) < 0.4
        files = of_classes(tmp_path, truth, np.clip(0.4 + 0.2 * truth + 0.2 * draw.normal(size=n), 0, 1))
        rows = score("curves", files)[1].tables["roc-delivered"]["rows"]
        assert len(rows) <= 161
        middle = [row for row in rows if 0.1 < row[1] < 0.9]
        assert all(row[3] <= row[2] <= row[4] for row in middle)
        widths.append(np.mean([row[4] - row[3] for row in middle]))
    assert widths[1] < widths[0] / 2


def test_of_many_classes_the_six_commonest_are_drawn(tmp_path: Path) -> None:
    truth = np.repeat(np.arange(9), np.arange(2, 20, 2))
    ids, names = np.arange(len(truth)), [str(k) for k in range(9)]
    np.savez(tmp_path / "l.npz", row_ids=ids, labels=truth.astype(str))
    np.savez(tmp_path / "p.npz", row_ids=ids, outputs=np.full((len(truth), 9), 1 / 9), output_names=names)
    scores, found = score("curves", {"labels": tmp_path / "l.npz", "predictions": tmp_path / "p.npz"})
    assert [row[0] for row in found.tables["areas-delivered"]["rows"]] == ["3", "4", "5", "6", "7", "8"]
    assert scores["class.roc_auc"].value == 0.5  # equal probabilities tell no class apart


def test_the_calibration_error_is_the_mean_distance_of_the_bins(tmp_path: Path) -> None:
    promised = np.repeat([0.2, 0.8], 50)
    truth = np.r_[np.arange(50) < 20, np.arange(50) < 30]  # 0.4 and 0.6 come true
    truth = truth.reshape(2, 5, 10).swapaxes(1, 2).reshape(-1)  # in every bin of ten rows as many
    scores, found = score("calibration_error", of_classes(tmp_path, truth, promised))
    error = scores["calibration_error"]
    assert error.value == pytest.approx(0.2)
    assert scores["overconfidence"].value == pytest.approx(0.0)
    rows = found.tables["calibration-delivered"]["rows"]
    assert sum(row[4] for row in rows) == 100
    assert all(row[2] < row[1] < row[3] for row in rows)
    assert sum(row[2] for row in found.tables["probabilities-delivered"]["rows"]) == 100


def test_a_calibrated_model_is_seldom_said_to_miss_and_a_boastful_one_is(tmp_path: Path) -> None:
    draw, said = np.random.default_rng(2), {"calibrated": 0, "boastful": 0}
    for _ in range(25):
        promised = draw.random(300)
        said_of = {"calibrated": promised, "boastful": np.clip(0.5 + 3 * (promised - 0.5), 0, 1)}
        truth = draw.random(300) < promised
        for name, told in said_of.items():
            low = score("calibration_error", of_classes(tmp_path, truth, told))[0]["calibration_error"].low
            said[name] += low is not None and low > 0
    assert said["calibrated"] <= 4  # one of twenty by chance
    assert said["boastful"] == 25


def test_without_a_miss_nothing_is_said_for_sure(tmp_path: Path) -> None:
    truth = np.arange(36) < 12
    files = of_classes(tmp_path, truth, np.where(truth, 0.99, 0.01))
    areas = score("curves", files)[1].tables["areas-delivered"]["rows"][0]
    assert areas[3:6] == [1.0, pytest.approx(0.025 ** (1 / 12)), 1.0]
    files = of_classes(tmp_path, np.ones(36), np.full(36, 0.99))
    found = score("calibration_error", files)[0]["overconfidence"]
    assert found.low == pytest.approx(-0.01)
    assert found.high is not None and found.high > 0.05


def test_residuals_are_told_in_cells_and_never_as_labels(tmp_path: Path) -> None:
    draw = np.random.default_rng(3)
    predicted = draw.normal(size=4000)
    truth = predicted - 0.5 + draw.normal(size=4000)
    scores, found = score("residuals", of_numbers(tmp_path, truth, predicted[:, None], ["y"]), unit="kg")
    bias = scores["mean_error"]
    assert bias.low is not None and bias.high is not None
    assert bias.low < 0.5 < bias.high
    assert bias.unit == "kg"
    cells = found.tables["residuals-delivered"]["rows"]
    assert len(cells) == 2000
    assert not {row[0] for row in cells} & set(predicted.tolist())
    assert len({row[0] for row in cells}) <= 100
    assert sum(row[2] for row in found.tables["errors-delivered"]["rows"]) == 4000
    assert "intervals-delivered" not in found.tables


def test_coverage_is_told_by_fifths_of_the_prediction(tmp_path: Path) -> None:
    predicted = np.linspace(0, 1, 200)
    half = np.where(predicted > 0.8, 0.1, 1.0)  # the largest fifth promises more than it holds
    outputs = np.c_[predicted, predicted - half, predicted + half]
    truth = predicted + np.where(np.arange(200) % 2 == 0, 0.5, 0.05)
    found = score("residuals", of_numbers(tmp_path, truth, outputs, ["y", "y.low", "y.high"]))[1]
    shares = [row[1] for row in found.tables["intervals-delivered"]["rows"]]
    assert shares == [1.0, 1.0, 1.0, 1.0, 0.5]


@pytest.mark.parametrize(("won", "lost", "p"), [(0, 0, 1.0), (5, 5, 1.0), (1, 9, 22 / 1024), (0, 6, 2 / 64)])
def test_mcnemars_p_is_the_binomial_one(won: int, lost: int, p: float) -> None:
    assert exact(won, lost) == pytest.approx(p)


def test_many_rows_have_nearly_the_binomial_p() -> None:
    few, many = exact(455, 545), exact(456, 546)  # the last exact one, and the first by the normal curve
    assert many == pytest.approx(few, rel=0.03)


def test_holms_correction_keeps_the_order_and_holds_for_all() -> None:
    assert holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


def test_two_classifiers_are_compared_by_what_only_one_gets_right(tmp_path: Path) -> None:
    truth = np.arange(60) < 30
    files = of_classes(tmp_path, truth, np.where(np.arange(60) < 28, 0.9, 0.1))  # two mistakes
    files |= of_classes(tmp_path, truth, np.where(np.arange(60) < 18, 0.9, 0.1), "forest")  # ten more
    found = scorers()["mcnemar"](files, {"subject": "delivered", "others": ["forest"]})
    assert found.scores[0].value == pytest.approx(2 / 2**10)
    assert found.tables["mcnemar-delivered"]["rows"][0][:5] == ["forest", 48, 10, 0, 2]


def test_every_kind_of_column_is_cut_into_bins() -> None:
    frame = pd.DataFrame(
        {
            "age": [*np.arange(99.0), np.nan],
            "sex": ["m", "f"] * 50,
            "rare": ["a"] * 98 + ["b", "c"],
            "on": [True, False] * 50,
            "day": pd.date_range("2024-01-01", periods=100),
            "grade": [1, 2, 3, 4] * 25,
            "flat": [7.0] * 100,
        }
    )
    names = {name: binned(name, frame[name], 20).names for name in frame}
    assert names["age"] == ("age ≤ 24.5", "24.5 < age ≤ 49", "49 < age ≤ 73.5", "age > 73.5", "age is missing")
    assert names["sex"] == ("sex = f", "sex = m")
    assert names["rare"] == ("rare = a",)
    assert names["on"] == ("on = False", "on = True")
    assert names["day"][0] == "day ≤ 2024-01-25 18:00"
    assert names["grade"] == ("grade = 1", "grade = 2", "grade = 3", "grade = 4")
    assert names["flat"] == ("flat = 7",)
    age = binned("age", frame["age"], 20)
    assert [int((age.place == k).sum()) for k in range(5)] == [25, 25, 24, 25, 1]


def table_of(n: int, draw: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame(draw.normal(size=(n, 4)), columns=list("abcd"))


def test_chance_alone_seldom_makes_a_slice_surely_worse() -> None:
    draw, found = np.random.default_rng(5), 0
    for seed in range(30):
        frame = table_of(300, draw)
        columns = tuple(binned(name, frame[name], 30) for name in frame)
        searched = slices(columns, columns, 15)
        measured = simultaneous(searched, (draw.random(300) < 0.2).astype(float), np.arange(300), seed)
        found += bool((measured.low > measured.overall).any())
    assert found <= 4


def worst_of(folder: Path, wrong: Any, frame: pd.DataFrame) -> tuple[dict[str, Score], list[list[Any]]]:
    truth = np.arange(len(frame)) % 2 == 0
    files = of_classes(folder, truth, np.where(truth ^ np.asarray(wrong), 0.9, 0.1))
    order = np.random.default_rng(0).permutation(len(frame))
    frame.assign(row_id=np.arange(len(frame))).iloc[order].to_parquet(folder / "rows.parquet")
    scores, found = score("worst_slices", files | {"features": folder / "rows.parquet"})
    return scores, found.tables["slices-delivered"]["rows"] if found.tables else []


def test_the_worst_slice_is_found_and_is_surely_worse(tmp_path: Path) -> None:
    draw = np.random.default_rng(6)
    frame = table_of(2000, draw)
    planted = (frame["a"] > frame["a"].quantile(0.75)) & (frame["b"] > frame["b"].quantile(0.75))
    scores, rows = worst_of(tmp_path, draw.random(2000) < np.where(planted, 0.7, 0.1), frame)
    worst = scores["worst_slice"]
    assert rows[0][0].startswith("a > ") and " and b > " in rows[0][0]
    assert worst.value == pytest.approx(0.7, abs=0.1)
    assert worst.n == planted.sum()
    assert worst.low is not None and worst.low > rows[-1][2]
    assert rows[-1][0] == "all rows"
    assert scores["slices.worse"].value and "may be chance" not in worst.text
    assert scores["slices.searched"].value == 16 + 6 * 16


def test_of_chance_alone_the_worst_slice_says_so(tmp_path: Path) -> None:
    draw = np.random.default_rng(7)
    scores, _ = worst_of(tmp_path, draw.random(400) < 0.2, table_of(400, draw))
    assert scores["slices.worse"].value == 0
    assert "which may be chance" in scores["worst_slice"].text


def test_a_model_without_error_has_no_worst_slice(tmp_path: Path) -> None:
    scores, rows = worst_of(tmp_path, np.zeros(200, dtype=bool), table_of(200, np.random.default_rng(8)))
    assert "worst_slice" not in scores
    assert [row[0] for row in rows] == ["all rows"]


def test_too_few_rows_have_no_slices_and_that_is_told(tmp_path: Path) -> None:
    scores, _ = worst_of(tmp_path, np.zeros(40, dtype=bool), table_of(40, np.random.default_rng(9)))
    assert scores["slices.searched"].value is None
    assert "no slice of 40 rows has 30" in scores["slices.searched"].text


@pytest.mark.parametrize("name", ["curves", "calibration_error", "residuals", "worst_slices"])
def test_predictions_that_lack_a_row_have_no_details(name: str, tmp_path: Path) -> None:
    files = of_classes(tmp_path, np.arange(40) % 2 == 0, np.full(40, 0.5))
    np.savez(tmp_path / "predictions.npz", row_ids=np.arange(39), outputs=np.full((39, 2), 0.5), output_names=["no", "yes"])  # fmt: skip # noqa: E501
    _, found = score(name, files | {"features": tmp_path / "rows.parquet"})
    assert found.scores[0].value is None
    assert "1 test rows have no prediction" in found.scores[0].text
