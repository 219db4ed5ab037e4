"""Measures a table's run: every candidate on the sealed rows, once; leaks; scaling; what training recorded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from orchestrator.boxes.job import ModelFiles
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import DataStrategy, Step
from orchestrator.data.split import SplitRecord
from orchestrator.gates.table import OPPONENTS
from orchestrator.measure.bench import Bench, Score, Scorer, together
from orchestrator.measure.choice import claimed_error, record_choice
from orchestrator.measure.constant import CONSTANT, COVERAGE, write_constant
from orchestrator.measure.details import detail_files, detail_scorers
from orchestrator.measure.edge import (
    DELIVERED,
    Variants,
    load_arrays,
    load_predictions,
    load_variants,
    prediction_file,
)
from orchestrator.measure.evidence import UNVOUCHED, EvidenceBook
from orchestrator.measure.forecast import against_naive
from orchestrator.measure.groups import group_files, group_scorers
from orchestrator.measure.leaks import book_leaks
from orchestrator.measure.learning import learning_scorers, parts_of
from orchestrator.measure.record import record_hyperparameters, record_training

SET = "test"
Z = 1.959964  # standard errors in half an interval of 95 %


async def measure_table(
    bench: Bench, book: EvidenceBook, step: Step, outcome: Outcome, model: ModelFiles, data: DataStrategy,
    split: SplitRecord, rivals: ModelFiles | None = None,
) -> None:  # fmt: skip
    """Fill the book for one training step on a table.

    `rivals` is the model of another step, whose variants are then the opponents in the place of the step's own.
    """
    book_leaks(book, split, data, bench.run.split, step.id)
    vouched = model.skill.trust == "builtin"
    opponents = () if rivals else tuple(sorted(OPPONENTS))
    listed = load_variants(model.folder, opponents) if vouched else Variants(why=UNVOUCHED)
    listed = listed if rivals is None else Variants(names=listed.names[:1])
    names = tuple(name for name in listed.names if name != CONSTANT)  # that name is the host's
    inputs = {"rows": Path(split.test_inputs)}
    (folder, why), (again, _) = await together(
        bench.predict(f"{SET}/{step.id}", model, inputs, names, step.resources),
        bench.predict(f"{SET}/{step.id}.repeat", model, inputs, names[:1], step.resources),
    )
    lost = _unusable(folder, names, split.test_rows) if folder is not None else {DELIVERED: f"predict failed: {why}"}
    if folder is None or DELIVERED in lost:
        book.add(data.metric, None, bench.run.plan, step.id, subject=DELIVERED, text=lost[DELIVERED])
        return
    kept = tuple(name for name in names if name not in lost)
    files = {f"p_{name}": prediction_file(folder, name) for name in kept}
    if rivals is not None:
        others, lost = await _opponents(bench, step, rivals, inputs, split.test_rows)
        kept, files = (*kept, *others), files | {f"p_{name}": path for name, path in others.items()}
    host = bench.run.measured / SET / "host"
    files[f"p_{CONSTANT}"] = write_constant(split, data, host)
    files["labels"] = Path(split.labels)
    files |= group_files(split) | detail_files(split, data)
    parts = parts_of(kept)
    scorers = _scorers(data, split, tuple(name for name in kept if name not in parts), bench.seed)
    scorers += learning_scorers(parts, data, split.train_rows, scorers[0].params)
    scorers, naive = against_naive(scorers, split, data, host, bench.seed)
    files |= naive
    if again is not None and not _unusable(again, (DELIVERED,), split.test_rows):
        files["again"] = prediction_file(again, DELIVERED)
        both = {"predictions": f"p_{DELIVERED}", "again": "again"}
        scorers.append(Scorer(name="prediction_repeat", inputs=both, params={}))
    if vouched:
        files |= {"features": folder / "features.npz", "environment": bench.run.out(step.id) / "environment.json"}
        scorers += _scorers_of_written(bench.seed)
    scores = await bench.score("scores", scorers, files)
    book.add_scores(scores, bench.run.measured / "scores" / "scores.json", step.id)
    _optimism(bench, book, outcome, scores, data)
    _recorded(bench, book, step, vouched=vouched)
    _absent(book, {name: lost.get(name) or listed.why for name in sorted(OPPONENTS - set(kept))}, folder, step.id)


async def _opponents(
    bench: Bench, step: Step, rivals: ModelFiles, inputs: dict[str, Path], rows: int
) -> tuple[dict[str, Path], dict[str, str]]:
    """The variants of another step's model that can be used, and of the needed ones that cannot, why."""
    if rivals.skill.trust != "builtin":
        return {}, dict.fromkeys(OPPONENTS, UNVOUCHED)
    listed = load_variants(rivals.folder, tuple(sorted(OPPONENTS)))
    names = tuple(name for name in listed.names if name not in (DELIVERED, CONSTANT))
    folder, why = (None, listed.why or "the other step brings no candidate")
    if names:
        folder, why = await bench.predict(f"{SET}/{step.id}.rivals", rivals, inputs, names, step.resources)
    if folder is None:
        return {}, dict.fromkeys(OPPONENTS, why)
    files = {name: prediction_file(folder, name, names[0]) for name in names}
    lost = _useless(files, rows)
    return {name: path for name, path in files.items() if name not in lost}, lost


def _absent(book: EvidenceBook, opponents: Mapping[str, str], source: Path, step: str) -> None:
    """Opponents that the gates need and that cannot count: booked without a value, and why."""
    for name, why in opponents.items():
        book.add("paired_difference", None, source, step, subject=f"{DELIVERED} vs {name}", text=why)


def _unusable(folder: Path, names: tuple[str, ...], rows: int) -> dict[str, str]:
    """Variants whose predictions are no numbers for so many rows, and why; that each row is there, the scorers ask."""
    return _useless({name: prediction_file(folder, name) for name in names}, rows)


def _useless(files: Mapping[str, Path], rows: int) -> dict[str, str]:
    lost = {}
    for name, path in files.items():
        ids = load_arrays(path, ("row_ids",))
        if why := load_predictions(path, rows).why or ids.why:
            lost[name] = why
        elif ids.held["row_ids"].dtype.kind not in "iu" or ids.held["row_ids"].ndim != 1:
            lost[name] = f"{path.name} cannot be used: its row_ids are no list of whole numbers"
    return lost


def _scorers(data: DataStrategy, split: SplitRecord, variants: tuple[str, ...], seed: int) -> list[Scorer]:
    """Every candidate's metrics, the delivered one against the host's constant guess and the skill's candidates."""
    kind = "regression" if data.task == "regression" else "classification"
    shared: dict[str, JsonValue] = {"seed": seed} | ({"target": data.target} if kind == "regression" else {})
    scorers = [
        Scorer(name=kind, inputs={"predictions": f"p_{v}", "labels": "labels"}, params={**shared, "subject": v})
        for v in (*variants, CONSTANT)
    ]
    scorers += [
        Scorer(
            name="paired_difference",
            inputs={"predictions": f"p_{DELIVERED}", "other": f"p_{other}", "labels": "labels"},
            params={**shared, "metric": data.metric, "subject": f"{DELIVERED} vs {other}", "other": other},
        )
        for other in (CONSTANT, *variants[1:])
    ]
    if data.task == "regression":
        scorers += [
            Scorer(
                name="coverage",
                inputs={"predictions": f"p_{subject}", "labels": "labels"},
                params={**shared, "subject": subject, "nominal": COVERAGE},
            )
            for subject in (DELIVERED, CONSTANT)
        ]
    details = detail_scorers(data, split, (*variants[1:], CONSTANT), shared)
    return scorers + group_scorers(data, DELIVERED, shared) + details


def _scorers_of_written(seed: int) -> list[Scorer]:
    """Scorers of what our own skill wrote about itself: its features on the test rows, its first random draws."""
    return [
        Scorer(name="scaling", inputs={"features": "features"}, params={"subject": DELIVERED}),
        Scorer(name="seed_fingerprint", inputs={"environment": "environment"}, params={"seed": seed}),
    ]


def _recorded(bench: Bench, book: EvidenceBook, step: Step, *, vouched: bool) -> None:
    """What the skill wrote about its training; of a skill that is not ours it has no value."""
    out = bench.run.out(step.id)
    if vouched:
        record_training(book, out, step.id)
        record_choice(book, out, step.id)
        record_hyperparameters(book, out, step.spec, step.id)
        return
    told = [("feature_mean", DELIVERED), ("feature_deviation_high", DELIVERED), ("seed_fingerprint", "")]
    told += [(name, "") for name in ("training.stopped", "training.loss_ratio", "hyperparameters.differences")]
    for name, subject in told:
        book.add(name, None, out, step.id, subject=subject, text=UNVOUCHED)


def _optimism(
    bench: Bench, book: EvidenceBook, outcome: Outcome, scores: tuple[Score, ...], data: DataStrategy
) -> None:
    """Evidence `cv_gap`: by how much the trainer's claimed score is better (below 0: worse) than the measured one.

    Its interval is made of both numbers' own (Zou & Donner 2008, doi:10.1002/sim.3095), as far as the claim has one.
    """
    source, step = bench.run.measured / "scores" / "scores.json", outcome.step
    claimed = next((claim.value for claim in outcome.claims if claim.name == f"cv_{data.metric}"), None)
    found = next((s for s in scores if s.name == data.metric and s.subject == DELIVERED), None)
    if claimed is not None and not math.isfinite(claimed):
        book.add("cv_gap", None, source, step, text=f"the claim cv_{data.metric} is no finite number")
        return
    if claimed is None or found is None or found.value is None or found.low is None or found.high is None:
        book.add("cv_gap", None, source, step, text=f"no claim cv_{data.metric}, or no measured {data.metric}")
        return
    sign = 1.0 if bench.higher_is_better(data.metric) else -1.0
    ends = sorted((sign * (claimed - found.low), sign * (claimed - found.high)))
    gap, own = sign * (claimed - found.value), Z * claimed_error(book, bench.run.out(step), step)
    ends = [gap - math.hypot(gap - ends[0], own), gap + math.hypot(ends[1] - gap, own)]
    told = f"cross-validated {data.metric} {claimed:.4g}, measured {found.value:.4g}"
    book.add("cv_gap", gap, source, step, n=found.n, interval=(ends[0], ends[1]), text=told)
