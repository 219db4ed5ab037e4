"""A scoring job in the making: which files go into the box that holds no model, and which scorers read them."""

from __future__ import annotations

from pathlib import Path

from pydantic import JsonValue

from orchestrator.measure.bench import Bench, Score, Scorer
from orchestrator.measure.edge import DELIVERED, Variants, prediction_file
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.points import Probes
from orchestrator.measure.subjects import Question, Subject

TRUTHS = ("relative_l2", "max_error", "truth_error", "reference_error")  # evidence that may rest on a reference
DATA_ONLY = "data_only"
PROBES, LABELS = "probes", "labels"


class Sheet:
    """Files by name and scorers in order, for one problem and one set of points."""

    def __init__(self, bench: Bench, probes: Probes, question: Question) -> None:
        self.bench = bench
        self.question = question
        self.files: dict[str, Path] = {PROBES: probes.probes_file}
        self.scorers: list[Scorer] = []
        self.truth: dict[str, str] = {}
        if question.labels is not None:
            self.files[LABELS] = question.labels

    def truth_of(self, reference: Subject | None) -> None:
        """Errors are measured against this reference where the problem has no closed form; None: there is none."""
        self.truth = {} if reference is None else {"reference": self._file(reference, DELIVERED)}

    def errors(self, subject: Subject, variant: str, name: str) -> None:
        """The error of one model under the name that evidence gives it."""
        inputs = {"predictions": self._file(subject, variant)} | self.truth
        self._add("field_error", inputs, subject=name, seed=self.bench.seed)

    def physics(self, subject: Subject, variant: str, name: str, *, main: bool = False) -> None:
        """Equations, conditions, laws, held-out observations; of the `main` one also the map of the residual."""
        inputs = {"predictions": self._file(subject, variant)}
        self._add("physics", inputs, subject=name, map=main)
        if name != DATA_ONLY:
            self._add("laws", inputs, subject=name, tolerance=self.question.tolerance)
        if LABELS in self.files:
            labelled, noise = inputs | {"labels": LABELS}, self.question.noise
            self._add("observations_chi2", labelled, subject=name, noise=noise, seed=self.bench.seed)
        if self.question.unknown and main:
            self._add("coefficients", inputs, subject=name)

    def reference(self, reference: Subject, found: Variants) -> None:
        """The reference's own error. Without its coarser grid, as of a stranger's, only a closed form can tell it."""
        own = {"reference": self._file(reference, DELIVERED)}
        half = {"half": self._file(reference, "half")} if "half" in found.names else {}
        self._add("truth_error", own | half, subject="truth")
        self._add("reference_error", own | half, subject="reference")

    def features(self, network: Subject) -> None:
        """The range of what enters the network."""
        features = self.bench.run.measured / "raw" / network.step.id / "features.npz"
        if features.is_file():
            self.files["features"] = features
            self.scorers.append(
                Scorer(name="scaled_range", inputs={"features": "features"}, params={"subject": DELIVERED})
            )

    def repeats(self, subject: Subject, again: Variants) -> None:
        """Were the generators seeded, and do two fresh boxes predict the same?"""
        raw = self.bench.run.measured / "raw"
        self.files["environment"] = self.bench.run.out(subject.step.id) / "environment.json"
        drawn: dict[str, JsonValue] = {"seed": self.bench.seed}
        self.scorers.append(Scorer(name="seed_fingerprint", inputs={"environment": "environment"}, params=drawn))
        if again.names:
            self.files["first"] = raw / subject.step.id / "predictions.npz"
            self.files["again"] = raw / f"{subject.step.id}.repeat" / "predictions.npz"
            both = {"predictions": "first", "again": "again"}
            self.scorers.append(Scorer(name="prediction_repeat", inputs=both))

    async def score(self, book: EvidenceBook, subject: Subject, doubt: str) -> None:
        """Score and book. `doubt` is why a reference is no truth: it is told wherever a truth was missing."""
        scores = await self.bench.score("scores", self.scorers, self.files)
        told = [_doubted(score, doubt) for score in scores]
        book.add_scores(told, self.bench.run.measured / "scores" / "scores.json", subject.step.id)

    def _add(self, name: str, inputs: dict[str, str], **params: JsonValue) -> None:
        told: dict[str, JsonValue] = {"problem": self.question.problem, **params}
        self.scorers.append(Scorer(name=name, inputs=inputs | {PROBES: PROBES}, params=told))

    def _file(self, subject: Subject, variant: str) -> str:
        """Names a model's predictions at all points, by its step."""
        name = f"p-{subject.step.id}-{variant}"
        self.files[name] = prediction_file(self.bench.run.measured / "probes" / subject.step.id, variant)
        return name


def _doubted(score: Score, doubt: str) -> Score:
    if not doubt or score.value is not None or score.name not in TRUTHS:
        return score
    return score.model_copy(update={"text": f"{score.text}; {doubt}"})
