"""What more is asked of the sealed rows, in the same job: curves, calibration, residuals, worst slices, McNemar."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from orchestrator.core.plan import DataStrategy
from orchestrator.data.split import SplitRecord
from orchestrator.measure.bench import Bench, Scorer
from orchestrator.measure.constant import COVERAGE
from orchestrator.measure.edge import DELIVERED
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.latency import measure_latency
from orchestrator.measure.subjects import Subject

FEATURES = "test_rows"
LATENCY = "latency_ms"
BATCHES = (1, 1024)
EXCHANGEABLE = ("random", "stratified")  # splits whose test rows count as independent of one another


def detail_files(split: SplitRecord, data: DataStrategy) -> dict[str, Path]:
    """The features of the test rows, which boxes see anyway; arrays have no columns to cut into slices."""
    return {FEATURES: Path(split.test_inputs)} if data.arrays is None else {}


def detail_scorers(
    data: DataStrategy, split: SplitRecord, others: tuple[str, ...], shared: Mapping[str, JsonValue],
    *, nominal: JsonValue = COVERAGE,
) -> list[Scorer]:  # fmt: skip
    """Scorers of the delivered model; `others` are models to test against, `nominal` what its intervals promise."""
    inputs = {"predictions": f"p_{DELIVERED}", "labels": "labels"}
    params = {**shared, "subject": DELIVERED}
    if data.task == "regression":
        scorers = [Scorer(name="residuals", inputs=inputs, params={**params, "nominal": nominal})]
    else:
        scorers = [Scorer(name=name, inputs=inputs, params=params) for name in ("curves", "calibration_error")]
        if split.how in EXCHANGEABLE and others:
            scorers.append(_mcnemar(inputs, params, others))
    if data.arrays is None:
        scorers.append(Scorer(name="worst_slices", inputs={**inputs, "features": FEATURES}, params=params))
    return scorers


async def measure_table_latency(
    bench: Bench, book: EvidenceBook, subject: Subject, data: DataStrategy, split: SplitRecord
) -> None:
    """Evidence `latency_ms` of the delivered model for one row and for many, where the request asks for it."""
    if any(bound.get("metric") == LATENCY for bound in data.constraints):
        await measure_latency(bench, book, subject, {"rows": Path(split.test_inputs)}, BATCHES, (DELIVERED,))


def _mcnemar(inputs: dict[str, str], params: dict[str, JsonValue], others: tuple[str, ...]) -> Scorer:
    files = inputs | {name: f"p_{name}" for name in others}
    return Scorer(name="mcnemar", inputs=files, params={**params, "others": list[JsonValue](others)})
