"""Measures an explanation: is it the same again, does it add up to predictions, does the judge find it too?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from orchestrator.boxes.job import Code, Job
from orchestrator.core.importance import IMPORTANCE, NOISE
from orchestrator.core.plan import Step
from orchestrator.measure.attributions import measure_shares
from orchestrator.measure.bench import Bench
from orchestrator.measure.edge import load_arrays, load_json
from orchestrator.measure.evidence import UNVOUCHED, EvidenceBook
from orchestrator.measure.gradients import ATTENTION, GRADIENTS, measure_attention, measure_gradients
from orchestrator.measure.subjects import Subject

REPEAT = "explanation_repeat"
LABEL = "interpret"
ARRAYS: dict[str, tuple[str, ...]] = {
    "shap.npz": ("values", "errors", "base", "outputs", "row_ids", "background_ids"),
    "gradients.npz": ("values", "outputs", "base", "classes", "row_ids", "baseline"),
    "attention.npz": ("maps", "received", "row_ids"),
}
OF_METHOD = {"shap": "shap.npz", "integrated_gradients": "gradients.npz", "attention": "attention.npz"}


class Line(BaseModel):
    """One column of importance.json."""

    model_config = ConfigDict(frozen=True)

    name: str
    value: FiniteFloat
    low: FiniteFloat | None
    high: FiniteFloat | None


class Importances(BaseModel):
    """importance.json: by how much the metric is worse on rows set aside where a column is shuffled."""

    metric: str
    rows: int
    folds: int
    repeats: int
    intact: FiniteFloat
    columns: tuple[Line, ...]
    noise: Line


@dataclass(frozen=True)
class Explained:
    """A finished step that explains, its skill, and the model that it explains."""

    step: Step
    code: Code
    subject: Subject

    @property
    def vouched(self) -> bool:
        return self.code.trust == "builtin" and self.subject.vouched


async def measure_interpretation(bench: Bench, book: EvidenceBook, explained: Explained) -> None:
    """Evidence `explanation_repeat`, `additivity`, `attribution_difference`, `permutation_importance` by column.

    The judge runs the step again in a fresh box and quotes what came out there.
    """
    step, methods = explained.step, _methods(explained.step)
    out = bench.run.out(step.id)
    if not explained.vouched:
        book.add(REPEAT, None, out, step.id, subject=LABEL, text=UNVOUCHED)
        return
    again, why = await _again(bench, explained)
    if again is None:
        book.add(REPEAT, None, out, step.id, subject=LABEL, text=f"it could not be explained again: {why}")
        return
    _repeat(book, step, out, again, methods)
    if "permutation" in methods:
        _importances(book, step, again / "importance.json")
    if "shap" in methods:
        await measure_shares(bench, book, step, explained.subject, again / OF_METHOD["shap"])
    if GRADIENTS in methods:
        await measure_gradients(bench, book, step, explained.subject, again / OF_METHOD[GRADIENTS])
    if ATTENTION in methods:
        measure_attention(book, step, again / OF_METHOD[ATTENTION])


def _methods(step: Step) -> tuple[str, ...]:
    told = step.spec.get("methods")
    return tuple(map(str, told)) if isinstance(told, list) else ()


async def _again(bench: Bench, explained: Explained) -> tuple[Path | None, str]:
    """The step's work once more, in a fresh box."""
    step, folder = explained.step, bench.run.measured / LABEL / "again"
    job = Job(
        verb="work",
        step=f"measure.{LABEL}.again",
        agent=f"judge.{LABEL}",
        destination=folder,
        skill=explained.code,
        spec=step.spec,
        inputs={"train": bench.run.data / "train.parquet"},
        models={str(step.spec.get("model", explained.subject.step.id)): explained.subject.model},
        seed=bench.seed,
        resources=step.resources,
    )
    result = await bench.workshop.do(job)
    if result.done:
        return folder, ""
    return None, result.mistake.message if result.mistake else f"exit code {result.completed.exit_code}"


def _repeat(book: EvidenceBook, step: Step, out: Path, again: Path, methods: tuple[str, ...]) -> None:
    """The largest difference of any number between the step's files and the judge's own; 0: the same bits."""
    worst, compared, lost = 0.0, 0, ""
    for name in (OF_METHOD[method] for method in methods if method in OF_METHOD):
        first, second = (load_arrays(folder / name, ARRAYS[name]) for folder in (out, again))
        lost = lost or first.why or second.why
        for key in first.held if not lost else ():
            one, other = np.asarray(first.held[key]), np.asarray(second.held[key])
            same = one.shape == other.shape and one.dtype.kind in "fiu"
            gap = np.abs(one.astype(np.float64) - other.astype(np.float64)) if same else np.array([np.inf])
            worst, compared = max(worst, float(np.nan_to_num(gap, nan=np.inf).max(initial=0.0))), compared + one.size
    if "permutation" in methods and not lost:
        one_text, other_text = load_json(out / "importance.json"), load_json(again / "importance.json")
        lost = one_text.why or other_text.why
        worst = worst if one_text.value == other_text.value else np.inf
        compared += 1
    told = lost or f"{compared} numbers against those of a fresh box"
    value = None if lost or not np.isfinite(worst) else worst
    if not lost and value is None:
        told = "the explanation is another one in a fresh box"
    book.add(REPEAT, value, again, step.id, n=compared, subject=LABEL, bound=0.0, text=told)


def _importances(book: EvidenceBook, step: Step, path: Path) -> None:
    read = load_json(path)
    try:
        found = Importances.model_validate(read.value)
    except ValidationError as error:
        why = read.why or f"importance.json cannot be used: {error.error_count()} mistakes"
        book.add(IMPORTANCE, None, path, step.id, subject=NOISE, text=why)
        return
    for line in (*found.columns, found.noise):
        between = (line.low, line.high) if line.low is not None and line.high is not None else None
        text = (
            f"loss of {found.metric} (of {found.intact:.4g}) where it is shuffled, mean of {found.repeats}; "
            f"rows set aside from twins of the model in {found.folds} folds"
        )
        book.add(
            IMPORTANCE, line.value, path, step.id, interval=between, n=found.rows, subject=line.name, text=text,
            columns=() if line is found.noise else (line.name,),
        )  # fmt: skip
