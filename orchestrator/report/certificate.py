"""certificate.json: what was measured on a field, number by number, each with the evidence that it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pydantic import JsonValue

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.outcome import Artifact
from orchestrator.core.plan import Plan
from orchestrator.core.values import sha256_file
from orchestrator.journal.rundir import RunDirectory, write_json

Entry = dict[str, JsonValue]
MAIN = {"network": "delivered", "solution": "reference"}  # whose numbers a certificate is about
DATASET = ("dataset_error", "dataset_difference", "dataset_bar", "dataset_lost", "dataset_strays")
EDGES = ("initial_error", "boundary_error", "maximum_principle")
LAW, POSTERIOR, COEFFICIENT = "law.", "posterior.", "coefficient."
COMPARED = ("identified", "agreement", "implied")
# The check that rules on a violation, and so holds what is allowed.
RULES = {
    "residual": "physics.residual",
    "initial_error": "physics.initial",
    "boundary_error": "physics.boundary",
    "maximum_principle": "physics.maximum_principle",
    "relative_l2": "evaluation.metric",
    "reference_error": "simulate.convergence",
    "dataset_error": "simulate.convergence",
    "dataset_difference": "evaluation.metric",
}


def write_certificate(
    run: RunDirectory, plan: Plan | None, status: str, evidence: Sequence[Evidence], verdicts: Sequence[Verdict]
) -> tuple[Artifact, ...]:
    """Beside the answer, for every run that measured a field; the numbers are those of its evidence and no others.

    Returns the file as an artifact of the run, of no step; nothing where none was written.
    """
    if plan is None or plan.problem is None or not evidence:
        return ()
    write_json(run.certificate, certificate(run.run_id, plan, status, evidence, verdicts))
    path = run.certificate
    sha256, size = sha256_file(path), path.stat().st_size
    return (Artifact(path=run.relative(path), kind="report", step="", sha256=sha256, bytes=size),)


def certificate(
    run_id: str, plan: Plan, status: str, evidence: Sequence[Evidence], verdicts: Sequence[Verdict]
) -> Entry:
    """Error beside the truth's own, residual, violations with their bounds, coefficients, opponents, seeds.

    What could not be measured has the value null and says why.
    """
    book = _Book(evidence, verdicts)
    main = next((name for name in MAIN.values() if book.of(name)), MAIN["network"])
    problem = plan.problem or {}
    return {
        "run_id": run_id,
        "status": status,
        "problem": problem.get("name", "problem"),
        "equations": problem.get("equations", []),
        "measured": main,
        "error": book.entries(("relative_l2", "max_error"), main),
        "truth": book.entries(("truth_error",), "truth"),
        "reference": book.entries(("reference_error", "residual"), "reference"),
        "residual": book.entries(("residual",), main),
        "violations": [*book.entries(EDGES, main), *book.beginning(LAW, main)],
        "coefficients": book.coefficients(main),
        "observations": book.entries(("observations_chi2",), main),
        "dataset": book.entries(DATASET, "dataset"),
        "baselines": [*book.entries(("relative_l2", "residual"), "data_only"),
                      *book.entries(("relative_l2", "residual"), "classical")],
        "checks": [{"id": one.id, "verdict": one.verdict, "evidence": list(one.evidence)} for one in verdicts],
        "seeds": list[JsonValue](sorted({entry.seed for entry in evidence})),
        "environment": list[JsonValue](sorted({entry.environment for entry in evidence})),
        "measuring_code": list[JsonValue](sorted({entry.code_sha256 for entry in evidence})),
    }  # fmt: skip


class _Book:
    """Looks evidence up, newest first, and says what the checks allow."""

    def __init__(self, evidence: Sequence[Evidence], verdicts: Sequence[Verdict]) -> None:
        self.evidence = evidence
        self.allowed = {verdict.id: verdict.threshold for verdict in verdicts}

    def of(self, subject: str) -> list[Evidence]:
        return [entry for entry in self.evidence if entry.subject == subject]

    def entries(self, names: Iterable[str], subject: str) -> list[JsonValue]:
        held = {entry.name: entry for entry in self.of(subject)}
        return [self.entry(held[name]) for name in names if name in held]

    def beginning(self, prefix: str, subject: str) -> list[JsonValue]:
        held = {entry.name: entry for entry in self.of(subject) if entry.name.startswith(prefix)}
        return [self.entry(entry) for entry in held.values()]

    def coefficients(self, main: str) -> list[JsonValue]:
        """Each unknown: what was claimed, what the field implies, what the classical fit finds, how far apart."""
        names = dict.fromkeys(
            entry.name.removeprefix(POSTERIOR) for entry in self.evidence if entry.name.startswith(POSTERIOR)
        )
        return [
            {
                "name": name,
                "found": self.entries((f"{POSTERIOR}{name}",), main),
                "implied_by_the_field": self.entries((f"{COEFFICIENT}{name}",), main),
                "classical_fit": self.entries((f"{POSTERIOR}{name}",), "reference"),
                "compared": self.entries([f"{kind}.{name}" for kind in COMPARED], main),
            }
            for name in names
        ]

    def entry(self, entry: Evidence) -> Entry:
        """One number as it was measured; `allowed` is the bound of the law or of the check that ruled on it."""
        bound = entry.bound if entry.bound is not None else self.allowed.get(RULES.get(entry.name, ""))
        ruled = entry.subject in (*MAIN.values(), "dataset")
        return {
            "name": entry.name,
            "subject": entry.subject,
            "value": entry.value,
            "unit": entry.unit,
            "interval": list(entry.interval) if entry.interval else None,
            "allowed": bound if ruled else None,
            "points": entry.n,
            "text": entry.text,
            "evidence": entry.id,
        }
