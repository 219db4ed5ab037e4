"""Sentences on a forecast past the end of a series."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.evidence import Evidence


def forecast_claims(target: str, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """Where all of it lies, then each step of a short one."""
    for entry in evidence:
        if entry.name == "forecast.rows" and entry.value is not None:
            yield f"Rows of {target!r} forecast past the end of the file, all values known: {entry.file}", entry
        elif entry.name == "forecast":
            between = f" ({entry.text})" if entry.text else ""
            yield f"Forecast of {target!r} for {entry.subject}{between}", entry
