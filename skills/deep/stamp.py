"""To which work a checkpoint belongs: the spec, the seed and the bytes of the training rows."""

from __future__ import annotations

import hashlib
from pathlib import Path

from skills.deep.spec import Spec


def stamp_of(train: Path, spec: Spec, seed: int) -> str:
    digest = hashlib.sha256(train.read_bytes())
    digest.update(spec.model_dump_json(exclude={"checkpoint_s"}).encode())
    digest.update(str(seed).encode())
    return digest.hexdigest()
