"""What every value shares: frozen, unknown fields refused."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, JsonValue


class Value(BaseModel):
    """A frozen record. Functions return new ones; nothing changes one."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)


def canonical_json(value: JsonValue) -> str:
    """The one spelling of a JSON value that hashes are taken of (sorted keys, no blanks)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes, read in blocks of 1 MiB."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sha256_tree(root: Path, *, suffixes: tuple[str, ...] = (".py", ".md", ".json", ".toml")) -> str:
    """One hash for the source files under `root` (names and bytes), caches left out."""
    lines = [
        f"{path.relative_to(root).as_posix()} {sha256_file(path)}"
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix in suffixes and "__pycache__" not in path.parts
    ]
    return sha256_text("\n".join(lines))
