"""Weights of classes and learning curves, asked for in words, stand in the plan."""

from __future__ import annotations

import pytest

from orchestrator.core.errors import BadInput
from orchestrator.core.evaluated import Evaluated, ModelFile
from orchestrator.planners.rules.text import read
from orchestrator.planners.rules.training_words import training_params

from .test_plan_evaluate import FILE, RUN
from .test_plan_evaluate import plan as evaluation
from .test_plan_table import plan


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("Predict y in @a.csv, balance the classes", "balanced"),
        ("Predict y in @a.csv and weigh the rare class", "balanced"),
        ("Predict y in @a.csv with class weights", "balanced"),
        ("Predict y in @a.csv, class_weight='balanced'", "balanced"),
        ("Predict churn in @a.csv, give the minority class more weight", "balanced"),
        ("Predict churn in @a.csv, handle the class imbalance", "balanced"),
        ("Sage y in @a.csv vorher mit Klassengewichten", "balanced"),
        ("Prédis y dans @a.csv, équilibre les classes", "balanced"),
        ("Predice y en @a.csv, pondera las clases", "balanced"),
        ("预测 @a.csv 中的 y，平衡类别", "balanced"),
        ("Predict y in @a.csv without class weights", "none"),
        ("Predict y in @a.csv, do not weigh the classes", "none"),
        ("Predict weight in @a.csv", None),
        ("Predict y in @a.csv by balanced accuracy", None),
        ("Predict the class in @a.csv with weight decay 0.1", None),
        ("Predict balance in @a.csv", None),
    ],
)
def test_weights_of_classes_are_read(text: str, weights: str | None) -> None:
    assert training_params(read(text)).get("class_weights") == weights


@pytest.mark.parametrize(
    "text",
    [
        "Predict y in @a.csv and show a learning curve", "Predict y in @a.csv, would more data help?",
        "Sage y in @a.csv vorher und zeichne die Lernkurve", "Plot the score against the number of training rows of y",
        "Predice y en @a.csv con una curva de aprendizaje", "预测 @a.csv 中的 y 并画出学习曲线",
    ],
)  # fmt: skip
def test_a_learning_curve_is_read(text: str) -> None:
    assert training_params(read(text))["learning_curve"] is True


@pytest.mark.parametrize("text", ["Predict y in @a.csv", "Predict y in @a.csv without a learning curve"])
def test_without_such_words_none_is_drawn(text: str) -> None:
    assert "learning_curve" not in training_params(read(text))


def test_both_stand_in_the_spec_of_the_training_and_weights_in_its_notes() -> None:
    made = plan("Predict sold in x.csv, balance the classes, with a learning curve")
    (step,) = made.steps
    assert step.spec["class_weights"] == "balanced" and step.spec["learning_curve"] is True
    assert any("Every class counts alike" in note for note in made.notes)
    assert "class_weights" not in plan("Predict sold in x.csv").steps[0].spec


def test_weights_of_classes_for_a_quantity_are_refused() -> None:
    with pytest.raises(BadInput, match="'price' is a quantity"):
        plan("Predict price in x.csv, balance the classes")


@pytest.mark.parametrize("subject", [FILE, RUN])
def test_a_model_whose_training_rows_are_not_there_has_no_learning_curve(subject: ModelFile) -> None:
    with pytest.raises(BadInput, match="learning curve fits the model again"):
        evaluation("Evaluate it on x.csv, target y, with a learning curve", evaluated=Evaluated(subject=subject))


def test_a_threshold_is_not_chosen_in_a_training_and_the_plan_says_where_it_is() -> None:
    made = plan("Predict sold in x.csv, recall at 5 % false positive rate")
    assert made.data is not None and made.data.metric == "roc_auc" and made.data.constraints == ()
    assert any("No threshold is chosen in a training" in note for note in made.notes)
    kept = plan("Predict sold in x.csv with precision at least 0.9")
    assert kept.data is not None and kept.data.constraints == ({"metric": "precision", "at_least": 0.9},)
