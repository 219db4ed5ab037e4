"""The chain of thought of an evaluation: nothing is trained, and each of the five steps says what that means."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.evaluated import Evaluated
from orchestrator.core.plan import DataStrategy, Thought
from orchestrator.planners.rules.thoughts import thought

Params = dict[str, JsonValue]


def evaluate_thoughts(
    strategy: DataStrategy, evaluated: Evaluated, spec: Params, why: dict[str, str]
) -> tuple[Thought, ...]:
    subject, other = evaluated.subject.name, evaluated.other.name if evaluated.other else ""
    kind = "regression" if strategy.task == "regression" else f"{strategy.task} classification"
    return (
        thought(
            "formulation",
            f"How good is {subject} at {strategy.target!r} ({kind})?"
            + (f" Is it better than {other}?" if other else ""),
            f"Success: {strategy.metric} with an interval, better than a constant guess. Target: {why['target']}.",
            ("training a better model", "the request asks about one that is there; `Predict COLUMN in FILE` trains"),
        ),
        _rows(strategy, evaluated, why),
        thought(
            "model",
            f"{subject} as it is" + (f", and {other} on the same rows." if other else "."),
            "It is opened in boxes alone, since a pickle is code, and held to the columns that it was fitted to.",
            ("opening it here to look inside", "a file of unknown origin may do anything when it is opened"),
        ),
        thought(
            "training",
            f"Nothing is trained. Fitted on the validation rows: {', '.join(_fitted(spec, strategy)) or 'nothing'}.",
            "What is fitted on the sealed rows would be measured on what it has seen.",
            ("fitting on all rows", "a threshold that is chosen on the rows that it is measured on looks too good"),
        ),
        thought(
            "validation",
            f"{strategy.metric} on the sealed rows with a bootstrap interval, beside a constant guess"
            + (f"; the difference to {other} row by row." if other else "."),
            "Whether the model has met these rows in its training, only its training rows can tell.",
            ("the score that its author reports", "a number that nobody here has measured"),
            avoids=("single_split",) if not evaluated.own_rows else (),
        ),
    )


def _rows(strategy: DataStrategy, evaluated: Evaluated, why: dict[str, str]) -> Thought:
    if evaluated.own_rows:
        return thought(
            "data",
            f"The rows that run {evaluated.subject.run} sealed, all of them.",
            f"{why['split'].capitalize()}. Every further look at them is noted in that run's journal.",
            ("its training rows", "a model knows the rows that it was trained on"),
        )
    known = f"{evaluated.trained_on!r} is searched for copies of them." if evaluated.trained_on else (
        "What it was trained on is not known: without that, leakage stays unknown."
    )  # fmt: skip
    return thought(
        "data",
        f"{strategy.split.test_fraction:.0%} of {strategy.file!r} is sealed, the rest are validation rows; every "
        "column is offered to the model.",
        f"{why['split'].capitalize()}. {known}",
        ("all rows for the test", "a constant guess, a threshold and intervals need rows of their own"),
    )


def _fitted(spec: Params, strategy: DataStrategy) -> list[str]:
    told = {"operating_point": "a threshold", "recalibrate": "a recalibration", "sets": "conformal sets of classes"}
    found = [words for key, words in told.items() if spec.get(key)]
    if spec.get("learning_curve"):
        return ["the model itself, to growing parts of the rows that it was trained on"]
    return ["the width of prediction intervals"] if strategy.task == "regression" else found
