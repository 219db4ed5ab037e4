"""Measures a trained field, or a reference solution, on inputs that the judge chose after the work was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from orchestrator.boxes.job import ModelFiles
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Step
from orchestrator.core.values import Value
from orchestrator.measure.bench import Bench, Score, Scorer, prediction_file, together
from orchestrator.measure.edge import DELIVERED, Variants, load_variants
from orchestrator.measure.evidence import UNVOUCHED, EvidenceBook
from orchestrator.measure.points import GRID, Floats, draw_points, part, write_points
from orchestrator.measure.record import record_hyperparameters, record_training

Problem = dict[str, JsonValue]
BASELINE = ("data_only",)  # what the gates compare a network with
HALF = ("half",)  # the coarser grid that shows how far a reference is from its limit
COARSE = "coarse"
TRUTHS = ("relative_l2", "max_error", "truth_error", "reference_error")  # evidence that may rest on a reference


class Subject(Value):
    """A finished step whose model is measured."""

    step: Step
    outcome: Outcome
    model: ModelFiles


async def measure_network(
    bench: Bench, book: EvidenceBook, network: Subject, reference: Subject | None, problem: Problem
) -> None:
    """Error against the truth, physics on the grid, repeatability, and what the training recorded."""
    drawn = _draw(bench, problem)
    own, again, other = await together(
        _predict(bench, network, drawn, BASELINE),
        _repeat(bench, network, drawn),
        _predict(bench, reference, drawn, HALF),
    )
    step = network.step.id
    record_training(book, bench.run.out(step), step)
    if not own.names:
        why = f"the model cannot predict: {own.why}"
        book.add("relative_l2", None, drawn.file, step, subject=DELIVERED, text=why)
        return
    _absent(book, own, BASELINE, drawn.file, step)
    sheet = _Sheet()
    believed = reference is not None and bool(other.names) and _vouched(reference)
    _network_scorers(sheet, bench, network, own, problem, with_reference=believed)
    _repeat_scorers(sheet, bench, network, again)
    if reference is not None and other.names:
        _absent(book, other, (COARSE,), drawn.file, reference.step.id)
        _reference_scorers(sheet, bench, reference, other, problem)
    elif reference is not None:
        why = f"the reference cannot predict: {other.why}"
        book.add("reference_error", None, drawn.file, reference.step.id, subject="reference", text=why)
    await _score(bench, book, sheet, network, other.why)


async def measure_reference(bench: Bench, book: EvidenceBook, last: Subject, problem: Problem) -> None:
    """A reference solution against the exact one where there is one, and against its own next coarser grid."""
    drawn = _draw(bench, problem)
    own, again = await together(_predict(bench, last, drawn, HALF), _repeat(bench, last, drawn))
    if not own.names:
        why = f"it cannot predict: {own.why}"
        book.add("reference_error", None, drawn.file, last.step.id, subject="reference", text=why)
        return
    _absent(book, own, (COARSE,), drawn.file, last.step.id)
    sheet = _Sheet()
    _reference_scorers(sheet, bench, last, own, problem)
    inputs = {"predictions": "grid-reference-delivered"}
    sheet.add("physics", inputs, problem=problem, grid=list(GRID), subject="reference")
    _repeat_scorers(sheet, bench, last, again)
    await _score(bench, book, sheet, last, own.why)


@dataclass(frozen=True)
class _Drawn:
    points: Floats
    file: Path


@dataclass
class _Sheet:
    """A scoring job in the making: its files by name, and its scorers in order."""

    files: dict[str, Path] = field(default_factory=dict)
    scorers: list[Scorer] = field(default_factory=list)

    def add(self, name: str, inputs: dict[str, str], **params: JsonValue) -> None:
        self.scorers.append(Scorer(name=name, inputs=inputs, params=params))


def _draw(bench: Bench, problem: Problem) -> _Drawn:
    points = draw_points(problem, bench.draw_seed("points"))
    return _Drawn(points, write_points(points, bench.run.measured / "points.npz"))


def _vouched(subject: Subject) -> bool:
    """Whether the skill is ours. Another's may supply neither the truth nor the opponents that its model is to beat."""
    return subject.model.skill.trust == "builtin"


async def _predict(bench: Bench, subject: Subject | None, drawn: _Drawn, required: tuple[str, ...]) -> Variants:
    """Predict at the judge's points in a fresh box; what can be used of it. No names where there is nothing to use."""
    if subject is None:
        return Variants(names=())
    listed = load_variants(subject.model.folder, required) if _vouched(subject) else Variants(why=UNVOUCHED)
    label, resources = f"raw/{subject.step.id}", subject.step.resources
    folder, why = await bench.predict(label, subject.model, {"points": drawn.file}, listed.names, resources)
    if folder is None:
        return Variants(names=(), why=why)
    lost = part(folder, bench.run.measured, listed.names, drawn.points)
    if DELIVERED in lost:
        return Variants(names=(), why=lost[DELIVERED])
    kept = tuple(name for name in listed.names if name not in lost)
    return Variants(kept, "; ".join(filter(None, (listed.why, *lost.values()))))


async def _repeat(bench: Bench, subject: Subject, drawn: _Drawn) -> Variants:
    """The delivered variant once more, in another fresh box."""
    label, resources = f"raw/{subject.step.id}.repeat", subject.step.resources
    folder, why = await bench.predict(label, subject.model, {"points": drawn.file}, (DELIVERED,), resources)
    return Variants(names=(), why=why) if folder is None else Variants()


def _absent(book: EvidenceBook, found: Variants, wanted: tuple[str, ...], source: Path, step: str) -> None:
    """Opponents that cannot count are booked without a value, and why; where nothing is wrong, nothing is said."""
    for variant in wanted:
        if variant not in found.names and found.why:
            for name in ("relative_l2", "residual"):
                book.add(name, None, source, step, subject=variant, text=found.why)


async def _score(bench: Bench, book: EvidenceBook, sheet: _Sheet, subject: Subject, doubt: str) -> None:
    """Score and book. `doubt` is why a reference is no truth: it is told wherever a truth was missing."""
    scores = await bench.score("scores", sheet.scorers, sheet.files)
    step = subject.step
    told = [_doubted(score, doubt) for score in scores]
    book.add_scores(told, bench.run.measured / "scores" / "scores.json", step.id)
    record_hyperparameters(book, bench.run.out(step.id), step.spec, step.id)


def _doubted(score: Score, doubt: str) -> Score:
    if not doubt or score.value is not None or score.name not in TRUTHS:
        return score
    return score.model_copy(update={"text": f"{score.text}; {doubt}"})


def _repeat_scorers(sheet: _Sheet, bench: Bench, subject: Subject, again: Variants) -> None:
    """Were the generators seeded, and do two fresh boxes predict the same?"""
    raw = bench.run.measured / "raw"
    sheet.files["environment"] = bench.run.out(subject.step.id) / "environment.json"
    sheet.add("seed_fingerprint", {"environment": "environment"}, seed=bench.seed)
    if again.names:
        sheet.files["first"] = raw / subject.step.id / "predictions.npz"
        sheet.files["again"] = raw / f"{subject.step.id}.repeat" / "predictions.npz"
        sheet.add("prediction_repeat", {"predictions": "first", "again": "again"})


def _network_scorers(
    sheet: _Sheet, bench: Bench, network: Subject, found: Variants, problem: Problem, *, with_reference: bool
) -> None:
    """Errors and physics of every variant, and the range of what enters the network."""
    truth = {"reference": "points-reference-delivered"} if with_reference else {}
    for variant in found.names:
        sheet.files |= _files(bench, network, "network", variant)
        inputs = {"predictions": f"points-network-{variant}"} | truth
        sheet.add("field_error", inputs, problem=problem, subject=variant, seed=bench.seed)
        grid = {"predictions": f"grid-network-{variant}"}
        sheet.add("physics", grid, problem=problem, grid=list(GRID), subject=variant)
    features = bench.run.measured / "raw" / network.step.id / "features.npz"
    if features.is_file():
        sheet.files["features"] = features
        sheet.add("scaled_range", {"features": "features"}, subject=DELIVERED)


def _reference_scorers(sheet: _Sheet, bench: Bench, reference: Subject, found: Variants, problem: Problem) -> None:
    """The reference's own error, and the cheap classical solver as a baseline.

    Without its coarser grid, as for a skill that nobody vouched for, only the exact solution can tell the error.
    """
    for variant in found.names:
        sheet.files |= _files(bench, reference, "reference", variant)
    own = {"reference": "points-reference-delivered"}
    half = {"half": "points-reference-half"} if "half" in found.names else {}
    sheet.add("truth_error", own | half, problem=problem, subject="truth")
    sheet.add("reference_error", own | half, problem=problem, subject="reference")
    if COARSE in found.names:
        inputs = {"predictions": "points-reference-coarse"} | own
        sheet.add("field_error", inputs, problem=problem, subject=COARSE, seed=bench.seed)


def _files(bench: Bench, subject: Subject, role: str, variant: str) -> dict[str, Path]:
    return {
        f"{kind}-{role}-{variant}": prediction_file(bench.run.measured / kind / subject.step.id, variant)
        for kind in ("grid", "points")
    }
