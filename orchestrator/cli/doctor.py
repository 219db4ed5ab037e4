"""`mlexpert doctor`: what works on this machine, and how to mend what does not."""

from __future__ import annotations

import asyncio
from dataclasses import asdict

from pydantic import JsonValue

from orchestrator.cli.options import Place
from orchestrator.cli.output import only_results
from orchestrator.cli.probes import Finding, examine

MARKS = {"ok": "ok     ", "limited": "limited", "missing": "MISSING"}


def doctor(place: Place) -> int:
    """Print every finding. Exit 1 where something without which no run can start is missing, else 0."""
    findings = asyncio.run(examine(place))
    able = not any(finding.vital and finding.state == "missing" for finding in findings)
    plain: list[JsonValue] = [dict(asdict(finding)) for finding in findings]
    with only_results(place.format) as output:
        output.value({"able": able, "findings": plain}, _text(findings, able))
    return 0 if able else 1


def _text(findings: tuple[Finding, ...], able: bool) -> str:
    wide = max(len(finding.name) for finding in findings)
    lines = []
    for finding in findings:
        margin = " " * (wide + 11)
        lines.append(f"{MARKS[finding.state]}  {finding.name:<{wide}}  {_inside(finding.found, margin)}")
        if finding.mend and finding.state != "ok":
            lines.append(f"{margin}-> {_inside(finding.mend, margin)}")
    lines.append("")
    lines.append("Requests can be run here." if able else "Nothing can be run here until what is MISSING is mended.")
    return "\n".join(lines) + "\n"


def _inside(text: str, margin: str) -> str:
    return text.replace("\n", f"\n{margin}")
