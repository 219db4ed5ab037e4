"""Measures a trained field, or a reference solution, on inputs that the judge drew after the work was done."""

from __future__ import annotations

from pathlib import Path

from orchestrator.measure.bench import Bench, together
from orchestrator.measure.edge import DELIVERED, Variants
from orchestrator.measure.evidence import UNVOUCHED, EvidenceBook
from orchestrator.measure.inverse import measure_coefficients
from orchestrator.measure.record import record_hyperparameters, record_training
from orchestrator.measure.sheet import Sheet
from orchestrator.measure.subjects import Question, Subject, ask, ask_again

BASELINE = ("data_only",)  # what the gates compare a network with
HALF = ("half",)  # the coarser grid that shows how far a reference is from its limit
CLASSICAL, REFERENCE = "classical", "reference"


async def measure_network(
    bench: Bench,
    book: EvidenceBook,
    network: Subject,
    reference: Subject | None,
    classical: Subject | None,
    question: Question,
) -> None:
    """Error against the truth, physics at the judge's points, opponents, repeatability, what the training recorded."""
    probes = await bench.draw(question.problem, question.held_out)
    own, again, other, cheap = await together(
        ask(bench, network, probes, BASELINE),
        ask_again(bench, network, probes),
        ask(bench, reference, probes, HALF),
        ask(bench, classical, probes, ()),
    )
    step, file = network.step.id, probes.points_file
    record_training(book, bench.run.out(step), step)
    if not own.names:
        book.add("relative_l2", None, file, step, subject=DELIVERED, text=f"the model cannot predict: {own.why}")
        return
    _absent(book, own, BASELINE, file, step)
    sheet = Sheet(bench, probes, question)
    sheet.truth_of(reference if reference is not None and other.names and reference.vouched else None)
    for variant in own.names:
        sheet.errors(network, variant, variant)
        sheet.physics(network, variant, variant, main=variant == DELIVERED)
    sheet.features(network)
    sheet.repeats(network, again)
    if reference is not None and other.names:
        sheet.reference(reference, other)
        sheet.physics(reference, DELIVERED, REFERENCE)
    elif reference is not None:
        why = f"the reference cannot predict: {other.why}"
        book.add("reference_error", None, file, reference.step.id, subject=REFERENCE, text=why)
    _opponent(book, sheet, classical, cheap, file)
    await sheet.score(book, network, other.why)
    record_hyperparameters(book, bench.run.out(step), network.step.spec, step)
    if question.unknown:
        measure_coefficients(bench, book, network, reference, question)


async def measure_reference(bench: Bench, book: EvidenceBook, last: Subject, question: Question) -> None:
    """A reference solution against the exact one where there is one, and against its own next coarser grid."""
    probes = await bench.draw(question.problem, question.held_out)
    own, again = await together(ask(bench, last, probes, HALF), ask_again(bench, last, probes))
    step = last.step.id
    if not own.names:
        why = f"it cannot predict: {own.why}"
        book.add("reference_error", None, probes.points_file, step, subject=REFERENCE, text=why)
        return
    sheet = Sheet(bench, probes, question)
    sheet.reference(last, own)
    sheet.physics(last, DELIVERED, REFERENCE, main=True)
    sheet.repeats(last, again)
    await sheet.score(book, last, own.why)
    record_hyperparameters(book, bench.run.out(step), last.step.spec, step)


def _opponent(book: EvidenceBook, sheet: Sheet, classical: Subject | None, found: Variants, file: Path) -> None:
    """The classical solver at equal cost: measured like the network, or booked with the reason why it cannot count."""
    if classical is None:
        return
    why = "" if classical.vouched else UNVOUCHED
    if why or not found.names:
        told = f"the classical solver does not count: {why or found.why}"
        book.add("relative_l2", None, file, classical.step.id, subject=CLASSICAL, text=told)
        return
    sheet.errors(classical, DELIVERED, CLASSICAL)
    sheet.physics(classical, DELIVERED, CLASSICAL)


def _absent(book: EvidenceBook, found: Variants, wanted: tuple[str, ...], source: Path, step: str) -> None:
    """Opponents that cannot count are booked without a value, and why; where nothing is wrong, nothing is said."""
    for variant in wanted:
        if variant not in found.names and found.why:
            for name in ("relative_l2", "residual"):
                book.add(name, None, source, step, subject=variant, text=found.why)
