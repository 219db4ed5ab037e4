"""What ran where: the record that makes a job's numbers traceable."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import distributions
from typing import Any

from skills.runtime.devices import CPU, card


def record(seed: int, threads: int, fingerprint: dict[str, str], device: str) -> dict[str, Any]:
    """Python, packages, platform, threads, seeds, leased device. No clock, so that equal runs write equal records."""
    torch: Any = sys.modules.get("torch")
    packages = {found.metadata["Name"]: found.version for found in distributions() if found.metadata["Name"]}
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "packages": dict(sorted(packages.items(), key=lambda item: item[0].lower())),
        "threads": {
            "requested": threads,
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", ""),
            "torch": torch.get_num_threads() if torch is not None else None,
        },
        "seed": seed,
        "seed_fingerprint": fingerprint,
        "hash_seed": os.environ.get("PYTHONHASHSEED", ""),
        "device": device,
        **({"gpu": card()} if device != CPU else {}),
    }
