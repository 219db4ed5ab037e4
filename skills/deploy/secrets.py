"""Looks for secrets in what a service would carry: clear patterns, in text and in the bytes of models."""

from __future__ import annotations

import re
from pathlib import Path

from skills.runtime.job import UserMistake

PATTERNS: dict[str, re.Pattern[bytes]] = {
    "a private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an AWS access key": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": re.compile(rb"\bgh[pousr]_[A-Za-z0-9]{36,}\b|\bgithub_pat_[A-Za-z0-9_]{40,}"),
    "an API key": re.compile(rb"\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{32,}"),
    "a Slack token": re.compile(rb"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a password": re.compile(
        rb"""(?i)\b(?:password|passwd|secret|api_?key|access_?token|auth_?token)\b["']?\s*[=:]\s*["'][^"'\s]{8,}["']"""
    ),
    "a URL with a password": re.compile(rb"\b[a-z][a-z0-9+]{2,12}://[^\s/:@]{1,64}:[^\s/:@]{3,64}@"),
}


def found_secrets(folder: Path) -> list[str]:
    """One line for each file and kind; the secret itself is not repeated."""
    lines = []
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        held = path.read_bytes()
        lines += [f"{path.relative_to(folder)} holds {what}" for what, form in PATTERNS.items() if form.search(held)]
    return lines


def refuse_secrets(folder: Path) -> None:
    """Raises: UserMistake naming the files."""
    if lines := found_secrets(folder):
        raise UserMistake(
            f"nothing that looks like a secret may go into a service: {'; '.join(lines[:5])}",
            "take it out of the file, and give it to the service as a variable of its environment",
        )
