"""Scores and host-side findings become evidence: numbered, hashed, written down."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import JsonValue

from orchestrator.core.evidence import Evidence
from orchestrator.core.values import sha256_file
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import RunDirectory, write_text
from orchestrator.measure.bench import Score

UNVOUCHED = "the skill that made this is not built in: nobody vouched for it"
# Evidence that is read from files which the worker's own box wrote: a claim, unless the worker's code is ours.
SELF_MADE: frozenset[str] = frozenset(
    {"training.stopped", "training.loss_ratio", "hyperparameters.differences", "seed_fingerprint", "scaled_range"}
    | {"choice.score", "choice.gain", "training.class_weights"}
    | {"dataset_error", "dataset_lost", "dataset_strays", "search.setting_differences"}
    | {"feature_mean", "feature_deviation_low", "feature_deviation_high", "feature_range"}
)


class EvidenceBook:
    """Collects the evidence of a run; ids count up from e1 in the order of measuring.

    Of steps in `unvouched` nothing is believed that their own box wrote: it is booked without a value.
    """

    def __init__(
        self, run: RunDirectory, code_sha256: str, environment: str, seed: int, unvouched: frozenset[str] = frozenset()
    ) -> None:
        self.run = run
        self.code_sha256 = code_sha256
        self.environment = environment
        self.seed = seed
        self.unvouched = unvouched
        self.entries: tuple[Evidence, ...] = ()

    def add_scores(self, scores: Iterable[Score], source: Path, step: str) -> None:
        for score in scores:
            interval = (score.low, score.high) if score.low is not None and score.high is not None else None
            self.add(
                score.name, score.value, source, step, unit=score.unit, interval=interval, n=score.n,
                subject=score.subject, bound=score.bound, text=score.text,
            )  # fmt: skip

    def add(
        self, name: str, value: float | None, source: Path, step: str, *, unit: str = "",
        interval: tuple[float, float] | None = None, n: int = 0, subject: str = "",
        bound: float | None = None, text: str = "", columns: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        """Record one number that was read from or measured into the file `source`."""
        if name in SELF_MADE and step in self.unvouched:
            value, interval, text = None, None, UNVOUCHED
        file = self.run.relative(source) if source.is_relative_to(self.run.path) else source.name
        entry = Evidence(
            id=f"e{len(self.entries) + 1}", name=name, value=value, unit=unit, interval=interval, n=n, subject=subject,
            bound=bound, text=text, columns=columns, file=file,
            sha256=sha256_file(source) if source.is_file() else "", code_sha256=self.code_sha256,
            environment=self.environment, seed=self.seed, step=step,
        )  # fmt: skip
        self.entries = (*self.entries, entry)

    def write(self, journal: Journal) -> tuple[Evidence, ...]:
        write_text(self.run.evidence, "".join(entry.model_dump_json() + "\n" for entry in self.entries))
        for entry in self.entries:
            interval: JsonValue = list(entry.interval) if entry.interval else None
            journal.tell(
                "evidence.measured", entry.step, id=entry.id, name=entry.name, value=entry.value, unit=entry.unit,
                interval=interval, subject=entry.subject,
            )  # fmt: skip
        return self.entries
