"""What the answer of a deployment claims: each sentence quotes one measured number."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan

TOLD = {
    "served_alone": "Largest difference between a sample alone and in a batch, over the largest output",
    "throughput": "Requests a second under load",
    "batch_ms": "Time of one request with a batch",
    "memory_mb": "Most memory that the service held",
    "cold_start_s": "From its start until it was ready",
    "image_mb": "Size of the image",
    "service_refusals": "Bad requests that were not refused by name",
}
LATENCIES = {
    "latency_p50_ms": "Time of one request, the median",
    "latency_p95_ms": "Time that 95 of 100 requests keep to",
    "latency_p99_ms": "Time that 99 of 100 requests keep to",
}


def service_claims(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """How the service differs from its model, how fast it is, what it takes."""
    for entry in evidence:
        if entry.name == "served_difference":
            yield f"{entry.text[:1].upper()}{entry.text[1:]}, over the largest output", entry
        elif entry.name in LATENCIES:
            yield f"{LATENCIES[entry.name]}, of {entry.text}", entry
        elif entry.name in TOLD:
            yield TOLD[entry.name], entry
