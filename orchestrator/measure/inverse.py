"""Unknown coefficients: what training claims, what the delivered field implies, and what the classical fit finds."""

from __future__ import annotations

import math
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.measure.bench import Bench
from orchestrator.measure.edge import DELIVERED, load_json
from orchestrator.measure.evidence import UNVOUCHED, EvidenceBook
from orchestrator.measure.subjects import Question, Subject

QUANTILE = 1.959964  # of the standard normal, two-sided 95 %
FIT = "reference"  # the subject's name of what the classical fit finds


class Posterior(BaseModel):
    """`posterior.json` of a step: a Gaussian over the unknown coefficients."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    names: tuple[str, ...] = Field(min_length=1)
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    def of(self, name: str) -> tuple[float, float] | None:
        """(mean, standard deviation) of a coefficient; None where it has none."""
        if name not in self.names:
            return None
        place = self.names.index(name)
        if place >= min(len(self.mean), len(self.covariance)) or place >= len(self.covariance[place]):
            return None
        variance = self.covariance[place][place]
        return (self.mean[place], math.sqrt(variance)) if variance > 0 else None


def read_posterior(path: Path) -> Posterior | str:
    """A step's posterior, or why it cannot be used."""
    read = load_json(path)
    if read.why:
        return read.why
    try:
        return Posterior.model_validate(read.value)
    except ValidationError as error:
        return f"{path.name} cannot be used: {error.error_count()} values are missing or of the wrong kind"


def measure_coefficients(
    bench: Bench, book: EvidenceBook, network: Subject, reference: Subject | None, question: Question
) -> None:
    """For every unknown: `posterior.NAME` of both, `identified.NAME`, `agreement.NAME` and `implied.NAME`.

    `identified`: width of the 95 % interval over that of the prior range, above 1 where the mean lies outside of it.
    `agreement`: distance of training and classical fit over their combined standard deviation. `implied`: distance of
    the training's claim from what its own field implies, over the deviations of both. A difference below the accuracy
    asked for, relative to the coefficient, counts as one more deviation: without noise there would be none.
    """
    for name, (low, high) in question.unknown.items():
        unit = _unit(question, name)
        own = _posterior(bench, book, network, name, DELIVERED, unit)
        fit = _posterior(bench, book, reference, name, FIT, unit) if reference is not None else None
        file, step = bench.run.out(network.step.id) / "posterior.json", network.step.id
        if own is None:
            for kind in ("identified", "agreement", "implied"):
                book.add(f"{kind}.{name}", None, file, step, subject=DELIVERED, text="there is no usable posterior")
            continue
        beyond = max(low - own[0], own[0] - high, 0.0)
        width = max(2 * QUANTILE * own[1] / (high - low), 1 + beyond / (high - low) if beyond else 0.0)
        text = f"95 % interval over the range {low:g} to {high:g}" + ("; the mean lies outside it" if beyond else "")
        book.add(f"identified.{name}", width, file, step, subject=DELIVERED, text=text)
        least = question.tolerance * abs(own[0])
        _distance(book, f"agreement.{name}", own, fit, least, file, step, "the classical fit")
        field = _implied(book, name)
        _distance(book, f"implied.{name}", own, field, least, file, step, "what the delivered field implies")


def _posterior(
    bench: Bench, book: EvidenceBook, subject: Subject, name: str, told: str, unit: str
) -> tuple[float, float] | None:
    """(mean, deviation) as the step's own box wrote it; nothing where the skill is not ours."""
    path, step = bench.run.out(subject.step.id) / "posterior.json", subject.step.id
    found = read_posterior(path) if subject.vouched else UNVOUCHED
    held = None if isinstance(found, str) else found.of(name)
    if held is None:
        why = found if isinstance(found, str) else f"{path.name} holds no deviation of {name}"
        book.add(f"posterior.{name}", None, path, step, unit=unit, subject=told, text=why)
        return None
    mean, deviation = held
    interval = (mean - QUANTILE * deviation, mean + QUANTILE * deviation)
    text = f"standard deviation {deviation:.3g}"
    book.add(f"posterior.{name}", mean, path, step, unit=unit, interval=interval, subject=told, text=text)
    return held


def _implied(book: EvidenceBook, name: str) -> tuple[float, float] | None:
    """(value, deviation) that the scorers found in the delivered field."""
    hits = [e for e in book.entries if e.name == f"coefficient.{name}" and e.subject == DELIVERED]
    if not hits or hits[-1].value is None or hits[-1].interval is None:
        return None
    low, high = hits[-1].interval
    return hits[-1].value, (high - low) / 2 / QUANTILE


def _distance(
    book: EvidenceBook, name: str, own: tuple[float, float], other: tuple[float, float] | None, least: float,
    file: Path, step: str, what: str,
) -> None:  # fmt: skip
    if other is None:
        book.add(name, None, file, step, subject=DELIVERED, text=f"there is no usable value of {what}")
        return
    apart = abs(own[0] - other[0]) / math.hypot(own[1], other[1], least)
    text = f"{own[0]:.6g} ± {own[1]:.2g} against {other[0]:.6g} ± {other[1]:.2g}, {what}"
    book.add(name, apart, file, step, subject=DELIVERED, text=text)


def _unit(question: Question, name: str) -> str:
    units = question.problem.get("units")
    return str(units.get(name, "")) if isinstance(units, dict) else ""
