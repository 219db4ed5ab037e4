"""Measures a model that was there before: on the sealed rows, beside a constant guess and what was fitted for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from pydantic import JsonValue

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.config.skills import Skill
from orchestrator.core.evaluated import Evaluated, ModelFile
from orchestrator.core.plan import DataStrategy, Plan, Step
from orchestrator.data.arrays_leaks import find_array_leaks
from orchestrator.data.finding import LeakFinding
from orchestrator.data.overlap import find_overlap
from orchestrator.data.readers import read_table
from orchestrator.data.split import SplitRecord
from orchestrator.journal.journal import Journal
from orchestrator.measure.access import other_access
from orchestrator.measure.bench import Bench, Scorer, together
from orchestrator.measure.constant import CONSTANT, COVERAGE, write_constant
from orchestrator.measure.decisions import THRESHOLD, book_threshold
from orchestrator.measure.details import detail_files, detail_scorers
from orchestrator.measure.edge import DELIVERED, load_predictions, load_variants, prediction_file
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.forecast import against_naive
from orchestrator.measure.groups import group_files, group_scorers
from orchestrator.measure.learning import learning_scorers, parts_of
from orchestrator.measure.subjects import Subject

SKILL = "evaluate"
SET = "test"
OTHER, RECALIBRATED, SETS = "other", "recalibrated", "sets"
Files = dict[str, Path]


async def measure_evaluation(
    bench: Bench, book: EvidenceBook, subject: Subject, plan: Plan, split: SplitRecord,
    beside: Mapping[str, ModelFiles], journal: Journal,
) -> None:  # fmt: skip
    """Fill the book for one evaluation. Which variants there are the plan says, not the box that opened the model.

    `beside` are models of earlier runs, whose skills the boxes need.
    """
    assert plan.data is not None and plan.evaluated is not None
    data, step = plan.data, subject.step
    _met(book, split, data, plan.evaluated, bench.run.split, step.id)
    if plan.evaluated.own_rows:
        other_access(book, bench.run, plan.evaluated.subject.run, journal, step.id)
    names = variants_of(step)
    parts = parts_of(load_variants(subject.model.folder).names) if step.spec.get("learning_curve") else ()
    inputs = {"rows": Path(split.test_inputs)}
    (folder, why), (again, _) = await together(
        bench.predict(f"{SET}/{step.id}", subject.model, inputs, (*names, *parts), step.resources, beside),
        bench.predict(f"{SET}/{step.id}.repeat", subject.model, inputs, names[:1], step.resources, beside),
    )
    lost = f"predict failed: {why}" if folder is None else ""
    if folder is not None:
        lost = load_predictions(prediction_file(folder, DELIVERED), split.test_rows).why
    if folder is None or lost:
        book.add(data.metric, None, bench.run.plan, step.id, subject=DELIVERED, text=lost)
        return
    files = {f"p_{name}": prediction_file(folder, name) for name in (*names, *parts)}
    files |= {"labels": Path(split.labels), f"p_{CONSTANT}": write_constant(split, data, bench.run.measured / "host")}
    files |= group_files(split) | detail_files(split, data)
    scorers = scorers_of(data, split, step, bench.seed)
    scorers += learning_scorers(parts, data, split.train_rows, scorers[0].params)
    scorers, naive = against_naive(scorers, split, data, bench.run.measured / "host", bench.seed)
    files |= naive
    if again is not None:
        files["again"] = prediction_file(again, DELIVERED)
        scorers.append(Scorer(name="prediction_repeat", inputs={"predictions": f"p_{DELIVERED}", "again": "again"}))
    scores = await bench.score("scores", scorers, files)
    book.add_scores(scores, bench.run.measured / "scores" / "scores.json", step.id)
    if THRESHOLD in names:
        both = files[f"p_{DELIVERED}"], files[f"p_{THRESHOLD}"]
        book_threshold(book, subject.model.folder, *both, split.test_rows, step.id)


def run_models(plan: Plan, step: Step, skills: Mapping[str, Skill]) -> dict[str, ModelFiles]:
    """The models of earlier runs, with the skills that made them."""
    if plan.evaluated is None or step.skill_name != SKILL:
        return {}
    found = {}
    for name, model in plan.evaluated.models.items():
        if model.kind == "run":
            skill = skills[model.skill]
            code = Code(name=skill.name, folder=skill.folder, trust=skill.trust)
            found[name] = ModelFiles(skill=code, folder=Path(model.path))
    return found


def judged(code: Code, plan: Plan) -> Code:
    """The skill as the boxes trust it: opening a user's pickle runs the user's code."""
    theirs = plan.evaluated is not None and any(model.is_code for model in plan.evaluated.models.values())
    return code.model_copy(update={"trust": "user"}) if theirs and code.trust == "builtin" else code


def variants_of(step: Step) -> tuple[str, ...]:
    """What the model predicts with: itself, and what the plan wants fitted or compared."""
    asked = {
        OTHER: step.spec.get("other"),
        RECALIBRATED: step.spec.get("recalibrate"),
        THRESHOLD: step.spec.get("operating_point"),
        SETS: step.spec.get("sets"),
    }
    return (DELIVERED, *(name for name, wanted in asked.items() if wanted))


def scorers_of(data: DataStrategy, split: SplitRecord, step: Step, seed: int) -> list[Scorer]:
    """Metrics of the models and the constant guess, paired differences, and how the fitted decisions do."""
    names, regression = variants_of(step), data.task == "regression"
    shared: dict[str, JsonValue] = {"seed": seed} | ({"target": data.target} if regression else {})
    if step.spec.get("positive") is not None and not regression:
        shared["positive"] = step.spec["positive"]
    models = [name for name in names if name in (DELIVERED, OTHER, RECALIBRATED)]
    scorers = [
        _of(subject, "regression" if regression else "classification", shared) for subject in (*models, CONSTANT)
    ]
    rivals = [(data.metric, CONSTANT)]
    rivals += [(data.metric, OTHER)] if OTHER in names else []
    rivals += [("log_loss", RECALIBRATED)] if RECALIBRATED in names else []
    scorers += [_pair(other, metric, shared) for metric, other in rivals]
    scorers += group_scorers(data, DELIVERED, shared)
    promised = step.spec.get("coverage", COVERAGE)
    scorers += detail_scorers(data, split, (*(m for m in models if m == OTHER), CONSTANT), shared, nominal=promised)
    nominal: dict[str, JsonValue] = {**shared, "nominal": promised}
    if regression:
        return [*scorers, *(_of(subject, "coverage", nominal) for subject in (DELIVERED, CONSTANT))]
    scorers += [_of(subject, "calibration_error", shared) for subject in models[1:]]
    scorers += [_of(THRESHOLD, "operating_point", shared)] if THRESHOLD in names else []
    return [*scorers, _of(SETS, "set_coverage", nominal)] if SETS in names else scorers


def _of(subject: str, scorer: str, shared: dict[str, JsonValue]) -> Scorer:
    inputs = {"predictions": f"p_{subject}", "labels": "labels"}
    return Scorer(name=scorer, inputs=inputs, params={**shared, "subject": subject})


def _pair(other: str, metric: str, shared: dict[str, JsonValue]) -> Scorer:
    inputs = {"predictions": f"p_{DELIVERED}", "other": f"p_{other}", "labels": "labels"}
    told: dict[str, JsonValue] = {"metric": metric, "subject": f"{DELIVERED} vs {other}", "other": other}
    return Scorer(name="paired_difference", inputs=inputs, params={**shared, **told})


def _met(
    book: EvidenceBook, split: SplitRecord, data: DataStrategy, evaluated: Evaluated, source: Path, step: str
) -> None:
    """Evidence `leak.KIND` for each model, and `leaks`: how many are over their limit, without a value where nobody
    knows what a model was trained on.
    """
    found: list[tuple[ModelFile, LeakFinding]] = []
    for model in evaluated.models.values():
        leaks = _overlap(split, data, evaluated, model)
        if leaks is None:
            text = f"how {model.name} was trained was not seen, so whether it has met these rows is not known"
            book.add("leaks", None, source, step, subject="split", text=text)
            return
        found += [(model, leak) for leak in leaks]
    for model, leak in found:
        told = f"{leak.kind} of rows that {model.name} was trained on: {leak.value:.3g}, allowed {leak.threshold:.3g}"
        book.add(
            f"leak.{leak.kind}", leak.value, source, step, n=leak.rows, subject="split", bound=leak.threshold,
            text=told, columns=leak.columns,
        )  # fmt: skip
    over = [f"{model.name}: {leak.remedy}" for model, leak in found if leak.leaks]
    rows = found[0][1].rows if found else 0
    clear = f"none of {rows} sealed rows is a copy, exact or near, of a row that the model was trained on"
    told = "; ".join(over) or f"{clear} ({_told_by(evaluated)})"
    book.add("leaks", float(len(over)), source, step, n=rows, subject="split", text=told)


def _overlap(
    split: SplitRecord, data: DataStrategy, evaluated: Evaluated, model: ModelFile
) -> tuple[LeakFinding, ...] | None:
    """None where nobody knows what the model was trained on."""
    if data.arrays is not None:
        return find_array_leaks(split, data) if evaluated.own_rows and evaluated.other is None else None
    if model.trained_rows and Path(model.trained_rows).is_file():
        return find_overlap(pd.read_parquet(model.trained_rows), split, data, f"the training rows of {model.name}")
    if model.kind != "run" and evaluated.trained_on:
        return find_overlap(read_table(Path(evaluated.trained_on)).frame, split, data, evaluated.trained_on)
    return None


def _told_by(evaluated: Evaluated) -> str:
    if evaluated.trained_on:
        return f"which the request says are those of {Path(evaluated.trained_on).name}"
    return "as its run kept them"
