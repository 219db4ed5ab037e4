"""Scores of tables: matched by row, null where they cannot be measured, with honest intervals."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skills.runtime.scoring import table_metrics, tables
from skills.runtime.scoring.bootstrap import draw, interval, units_of
from skills.runtime.scoring.learning import SCORERS as SCORERS_OF_CURVES
from skills.runtime.scoring.table_metrics import CLASSIFICATION, REGISTRY, REGRESSION, Regressed, classified, value
from skills.runtime.scoring.tables import SCORERS, Labels, resamples_of, score_metric

from .conftest import ROOT, Write, scores

ORACLE = """
import numpy as np
from sklearn import metrics as m
from skills.runtime.scoring.table_metrics import Regressed, classified, weighted

draw = np.random.default_rng(0)
def check(name, subject, weights, oracle):
    for line in weights:
        rows = np.repeat(np.arange(len(line)), line.astype(int))
        ours = weighted(name, subject, line[None])[0]
        assert abs(ours - oracle(rows)) < 1e-10, (name, ours, oracle(rows))
    print(name)

weights = draw.integers(0, 4, size=(5, 150)).astype(float)
y = draw.normal(size=150); p = y + draw.normal(size=150)
for name, oracle in {"rmse": m.root_mean_squared_error, "mae": m.mean_absolute_error, "r2": m.r2_score,
                     "median_ae": m.median_absolute_error, "mape": m.mean_absolute_percentage_error}.items():
    check(name, Regressed(y, p), weights, lambda r: oracle(y[r], p[r]))
for k in (2, 4):
    P = np.round(draw.dirichlet(np.ones(k), 150), 2) + 1e-3; P /= P.sum(1, keepdims=True)
    t = np.array([draw.choice(k, p=q) for q in P]); subject = classified(t.astype(str), P, [str(i) for i in range(k)])
    average = "binary" if k == 2 else "macro"; hard = P.argmax(1); two = k == 2
    oracles = {
        "accuracy": lambda r: m.accuracy_score(t[r], hard[r]),
        "balanced_accuracy": lambda r: m.balanced_accuracy_score(t[r], hard[r]),
        "f1": lambda r: m.f1_score(t[r], hard[r], average=average),
        "precision": lambda r: m.precision_score(t[r], hard[r], average=average),
        "recall": lambda r: m.recall_score(t[r], hard[r], average=average),
        "roc_auc": lambda r: m.roc_auc_score(t[r], P[r, 1]) if two else m.roc_auc_score(t[r], P[r], multi_class="ovr"),
        "pr_auc": lambda r: m.average_precision_score(t[r], P[r, 1]) if two
                  else np.mean([m.average_precision_score(t[r] == j, P[r, j]) for j in range(k)]),
        "log_loss": lambda r: m.log_loss(t[r], P[r]),
        "brier": lambda r: m.brier_score_loss(t[r], P[r, 1]) if two else ((P[r] - np.eye(k)[t[r]]) ** 2).sum(1).mean(),
    }
    for name, oracle in oracles.items():
        check(name, subject, weights, oracle)
"""


@pytest.mark.box
def test_every_metric_equals_scikit_learns_on_every_resample(box_python: Path) -> None:
    done = subprocess.run([str(box_python), "-c", ORACLE], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == set(REGRESSION) | set(CLASSIFICATION)


def test_rows_are_matched_by_their_ids_in_any_order(write: Write) -> None:
    found = scores("regression", write(), subject="delivered", unit="kg")
    assert found["rmse"].value == pytest.approx(np.sqrt(np.mean((0.5 * np.sin(np.arange(80))) ** 2)))
    assert found["rmse"].unit == "kg"
    assert found["r2"].unit == ""
    assert {score.subject for score in found.values()} == {"delivered"}
    assert all(score.low < score.value < score.high for score in found.values() if score.low and score.high)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"row_ids": np.arange(1, 81)}, "1 test rows have no prediction, 1 predictions belong to no test row"),
        ({"row_ids": np.zeros(80, dtype=int)}, "predicted twice"),
        ({"row_ids": np.arange(79), "outputs": np.zeros((79, 1))}, "1 test rows have no prediction"),
        ({"outputs": np.zeros((79, 1))}, "79 predictions for 80 row ids"),
        ({"outputs": np.r_[[[np.nan]], np.zeros((79, 1))]}, "1 predictions are NaN"),
        ({"outputs": np.full((80, 1), np.inf)}, "80 predictions are NaN or infinite"),
    ],
)
@pytest.mark.parametrize("scorer", ["regression", "paired_difference", "skill_over_dummy", "coverage"])
def test_predictions_that_do_not_answer_every_row_once_have_no_score(
    write: Write, scorer: str, changes: dict[str, Any], told: str
) -> None:
    for score in scores(scorer, write(**changes), metric="rmse").values():
        assert score.value is None
        assert told in score.text


def test_probabilities_that_are_none_have_no_score(write: Write) -> None:
    labels = np.array(["a", "b"] * 40)
    files = write(sealed_labels=labels, outputs=np.tile([0.9, 0.9], (80, 1)), output_names=["a", "b"])
    assert all(score.value is None for score in scores("classification", files).values())


def test_a_class_the_model_never_saw_costs_it(write: Write) -> None:
    labels = np.array(["a", "b", "c", "a"] * 20)
    outputs = np.eye(2)[[0, 1] * 40]
    files = write(sealed_labels=labels, row_ids=np.arange(80), outputs=outputs, output_names=["a", "b"])
    found = scores("classification", files)
    assert found["accuracy"].value == 0.5
    assert found["balanced_accuracy"].value == pytest.approx(0.5)
    assert found["log_loss"].value is not None and found["log_loss"].value > 10


def test_confusion_is_a_table_of_counts(write: Write) -> None:
    labels = np.array(["a", "b"] * 40)
    outputs = np.eye(2)[[0, 0] * 40]
    files = write(sealed_labels=labels, row_ids=np.arange(80), outputs=outputs, output_names=["a", "b"])
    table = SCORERS["classification"](files, {"subject": "delivered"}).tables["confusion-delivered"]
    assert table["rows"] == [["a", 40, 0], ["b", 40, 0]]


def test_relative_error_of_a_target_with_zeros_is_not_measured(write: Write) -> None:
    found = scores("regression", write(sealed_labels=np.arange(80.0)))
    assert found["mape"].value is None
    assert "is 0" in found["mape"].text
    assert found["mae"].value is not None


def test_a_metric_of_the_other_task_is_not_measured(write: Write) -> None:
    assert scores("regression", write(), metrics=["accuracy"])["accuracy"].value is None


def test_a_better_model_has_positive_differences_whatever_way_the_metric_runs(write: Write) -> None:
    for metric in ("rmse", "mae", "r2"):
        found = scores("paired_difference", write(), metric=metric)["paired_difference"]
        assert found.low is not None and found.low > 0
        skill = scores("skill_over_dummy", write(), metric=metric)["skill_over_dummy"]
        assert skill.value is not None and 0 < skill.value < 1


def test_a_model_against_itself_differs_by_nothing(write: Write) -> None:
    files = write()
    found = scores("paired_difference", {**files, "other": files["predictions"]}, metric="rmse")["paired_difference"]
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_no_skill_is_measured_over_a_perfect_dummy(write: Write) -> None:
    files = write()
    with np.load(files["labels"]) as held:
        np.savez(files["other"], row_ids=held["row_ids"], outputs=held["labels"][:, None], output_names=["y"])
    assert scores("skill_over_dummy", files, metric="rmse")["skill_over_dummy"].value is None


def test_coverage_counts_truths_inside_their_intervals(write: Write) -> None:
    centre = np.zeros(80)
    outputs = np.c_[centre, centre - 1, centre + 1]
    labels = np.r_[np.zeros(72), np.full(8, 5.0)]
    names = ["y", "y.low", "y.high"]
    files = write(row_ids=np.arange(80), outputs=outputs, output_names=names, sealed_labels=labels)
    found = scores("coverage", files)["coverage"]
    assert found.value == pytest.approx(0.9)
    assert found.low == pytest.approx(0.8148, abs=5e-4)  # Wilson's interval of 72 of 80, from a table
    assert found.high == pytest.approx(0.9485, abs=5e-4)
    assert scores("coverage", write())["coverage"].value is None


def test_scaling_leaves_constant_columns_out(tmp_path: Path) -> None:
    column = np.linspace(-1, 1, 50)
    np.savez(tmp_path / "features.npz", features=np.c_[column / column.std(), np.full(50, 0.1), 1000 + column])
    found = {
        score.name: score.value for score in SCORERS["scaling"]({"features": tmp_path / "features.npz"}, {}).scores
    }
    assert found["feature_mean"] == pytest.approx(1000)
    assert found["feature_range"] == pytest.approx(1001)
    assert found["feature_deviation_high"] == pytest.approx(1.0)


def test_groups_widen_the_interval_of_rows_that_are_alike(write: Write) -> None:
    error = np.repeat(np.random.default_rng(0).normal(size=8), 10)
    plain = write(row_ids=np.arange(80), outputs=error[:, None], sealed_labels=np.zeros(80))
    by_row = scores("regression", plain)["mae"]
    grouped = write(
        row_ids=np.arange(80), outputs=error[:, None], sealed_labels=np.zeros(80),
        sealed_groups=np.repeat([f"g{n}" for n in range(8)], 10),
    )  # fmt: skip
    by_group = scores("regression", grouped)["mae"]
    assert by_row.value == by_group.value
    widths = [
        score.high - score.low for score in (by_row, by_group) if score.high is not None and score.low is not None
    ]
    assert widths[1] > 1.5 * widths[0]
    assert by_group.text.endswith("over groups")


def test_neighbours_in_time_are_drawn_in_blocks() -> None:
    units, drawn = units_of(64, None, np.arange(64.0)[::-1].copy())
    assert drawn == "blocks of 4 in time"
    assert np.bincount(units).tolist() == [4] * 16
    assert units[0] == 15, "the first row is the latest"


def test_an_interval_holds_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(8)
    hits = 0
    for trial in range(200):
        truth = np.zeros(60)
        subject = Regressed(truth, generator.normal(size=60))
        found = interval(
            lambda weights, s=subject: table_metrics.weighted("mae", s, weights),
            np.arange(60),
            seed=trial,
            resamples=1000,
        )
        assert found is not None
        hits += found[0] <= np.sqrt(2 / np.pi) <= found[1]
    assert 0.88 <= hits / 200 <= 0.985


def test_a_perfect_score_on_few_rows_still_has_a_width(write: Write) -> None:
    truth = np.array(["a"] * 60 + ["b"] * 20)
    outputs = np.eye(2)[[0] * 60 + [1] * 20]
    files = write(sealed_labels=truth, row_ids=np.arange(80), outputs=outputs, output_names=["a", "b"])
    found = scores("classification", files)
    assert (found["accuracy"].value, found["accuracy"].high) == (1.0, 1.0)
    assert found["accuracy"].low == pytest.approx(0.9549, abs=1e-4)  # Clopper and Pearson, 80 of 80
    assert found["recall"].low == pytest.approx(0.8316, abs=1e-4)  # 20 of 20


def test_one_row_has_no_interval() -> None:
    assert interval(lambda weights: weights.sum(axis=1), np.zeros(1, dtype=np.int64), seed=0) is None


@given(st.lists(st.tuples(st.integers(0, 2), st.floats(0.01, 1), st.floats(0.01, 1)), min_size=4, max_size=30))
def test_metrics_stay_in_their_range(drawn: list[tuple[int, float, float]]) -> None:
    raw = np.array([[first, second, 0.5] for _, first, second in drawn])
    probability = raw / raw.sum(axis=1, keepdims=True)
    subject = classified([str(label) for label, _, _ in drawn], probability, ["0", "1", "2"])
    for name in CLASSIFICATION:
        found = value(name, subject)
        if np.isfinite(found) and REGISTRY[name]["higher_is_better"]:
            assert -1e-9 <= found <= 1 + 1e-9
        elif np.isfinite(found):
            assert found >= 0


def test_the_positive_class_is_the_last_unless_it_is_named() -> None:
    probability = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.7, 0.3]])
    truth = ["9", "9", "10", "10"]
    assert value("recall", classified(truth, probability, ["9", "10"])) == 0.5
    assert value("recall", classified(truth, probability, ["9", "10"], positive="9")) == 1.0
    with pytest.raises(ValueError, match="none of"):
        classified(truth, probability, ["9", "10"], positive="11")


def test_the_table_of_metrics_is_the_registry() -> None:
    tasks = {name: told["task"] for name, told in REGISTRY.items()}
    assert {name for name, task in tasks.items() if task == "regression"} == set(REGRESSION)
    assert {name for name, task in tasks.items() if task == "classification"} == set(CLASSIFICATION)


@pytest.mark.parametrize("groups", [None, np.repeat(np.arange(30), 3).astype(str)])
@pytest.mark.parametrize("classes", [0, 2, 4])
def test_what_is_summed_by_unit_is_what_laid_out_weights_give(classes: int, groups: Any) -> None:
    generator = np.random.default_rng(classes)
    units, _ = units_of(90, groups, None)
    drawn = draw(units, seed=3, resamples=40)
    assert drawn is not None
    laid_out = drawn.counts[:, units].astype(float)
    subject: Any = Regressed(generator.normal(size=90), np.round(generator.normal(size=90), 1))
    if classes:
        shares = np.round(generator.dirichlet(np.ones(classes), 90), 1) + 1e-3
        truth = [str(generator.integers(classes)) for _ in range(90)]
        subject = classified(truth, shares / shares.sum(axis=1, keepdims=True), [str(k) for k in range(classes)])
    for name in CLASSIFICATION if classes else REGRESSION:
        by_unit = table_metrics.weighted(name, subject, drawn)
        assert by_unit == pytest.approx(table_metrics.weighted(name, subject, laid_out), abs=1e-12), name


def test_metrics_that_rank_many_rows_are_drawn_less_often_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    many = classified(["a", "b"] * 500_000, np.tile([0.4, 0.6], (1_000_000, 1)), ["a", "b"])
    assert resamples_of("roc_auc", many, {}) == 500
    assert resamples_of("accuracy", many, {}) == 2000
    assert resamples_of("roc_auc", many, {"resamples": 100}) == 100
    monkeypatch.setattr(tables, "MOST_RANKED", 1_500_000)
    shares = np.random.default_rng(0).dirichlet([1, 1], 2000)
    subject = classified(["a", "b"] * 1000, shares, ["a", "b"])
    labels = Labels(np.arange(2000), np.array(["a", "b"] * 1000), *units_of(2000, None, None))
    found = {name: score_metric(name, subject, labels, {}) for name in ("roc_auc", "accuracy")}
    assert found["roc_auc"].text == "95 % bootstrap interval over rows, 750 resamples"
    assert found["accuracy"].text == "95 % bootstrap interval over rows"
    assert all(score.low < 0.5 < score.high < score.low + 0.1 for score in found.values() if score.low and score.high)


def test_a_learning_curve_tells_every_step_and_whether_it_may_be_chance(write: Write, tmp_path: Path) -> None:
    truth = np.random.default_rng(0).normal(size=80)
    files = dict(write(sealed_labels=truth, outputs=truth[:, None]))
    noise = np.random.default_rng(1).normal(size=80)
    for rows, error in ((20, 1.0), (40, 0.5), (80, 0.5)):
        part = tmp_path / f"rows-{rows}.npz"
        np.savez(part, row_ids=np.arange(80), outputs=(truth + error * noise)[:, None], output_names=["y"])
        files[f"rows-{rows}"] = part
    files["predictions"] = files.pop("rows-80")
    params = {"metric": "rmse", "rows": 80, "subject": "delivered", "unit": "kg"}
    told = SCORERS_OF_CURVES["learning_curve"](files, params)
    found = {(score.name, score.subject): score for score in told.scores}
    size = float(np.sqrt((noise**2).mean()))
    assert found["learning.score", "20 rows"].value == pytest.approx(size)
    first, last = found["learning.gain", "40 over 20 rows"], found["learning.gain", "80 over 40 rows"]
    assert first.value == pytest.approx(size / 2) and first.low is not None and first.low > 0 and first.unit == "kg"
    assert (last.value, last.low, last.high) == (0, 0, 0)
    assert [row[0] for row in told.tables["learning-delivered"]["rows"]] == [20, 40, 80]
