"""Random seeds, set once per job, and a fingerprint by which a second process can tell that they were."""

from __future__ import annotations

import hashlib
import os
import random
import sys
from typing import Any

import numpy as np

DRAWS = 16


def seed_everything(seed: int) -> None:
    """Seed Python's `random`, numpy's global generator and, where it is loaded, torch."""
    random.seed(seed)
    np.random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)


def settle_torch() -> None:
    """Fix torch's thread count, its algorithms and, on a GPU, the precision of float32, where torch is loaded.

    TensorFloat-32 would leave ten bits of a product's factors; cuDNN takes it unless told otherwise.
    """
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    torch.use_deterministic_algorithms(True)
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False


def fingerprint(seed: int) -> dict[str, str]:
    """SHA-256 of the first draws of every generator after seeding; the generators are then seeded again.

    Python's and numpy's legacy streams are frozen by their makers, so any machine draws the same.
    """
    seed_everything(seed)
    drawn = {
        "python": repr([random.random() for _ in range(DRAWS)]),  # noqa: S311 (no secret, a stream to compare)
        "numpy": repr(np.random.random_sample(DRAWS).tolist()),
    }
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        drawn["torch"] = repr(torch.rand(DRAWS, dtype=torch.float64).tolist())
    seed_everything(seed)
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in drawn.items()}
