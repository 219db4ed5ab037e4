"""`mlexpert agents` and `mlexpert skills`: what can be asked, and what is wrong with a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pydantic import JsonValue

from orchestrator.cli.options import Place
from orchestrator.cli.output import only_results
from orchestrator.config import catalogue
from orchestrator.config.catalogue import Listing, Row
from orchestrator.config.findings import FileReport
from orchestrator.config.registry import load_configuration
from orchestrator.config.skills import load_skills
from orchestrator.core.errors import BadConfig

INVALID = BadConfig.exit_code


def agents(place: Place) -> int:
    """List the peers, whom each may delegate to and with which skills."""
    found = load_configuration(place.config)
    return _list(place, "agents", catalogue.list_agents(found.agents))


def skills(place: Place) -> int:
    """List the skills."""
    return _list(place, "skills", catalogue.list_skills(load_skills()))


def validate_agents(place: Place, paths: tuple[Path, ...]) -> int:
    """Check the named agent files, or every one in reach. Exit 42 where one does not load."""
    reports = catalogue.validate_agents(paths) if paths else load_configuration(place.config).agents.files
    return _validate(place, reports)


def validate_skills(place: Place, paths: tuple[Path, ...]) -> int:
    """Check the named skill folders, or every one in reach. Exit 42 where one does not load."""
    reports = catalogue.validate_skills(paths) if paths else load_skills().files
    return _validate(place, reports)


def _list(place: Place, what: str, listing: Listing) -> int:
    rows: list[JsonValue] = [row.model_dump(mode="json") for row in listing.rows]
    broken: list[JsonValue] = [report.model_dump(mode="json") for report in listing.broken]
    wide = max((len(row.name) for row in listing.rows), default=0)
    lines = [line for row in listing.rows for line in _row(row, wide)]
    lines += [f"not loaded: {report.path}: {_first(report)}" for report in listing.broken]
    with only_results(place.format) as output:
        output.value({what: rows, "broken": broken}, "\n".join(lines or [f"no {what} in reach"]) + "\n")
    return 0


def _row(row: Row, wide: int) -> Iterable[str]:
    yield f"{row.name:<{wide}}  {_shortened(row.description)}"
    facts = [
        f"uses {', '.join(row.uses)}" if row.uses and not row.trust else "",
        f"asks {', '.join(row.delegates)}" if row.delegates else "",
        f"model {row.model}" if row.model else "",
        "instructions only" if row.trust and not row.uses else "",
        f"{row.origin}{f', trust {row.trust}' if row.trust else ''}",
        f"hides {', '.join(row.shadows)}" if row.shadows else "",
        f"{row.findings} finding{'s' if row.findings > 1 else ''}" if row.findings else "",
    ]
    yield f"{'':<{wide}}  {'; '.join(fact for fact in facts if fact)}"


def _shortened(text: str, limit: int = 100) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def _validate(place: Place, reports: tuple[FileReport, ...]) -> int:
    lines: list[str] = []
    for report in reports:
        lines.append(f"{report.path}: {'loads' if report.loaded else 'DOES NOT LOAD'} as {report.name!r}")
        lines += [f"  line {finding.line}: {finding.level}: {finding.message}" for finding in report.findings]
    with only_results(place.format) as output:
        output.value(catalogue.as_json(reports), "\n".join(lines or ["nothing to check"]) + "\n")
    return 0 if all(report.loaded for report in reports) else INVALID


def _first(report: FileReport) -> str:
    errors = [finding.message for finding in report.findings if finding.level == "error"]
    return errors[0] if errors else "see mlexpert agents validate"
