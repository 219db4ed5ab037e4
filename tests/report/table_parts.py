"""The plan, the data profile, the evidence and the verdicts of a run on a table."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import DataStrategy, Plan, SplitPlan, Step
from orchestrator.core.profile import Column, DataProfile
from orchestrator.core.request import Route

from .common import SHA, evidence, thoughts


def table_plan() -> Plan:
    return Plan(
        route=Route.TABULAR,
        planner="rules",
        thoughts=thoughts("Linear, random forest and gradient boosting, chosen by cross-validation"),
        steps=(Step(id="train", worker="tabular", kind="skill"),),
        data=DataStrategy(
            file="penguins.csv",
            sha256=SHA,
            target="species",
            task="multiclass",
            features=("bill_length", "bill_depth", "flipper_length", "body_mass"),
            dropped={"island": "you asked for it"},
            split=SplitPlan(kind="stratified"),
            metric="accuracy",
        ),
    )


def profile() -> DataProfile:
    columns = (
        Column(name="species", kind="category", missing=0.0, unique=3),
        Column(name="bill_length", kind="number", missing=0.006, unique=164, low=32.1, high=59.6),
        Column(name="body_mass", kind="number", missing=0.006, unique=94, low=2700, high=6300, integer=True),
    )
    return DataProfile(file="penguins.csv", sha256=SHA, rows=344, columns=columns, duplicates=2)


def table_evidence() -> tuple[Evidence, ...]:
    test = {"file": "measured/test/scores.json", "n": 69, "unit": ""}
    rows = {
        "delivered": (0.971, 0.93, 1.0),
        "boosting": (0.985, 0.95, 1.0),
        "forest": (0.957, 0.9, 1.0),
        "linear": (0.971, 0.93, 1.0),
        "dummy": (0.435, 0.32, 0.55),
    }
    named = [
        evidence(i, "accuracy", value, who, interval=(low, high), **test)
        for i, (who, (value, low, high)) in enumerate(rows.items(), start=1)
    ]
    loss = {"delivered": 0.09, "boosting": 0.07, "forest": 0.15, "linear": 0.09, "dummy": 1.05}
    named += [
        evidence(i, "log_loss", value, who, **{**test, "unit": "nat"})
        for i, (who, value) in enumerate(loss.items(), start=6)
    ]
    return tuple(named)


def table_checks() -> tuple[Verdict, ...]:
    return (
        Verdict(
            id="data.leakage",
            verdict="passed",
            value=0.0,
            threshold=0.0,
            reason="no test row is among the training rows",
        ),
        Verdict(
            id="model.baseline",
            verdict="passed",
            value=0.54,
            threshold=0.0,
            evidence=("e1", "e5"),
            reason="better than always guessing the commonest class",
        ),
        Verdict(
            id="evaluation.uncertainty",
            verdict="unknown",
            reason="too few test rows in class 'Chinstrap' for an interval",
            remedy="bring at least 20 rows of each class",
        ),
        Verdict(
            id="reproducibility.seeds",
            verdict="failed",
            value=1.0,
            threshold=0.0,
            reason="two fresh boxes differ by 1e-06",
            remedy="seed every generator",
        ),
    )
