"""What lies in a service's image beside its packages: how many files, of which some may be secrets or test data."""

from __future__ import annotations

import re
from pathlib import Path

from orchestrator.core.values import Value, sha256_file

# The same kinds as the skill looks for. The host looks for itself: a skill's word is a claim.
SECRETS: dict[str, re.Pattern[bytes]] = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an access key": re.compile(
        rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bxox[abprs]-[\w-]{10,}"
    ),
    "an API key": re.compile(rb"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
}
TABLES = re.compile(r"\.(?:csv|tsv|parquet|xlsx|jsonl|feather)$", re.IGNORECASE)


class Contents(Value):
    """Files by count; the names of those that hold a secret, and of those that hold data."""

    files: int
    secrets: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


def look_into(folder: Path, sealed: frozenset[str]) -> Contents:
    """`folder` holds N and N.name for every file; `sealed` are hashes of test data and labels."""
    secrets, data = [], []
    names = sorted(folder.glob("*.name"))
    for note in names:
        path, name = note.with_suffix(""), note.read_text()
        held = path.read_bytes()
        secrets += [f"{name} holds {what}" for what, form in SECRETS.items() if form.search(held)]
        if TABLES.search(name) or sha256_file(path) in sealed:
            data.append(name)
    return Contents(files=len(names), secrets=tuple(secrets), data=tuple(data))
